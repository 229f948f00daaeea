"""The signed register: all entries of a realm in one JWS (RFC 7515), signed with the journal's key.

A `ca` worker signs it, when an entry has changed and at intervals; it is kept in a row and served from there. The key's
algorithm is RSASSA-PKCS1-v1_5 with SHA-256, so it is RS256. The same key signs the journal's seals, whose texts begin
with `JPKI`, and never with the `ey` of a header.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from django.db import IntegrityError, transaction

from ca import clock, journal, seals
from ca.models import JournalSeal, Realm
from whitelist import access
from whitelist.credentials import keys
from whitelist.models import RegisterRecord, RegisterStatement, RelyingParty
from whitelist.published import contents, records

ALGORITHM = "RS256"
TYPE = "jpki-register+jws"
KEPT = 20  # of a realm


@dataclass(frozen=True)
class Signed:
    """The newest signed register, and how it stands to the clock and to the register itself."""

    row: RegisterStatement
    # Its time is over: the worker that signs has not come for long.
    stale: bool
    # The register has changed since; the next one is on its way.
    behind: bool

    @property
    def flattened(self) -> dict[str, str]:
        """Return the JWS in the flattened JSON serialization (RFC 7515 7.2.2)."""
        protected, payload, signature = self.row.jws.split(".")
        return {"protected": protected, "payload": payload, "signature": signature}


def sign(realm: Realm) -> RegisterStatement | None:
    """Sign the realm's register where it has changed or is due; else None. Safe to repeat. Needs the CA's keys."""
    records.catch_up(realm)
    sequence = _newest_record(realm)
    body = _body(realm)
    if not body["entries"] and not body["not_in_force"]:
        return None  # a realm without a register
    digest, now = contents.digest(contents.canonical(body)), clock.machine()
    newest = RegisterStatement.objects.filter(realm=realm).order_by("-number").first()
    # Under a new key what stands in it is said anew at once.
    changed = newest is None or newest.digest != digest or _is_of_another_key(newest)
    if newest is not None and not changed and now < newest.issued_at + _seconds(settings.REGISTER_SIGN_SECONDS):
        return None
    number = newest.number + 1 if newest else 1
    if changed:
        seals.seal(realm)  # so that what is new in it can be proved at once
    next_update = now + _seconds(settings.REGISTER_VALIDITY_SECONDS)
    jws, public_key = sealed(realm, TYPE, {**_head(realm, number, now, next_update), **body})
    key_id = jwk(public_key)["kid"]
    try:
        with transaction.atomic():
            row = RegisterStatement.objects.create(
                realm=realm,
                number=number,
                issued_at=now,
                next_update=next_update,
                sequence=sequence,
                digest=digest,
                jws=jws,
                public_key=public_key,
                key_id=key_id,
            )
            if changed:
                # One that only comes again says nothing new.
                journal.record(realm, "register.signed", str(number), jws_sha256=contents.digest(jws), key_id=key_id)
            RegisterStatement.objects.filter(realm=realm, number__lte=number - KEPT).delete()
    except IntegrityError:
        return None  # another worker was first
    return row


def sealed(realm: Realm, kind: str, payload: dict[str, Any]) -> tuple[str, bytes]:
    """Return a JWS (compact) of that type over a statement of the realm's, and the key (SubjectPublicKeyInfo, DER).

    The journal's key signs it; `jwks` publishes that key once it has signed a seal or a register. Needs the CA's keys.
    """
    signer = seals.signer(realm)
    header = {"alg": ALGORITHM, "kid": jwk(signer.public_key)["kid"], "typ": kind}
    signing = f"{_base64url(contents.canonical(header).encode())}.{_base64url(contents.canonical(payload).encode())}"
    return f"{signing}.{_base64url(signer.sign(signing.encode()))}", bytes(signer.public_key)


def newest(realm: Realm) -> Signed | None:
    """Return the newest signed register of a realm, and whether it is out of date; None before the first."""
    row = RegisterStatement.objects.filter(realm=realm).order_by("-number").first()
    if row is None:
        return None
    return Signed(row, stale=clock.machine() >= row.next_update, behind=_newest_record(realm) > row.sequence)


def jwks(realm: Realm) -> dict[str, Any]:
    """Return the realm's public keys (RFC 7517 5): those that signed what is served, registers and seals."""
    rows = [
        *RegisterStatement.objects.filter(realm=realm).order_by("-number").values_list("public_key", flat=True),
        *JournalSeal.objects.filter(realm=realm).order_by().values_list("public_key", flat=True).distinct(),
    ]
    return {"keys": list({bytes(one): jwk(bytes(one)) for one in rows}.values())}


def jwk(public_key: bytes) -> dict[str, Any]:
    """Return the JWK of the journal's key (SubjectPublicKeyInfo, DER), with the fingerprint that operators know."""
    loaded = load_der_public_key(public_key)
    if not isinstance(loaded, rsa.RSAPublicKey):
        raise TypeError("the journal's keys are RSA")
    key = keys.of(loaded)
    mark = seals.fingerprint(public_key)
    return {**key.jwk, "use": "sig", "alg": ALGORITHM, "kid": key.thumbprint, "spki_sha256": mark}


def _is_of_another_key(row: RegisterStatement) -> bool:
    announced = seals.newest_key(row.realm)
    return announced is not None and announced.fingerprint != seals.fingerprint(bytes(row.public_key))


def _newest_record(realm: Realm) -> int:
    rows = RegisterRecord.objects.filter(relying_party__realm=realm).order_by("-sequence")
    return rows.values_list("sequence", flat=True).first() or 0


def _body(realm: Realm) -> dict[str, Any]:
    """Return the entries that are in force, and the names of those that are not (any more), from what was noted."""
    newest = {one.relying_party_id: one for one in RegisterRecord.objects.filter(relying_party__realm=realm)}
    now, entries, others = clock.now(realm), [], []
    states = RelyingParty.objects.filter(pk__in=newest).order_by("client_id")
    for pk, client_id, state, valid_until in states.values_list("pk", "client_id", "state", "valid_until"):
        record = newest[pk]
        over = access.is_over(valid_until, now)
        if state == RelyingParty.State.REGISTERED and not over:
            entries.append(json.loads(record.content))
        else:
            said = RelyingParty.State.EXPIRED if over and state == RelyingParty.State.REGISTERED else state
            others.append({"client_id": client_id, "state": str(said), "since": record.at.isoformat()})
    return {"entries": entries, "not_in_force": others}


def _head(realm: Realm, number: int, now: datetime, next_update: datetime) -> dict[str, Any]:
    seal = JournalSeal.objects.filter(realm=realm).exclude(root="").order_by("-sequence").first()
    return {
        "iss": f"{settings.PUBLIC_URL}/register/",
        "realm": realm.slug,
        "number": number,
        "iat": int(now.timestamp()),
        "exp": int(next_update.timestamp()),
        "next_update": int(next_update.timestamp()),
        # By it the days of entries and certifications are counted; in a sandbox it may be set.
        "realm_time": clock.now(realm).isoformat(),
        "journal": {"sequence": seal.sequence, "root": seal.root} if seal else None,
    }


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _seconds(setting: float) -> timedelta:
    return timedelta(seconds=setting)
