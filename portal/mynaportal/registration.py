"""Mynaportal's row in the register: an administrative body, article 17(1) item 1, which needs no certification.

It asks in this process, so its key never signs anything: it is made for the row and thrown away at once. Nobody can
come over the API in its name.
"""

import base64
import uuid
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.urls import reverse

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from whitelist import access, credentials
from whitelist.models import Credential, PurposeOfUse, RegisteredApplication, RelyingParty

LIFE = timedelta(days=5 * 365)
USES = (
    (Purpose.USER_AUTHENTICATION, "マイナポータルへのサインイン", "To sign in to Mynaportal"),
    (Purpose.SIGNATURE, "行政手続の電子申請への電子署名", "To sign applications to public bodies"),
)


def register(realm: Realm) -> RelyingParty:
    """Put Mynaportal into the realm's register, or what is missing of it. Safe to repeat.

    What is there stays as it is, also where somebody has suspended it since.
    """
    relying_party, _ = RelyingParty.objects.get_or_create(
        client_id=settings.MYNAPORTAL_CLIENT_ID,
        defaults={
            "realm": realm,
            "name_ja": "マイナポータル",
            "name_en": "Mynaportal",
            "basis": RelyingParty.Basis.ITEM_1,
            "website": f"{settings.PUBLIC_URL}{reverse('mynaportal:home')}",
            "state": RelyingParty.State.REGISTERED,
        },
    )
    RegisteredApplication.objects.get_or_create(
        relying_party=relying_party,
        kind=RegisteredApplication.Kind.BROWSER,
        origin=settings.PUBLIC_URL,
        defaults={"callback_urls": [return_url()]},
    )
    for purpose, ja, en in USES:
        PurposeOfUse.objects.get_or_create(
            relying_party=relying_party, purpose=purpose, defaults={"text_ja": ja, "text_en": en}
        )
    if credential(relying_party.realm) is None:
        now = clock.now(relying_party.realm)
        credentials.add(
            relying_party,
            key_id=f"in-process-{uuid.uuid4()}",
            public_jwk=_passing_key(),
            not_before=now - timedelta(minutes=1),
            not_after=now + LIFE,
        )
    return relying_party


def credential(realm: Realm) -> Credential | None:
    """Return what Mynaportal asks with in a realm, or None where it isn't registered."""
    rows = Credential.objects.filter(
        relying_party__realm=realm, relying_party__client_id=settings.MYNAPORTAL_CLIENT_ID
    ).select_related("relying_party__realm")
    now = clock.now(realm)
    return next((row for row in rows.order_by("-pk") if access.window(row).holds(now)), None)


def return_url() -> str:
    """Return the one address to which a citizen comes back."""
    return settings.PUBLIC_URL + reverse("mynaportal:return")


def _passing_key() -> dict[str, Any]:
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(each.to_bytes(32, "big")).rstrip(b"=").decode() for each in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
