"""How a relying party proves who it is: a signed client assertion, exchanged for a short-lived bearer token.

RFC 7523 (private_key_jwt) and RFC 6749 §4.4. A token is bound to the credential, and through it to the relying party
and the realm; a disabled credential ends its tokens at once.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.db import IntegrityError, transaction

from ca import clock
from whitelist import access
from whitelist.errors import AssertionInvalid, AssertionReplayed, ClientUnknown, TokenInvalid
from whitelist.models import AccessToken, Credential, RelyingParty, UsedAssertion

TOKEN_LIFE = timedelta(minutes=5)
ASSERTION_LIFE = timedelta(minutes=5)
# How far the two clocks may stand apart.
LEEWAY = timedelta(seconds=30)
MAXIMUM_LENGTH = 8192
ALGORITHM = "ES256"


@dataclass(frozen=True)
class Token:
    """A bearer token, as its owner gets it once."""

    value: str
    expires_in: int


def exchange(assertion: str, *, audience: str) -> Token:
    """Return a bearer token for a client assertion (a JWT, signed ES256) that was made for `audience`.

    Raise `AssertionInvalid` when it doesn't hold, `ClientUnknown` when its key isn't one of ours or isn't good now, and
    `AssertionReplayed` when it was used before. Whether the relying party may ask anything is not decided here.
    """
    credential = _credential(assertion)
    claims = _verified(assertion, credential, audience)
    # A sandbox realm's clock may be set to next year to see certificates expire; the relying party's machine doesn't
    # travel along, and a proof of who is calling is about this second. The credential's own time is the realm's.
    now = clock.machine()
    expires_at = _check_times(claims, now)
    if not access.window(credential).holds(clock.now(credential.relying_party.realm)):
        raise ClientUnknown("the key is outside its time, or disabled")
    jti = claims["jti"]
    if not isinstance(jti, str) or not jti:
        raise AssertionInvalid("jti must be a text that is not empty")
    value = secrets.token_urlsafe(32)
    with transaction.atomic():
        UsedAssertion.objects.filter(relying_party=credential.relying_party, expires_at__lt=now).delete()
        AccessToken.objects.filter(credential=credential, expires_at__lt=now).delete()
        try:
            with transaction.atomic():
                UsedAssertion.objects.create(
                    relying_party=credential.relying_party, jti_digest=_digest(jti), expires_at=expires_at + LEEWAY
                )
        except IntegrityError:
            raise AssertionReplayed("this jti was used before") from None
        AccessToken.objects.create(credential=credential, digest=_digest(value), expires_at=now + TOKEN_LIFE)
    return Token(value, int(TOKEN_LIFE.total_seconds()))


def authenticate(token: str) -> Credential:
    """Return the credential that `token` was given for, with its relying party and realm; else raise `TokenInvalid`."""
    row = AccessToken.objects.select_related("credential__relying_party__realm").filter(digest=_digest(token)).first()
    if row is None:
        raise TokenInvalid("unknown token")
    credential = row.credential
    if clock.machine() >= row.expires_at:
        raise TokenInvalid("the token has expired")
    if not access.window(credential).holds(clock.now(credential.relying_party.realm)):
        raise TokenInvalid("the token's key is outside its time, or disabled")
    return credential


def add(
    relying_party: RelyingParty, *, key_id: str, public_jwk: dict[str, Any], not_before: datetime, not_after: datetime
) -> Credential:
    """Store a public key (RFC 7517, EC P-256) for `relying_party`; one that is known by `key_id` stays as it is.

    Raise `AssertionInvalid` when the key is another kind, or holds a private part.
    """
    if public_jwk.get("kty") != "EC" or public_jwk.get("crv") != "P-256" or "d" in public_jwk:
        raise AssertionInvalid("the key must be the public part of an EC key on P-256")
    _key(public_jwk)
    credential, _ = Credential.objects.get_or_create(
        relying_party=relying_party,
        key_id=key_id,
        defaults={"public_jwk": public_jwk, "not_before": not_before, "not_after": not_after},
    )
    return credential


def disable(credential: Credential, *, now: datetime) -> None:
    """End `credential` and its tokens at `now`."""
    Credential.objects.filter(pk=credential.pk, disabled_at__isnull=True).update(disabled_at=now)
    AccessToken.objects.filter(credential=credential).delete()


def _credential(assertion: str) -> Credential:
    """Return the credential that the assertion names; nothing is verified yet."""
    if len(assertion) > MAXIMUM_LENGTH:
        raise AssertionInvalid(f"the assertion is longer than {MAXIMUM_LENGTH} characters")
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError) as error:
        raise AssertionInvalid(f"not a JWT: {error}") from None
    key_id, issuer = header.get("kid"), claims.get("iss")
    if not isinstance(key_id, str) or not isinstance(issuer, str):
        raise AssertionInvalid("kid in the header and iss in the claims must name the key and the client")
    credential = (
        Credential.objects.select_related("relying_party__realm")
        .filter(relying_party__client_id=issuer, key_id=key_id, kind=Credential.Kind.PRIVATE_KEY_JWT)
        .first()
    )
    if credential is None:
        raise ClientUnknown("no client of that name has a key of that kid")
    return credential


def _verified(assertion: str, credential: Credential, audience: str) -> dict[str, Any]:
    try:
        claims = jwt.decode(
            assertion,
            key=_key(credential.public_jwk),
            algorithms=[ALGORITHM],
            options={
                "require": ["iss", "sub", "aud", "exp", "jti"],
                # Times are checked below, by the clock that we are given.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
            },
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise AssertionInvalid(str(error)) from None
    if claims["sub"] != claims["iss"] or claims["iss"] != credential.relying_party.client_id:
        raise AssertionInvalid("iss and sub must both be the client's id")
    # Exactly one audience, exactly us: an assertion that also names another server may have been taken from there.
    if claims["aud"] != audience and claims["aud"] != [audience]:
        raise AssertionInvalid(f"aud must be {audience} and nothing else")
    return claims


def _check_times(claims: dict[str, Any], now: datetime) -> datetime:
    """Return when the assertion expires; raise `AssertionInvalid` when it is too old, too new, or lives too long."""
    expires_at = _time(claims, "exp")
    if now >= expires_at + LEEWAY:
        raise AssertionInvalid("the assertion has expired")
    if expires_at > now + ASSERTION_LIFE + LEEWAY:
        raise AssertionInvalid(f"exp is more than {int(ASSERTION_LIFE.total_seconds())} seconds ahead")
    for name in ("iat", "nbf"):
        if name in claims and _time(claims, name) > now + LEEWAY:
            raise AssertionInvalid(f"{name} is in the future")
    return expires_at


def _time(claims: dict[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AssertionInvalid(f"{name} must be a number of seconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise AssertionInvalid(f"{name} is no time") from None


def _key(public_jwk: dict[str, Any]) -> jwt.PyJWK:
    try:
        return jwt.PyJWK.from_dict(public_jwk, algorithm=ALGORITHM)
    except jwt.PyJWTError as error:
        raise AssertionInvalid(f"the key can't be used: {error}") from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
