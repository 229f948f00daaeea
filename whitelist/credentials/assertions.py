"""What must hold of a client assertion (RFC 7523 3), as a list that is looked at one by one.

Whoever exchanges an assertion is told the first that fails; whoever has one looked at is told all. Nothing is changed
here: a `jti` that is only looked at is not used up.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt
from jwt.api_jws import PyJWS

from ca import clock
from whitelist import access, texts
from whitelist.errors import AssertionInvalid, AssertionReplayed, ClientUnknown, WhitelistError
from whitelist.models import Credential, UsedAssertion

LIFE = timedelta(minutes=5)
# How far the two clocks may stand apart.
LEEWAY = timedelta(seconds=30)
MAXIMUM_LENGTH = 8192
ALGORITHM = "ES256"


class Check(StrEnum):
    """One thing that must hold, in the order of looking."""

    FORM = "form"
    NAMES = "names"  # kid and iss are there
    CLIENT = "client"
    KEY = "key"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    SUBJECT = "subject"
    AUDIENCE = "audience"
    EXPIRY = "expiry"
    ISSUED = "issued"  # iat and nbf, where they are
    KEY_GOOD = "key_good"
    ID = "id"  # jti
    UNUSED = "unused"


@dataclass(frozen=True)
class Finding:
    """What was found: `failure` is None where it holds; `looked_at` is false where something before makes it moot."""

    check: Check
    failure: WhitelistError | None = None
    looked_at: bool = True

    @property
    def holds(self) -> bool:
        """Return whether it was looked at, and holds."""
        return self.looked_at and self.failure is None


@dataclass
class Examination:
    """An assertion taken apart. Nothing of it is believed before `require`."""

    findings: list[Finding] = field(default_factory=list)
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    credential: Credential | None = None
    expires_at: datetime | None = None

    def require(self) -> tuple[Credential, str, datetime]:
        """Return the credential, the jti and when the assertion expires; raise what the first failure is."""
        for finding in self.findings:
            if finding.failure is not None:
                raise finding.failure
        if self.credential is None or self.expires_at is None:
            raise AssertionInvalid("the assertion was not looked at")
        return self.credential, self.claims["jti"], self.expires_at


def examine(assertion: str, *, audience: str, only: frozenset[str] | None = None) -> Examination:
    """Look at an assertion that should be made for `audience`; every check of `Check` is among the findings, in order.

    `only`: the client ids that whoever looks may ask about; any other is unknown.
    """
    found = Examination()
    for check in Check:
        failure: WhitelistError | None = None
        moot = any(one.failure for one in found.findings if one.check in _MOOT[check])
        if not moot:
            try:
                _LOOK[check](found, assertion, audience, only)
            except WhitelistError as error:
                failure = error
        found.findings.append(Finding(check, failure, looked_at=not moot))
    return found


def digest(text: str) -> str:
    """Return what is kept of a jti or a token: its SHA-256, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _form(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    if len(assertion) > MAXIMUM_LENGTH:
        raise AssertionInvalid(f"the assertion is longer than {MAXIMUM_LENGTH} characters")
    try:
        found.header = jwt.get_unverified_header(assertion)
        found.claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise AssertionInvalid(f"not a JWT: {error}") from None


def _names(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    if not isinstance(found.header.get("kid"), str) or not isinstance(found.claims.get("iss"), str):
        raise AssertionInvalid("kid in the header and iss in the claims must name the key and the client")


def _client(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    issuer = texts.kept(found.claims["iss"])
    keys = Credential.objects.filter(relying_party__client_id=issuer, kind=Credential.Kind.PRIVATE_KEY_JWT)
    if (only is not None and issuer not in only) or not keys.exists():
        raise ClientUnknown("no client of that name has a key of that kid")


def _key(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    found.credential = (
        Credential.objects.select_related("relying_party__realm")
        .filter(
            relying_party__client_id=texts.kept(found.claims["iss"]),
            key_id=texts.kept(found.header["kid"]),
            kind=Credential.Kind.PRIVATE_KEY_JWT,
        )
        .first()
    )
    if found.credential is None:
        raise ClientUnknown("no client of that name has a key of that kid")


def _algorithm(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    if found.header.get("alg") != ALGORITHM:
        raise AssertionInvalid(f"alg must be {ALGORITHM}")


def _signature(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    if found.credential is None:
        raise ClientUnknown("no client of that name has a key of that kid")
    try:
        key = jwt.PyJWK.from_dict(found.credential.public_jwk, algorithm=ALGORITHM)
        PyJWS().decode_complete(assertion, key=key, algorithms=[ALGORITHM])
    except (jwt.PyJWTError, ValueError) as error:
        raise AssertionInvalid(str(error)) from None


def _subject(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    if found.claims.get("sub") != found.claims["iss"]:
        raise AssertionInvalid("iss and sub must both be the client's id")


def _audience(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    # Exactly one audience, exactly us: an assertion that also names another server may have been taken from there.
    if found.claims.get("aud") not in (audience, [audience]):
        raise AssertionInvalid(f"aud must be {audience} and nothing else")


# A sandbox realm's clock may be set to next year to see certificates expire; the relying party's machine doesn't
# travel along, and a proof of who is calling is about this second. The credential's own time is the realm's.
def _expiry(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    now, expires_at = clock.machine(), _time(found.claims, "exp")
    if now >= expires_at + LEEWAY:
        raise AssertionInvalid("the assertion has expired")
    if expires_at > now + LIFE + LEEWAY:
        raise AssertionInvalid(f"exp is more than {int(LIFE.total_seconds())} seconds ahead")
    found.expires_at = expires_at


def _issued(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    for name in ("iat", "nbf"):
        if name in found.claims and _time(found.claims, name) > clock.machine() + LEEWAY:
            raise AssertionInvalid(f"{name} is in the future")


def _key_good(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    credential = found.credential
    if credential is None or not access.window(credential).holds(clock.now(credential.relying_party.realm)):
        raise ClientUnknown("the key is outside its time, or disabled")


def _id(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    jti = found.claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise AssertionInvalid("jti must be a text that is not empty")


def _unused(found: Examination, assertion: str, audience: str, only: frozenset[str] | None) -> None:
    used = UsedAssertion.objects.filter(jti_digest=digest(found.claims["jti"]))
    if found.credential is not None and used.filter(relying_party=found.credential.relying_party_id).exists():
        raise AssertionReplayed("this jti was used before")


def _time(claims: dict[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AssertionInvalid(f"{name} must be a number of seconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise AssertionInvalid(f"{name} is no time") from None


_LOOK = {
    Check.FORM: _form,
    Check.NAMES: _names,
    Check.CLIENT: _client,
    Check.KEY: _key,
    Check.ALGORITHM: _algorithm,
    Check.SIGNATURE: _signature,
    Check.SUBJECT: _subject,
    Check.AUDIENCE: _audience,
    Check.EXPIRY: _expiry,
    Check.ISSUED: _issued,
    Check.KEY_GOOD: _key_good,
    Check.ID: _id,
    Check.UNUSED: _unused,
}


_NAMED = frozenset({Check.FORM, Check.NAMES})
_KNOWN = _NAMED | {Check.CLIENT, Check.KEY}
_SIGNED = _KNOWN | {Check.ALGORITHM, Check.SIGNATURE}
# What makes a check moot when it failed; without a row, a form that can't be read. Of a key's time and of what it was
# used for nothing is told to who doesn't hold it.
_MOOT: dict[Check, frozenset[Check]] = {check: frozenset({Check.FORM}) for check in Check} | {
    Check.CLIENT: _NAMED,
    Check.KEY: _NAMED | {Check.CLIENT},
    Check.SUBJECT: _NAMED,
    Check.SIGNATURE: _KNOWN | {Check.ALGORITHM},
    Check.KEY_GOOD: _SIGNED,
    Check.UNUSED: _SIGNED | {Check.ID},
}
