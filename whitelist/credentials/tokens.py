"""Short-lived bearer tokens, for a client assertion or a TLS client certificate.

RFC 6749 4.4 with RFC 7523 2.2 (private_key_jwt) or RFC 8705 2 (mutual TLS). A token is bound to the credential, and
through it to the relying party and the realm; a disabled credential ends its tokens at once. One that was given for a
certificate is good over connections with that certificate alone (RFC 8705 3).
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import IntegrityError, transaction

from ca import clock
from whitelist import access, texts
from whitelist.credentials import assertions, keys
from whitelist.errors import AssertionReplayed, ClientUnknown, TokenInvalid
from whitelist.models import AccessToken, Credential, UsedAssertion

TOKEN_LIFE = timedelta(minutes=5)
# "Last used" is as exact as this: not every request writes a row.
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Token:
    """A bearer token, as its owner gets it once."""

    value: str
    expires_in: int
    credential: Credential


def exchange(assertion: str, *, audience: str) -> Token:
    """Return a bearer token for a client assertion (a JWT, signed ES256) that was made for `audience`.

    Raise `AssertionInvalid` when it doesn't hold, `ClientUnknown` when its key isn't one of ours or isn't good now, and
    `AssertionReplayed` when it was used before. Whether the relying party may ask anything is not decided here.
    """
    credential, jti, expires_at = assertions.examine(assertion, audience=audience).require()
    now = clock.machine()
    with transaction.atomic():
        UsedAssertion.objects.filter(relying_party=credential.relying_party, expires_at__lt=now).delete()
        try:
            with transaction.atomic():
                UsedAssertion.objects.create(
                    relying_party=credential.relying_party,
                    jti_digest=assertions.digest(jti),
                    expires_at=expires_at + assertions.LEEWAY,
                )
        except IntegrityError:
            raise AssertionReplayed("this jti was used before") from None
        return _give(credential)


def exchange_certificate(client_id: str, certificate: x509.Certificate) -> Token:
    """Return a bearer token for a certificate whose key was proven in TLS, good with that certificate alone.

    The key is what was registered, so the certificate may be signed by anybody. Raise `ClientUnknown`.
    """
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise ClientUnknown("no client of that name has the certificate's key")
    credential = (
        Credential.objects.select_related("relying_party__realm")
        .filter(
            relying_party__client_id=texts.kept(client_id),
            kind=Credential.Kind.TLS_CLIENT_AUTH,
            thumbprint=keys.of(public).thumbprint,
        )
        .first()
    )
    if credential is None:
        raise ClientUnknown("no client of that name has the certificate's key")
    if not access.window(credential).holds(clock.now(credential.relying_party.realm)):
        raise ClientUnknown("the key is outside its time, or disabled")
    with transaction.atomic():
        return _give(credential, keys.certificate_digest(certificate))


def authenticate(token: str, certificate: x509.Certificate | None = None) -> Credential:
    """Return the credential that `token` was given for, with its relying party and realm; else raise `TokenInvalid`.

    `certificate` is the client's of the TLS connection on which the token came, when there was one.
    """
    rows = AccessToken.objects.select_related("credential__relying_party__realm")
    row = rows.filter(digest=assertions.digest(token)).first()
    if row is None:
        raise TokenInvalid("unknown token")
    credential = row.credential
    if clock.machine() >= row.expires_at:
        raise TokenInvalid("the token has expired")
    if row.certificate_digest:
        shown = keys.certificate_digest(certificate) if certificate is not None else ""
        if not hmac.compare_digest(shown, row.certificate_digest):
            raise TokenInvalid("the token is good with the certificate alone that it was given for")
    if not access.window(credential).holds(clock.now(credential.relying_party.realm)):
        raise TokenInvalid("the token's key is outside its time, or disabled")
    note_use(credential)
    return credential


def note_use(credential: Credential) -> None:
    """Note when a credential was last used, by the machine's clock."""
    now = clock.machine()
    if credential.last_used_at is None or credential.last_used_at < now - USE_NOTED_EVERY:
        Credential.objects.filter(pk=credential.pk).update(last_used_at=now)
        credential.last_used_at = now


def _give(credential: Credential, certificate_digest: str = "") -> Token:
    value, now = secrets.token_urlsafe(32), clock.machine()
    AccessToken.objects.filter(credential=credential, expires_at__lt=now).delete()
    AccessToken.objects.create(
        credential=credential,
        digest=assertions.digest(value),
        certificate_digest=certificate_digest,
        expires_at=now + TOKEN_LIFE,
    )
    note_use(credential)
    return Token(value, int(TOKEN_LIFE.total_seconds()), credential)
