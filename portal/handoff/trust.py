"""What a verifier needs to trust: the realm's authorities, where status is asked, and which policy is which medium."""

import base64
from typing import Any

from ca import clock, issuance
from ca.models import Generation, Realm
from ca.profiles import PROFILES
from whitelist.errors import RealmUnknown


def trust_list(slug: str) -> dict[str, Any]:
    """Return the trust list of the realm `slug` as plain data; raise `RealmUnknown`.

    A generation whose key others may have is not on it. `time` is the realm's: a sandbox realm's clock may stand
    elsewhere than the reader's.
    """
    realm = Realm.objects.filter(slug=slug).first()
    if realm is None:
        raise RealmUnknown(f"no realm {slug!r}")
    generations = Generation.objects.filter(authority__realm=realm, condemned_at=None).select_related("authority")
    return {
        "realm": realm.slug,
        "time": clock.now(realm).isoformat(),
        "authorities": [
            {
                "purpose": generation.authority.purpose,
                "generation": generation.number,
                "subject_key_identifier": generation.subject_key_identifier,
                "certificate": base64.b64encode(bytes(generation.certificate)).decode(),
            }
            for generation in generations.order_by("authority__purpose", "number")
        ],
        "profiles": [
            {
                "purpose": purpose,
                "medium": medium,
                # By its policy a verifier tells a phone's certificate from a card's.
                "policy": issuance.policy(realm, profile).dotted_string,
                "ocsp": issuance.responder_url(realm, purpose, medium),
            }
            for (purpose, medium), profile in PROFILES.items()
        ],
    }
