"""Who of the register may ask the authorities for statuses: what OCSP_VERIFIERS names.

A verifier shows a bearer token (`whitelist.credentials`) or, in TLS, a certificate for a key that it has registered.
The key is what counts (as in RFC 8705 2.2), so the certificate may be signed by anybody.
"""

from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import DatabaseError, transaction

from ca import clock
from ca.ocsp.access import Claim, Subject
from whitelist import access, credentials
from whitelist.credentials import keys
from whitelist.errors import TokenInvalid
from whitelist.models import Credential


def known(claim: Claim, subject: Subject) -> str | None:
    """Return the client id of the registered relying party that claims, when it may ask about the subject."""
    for credential in (*_by_token(claim), *_by_certificate(claim.certificate)):
        if _may_ask(credential, subject):
            # A responder may only read: when a key was last used is then known from the tokens alone.
            with suppress(DatabaseError), transaction.atomic():
                credentials.note_use(credential)
            return credential.relying_party.client_id
    return None


def _may_ask(credential: Credential, subject: Subject) -> bool:
    party = credential.relying_party
    decision = access.check_of(
        party,
        access.Check.STATUS,
        subject.purpose,
        realm=subject.realm,
        credential=credential,
        now=clock.now(party.realm),
    )
    return decision.allowed


def _by_token(claim: Claim) -> list[Credential]:
    if claim.token is None:
        return []
    try:
        return [credentials.authenticate(claim.token, claim.certificate)]
    except TokenInvalid:
        return []


def _by_certificate(certificate: x509.Certificate | None) -> list[Credential]:
    if certificate is None:
        return []
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        return []
    found = Credential.objects.select_related("relying_party__realm").filter(thumbprint=keys.of(key).thumbprint)
    return list(found)
