"""Proof of possession: a PKCS#10 request (RFC 2986), signed by the key that is to be certified."""

import base64
import binascii
import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import SignatureAlgorithmOID

from ca import assembly
from ca.errors import OrderUnfit, PossessionUnproven, PublicKeyUnfit

# A request of an RSA-2048 key has some 700 octets; the rest is for a name and attributes, which nobody reads.
LONGEST = 4096
ALGORITHMS = {
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    SignatureAlgorithmOID.RSA_WITH_SHA384,
    SignatureAlgorithmOID.RSA_WITH_SHA512,
}
_PEM = re.compile(
    r"\s*-----BEGIN (?P<label>(?:NEW )?CERTIFICATE REQUEST)-----\s"
    r"(?P<body>[A-Za-z0-9+/=\s]*)-----END (?P=label)-----\s*"
)


def proven_key(text: str, *, member: str) -> bytes:
    """Return the SubjectPublicKeyInfo, DER, of a request in PEM or base64, whose signature shows that its key signed.

    Name and attributes of the request say nothing here: whose the card is, the order says. Raises PossessionUnproven;
    OrderUnfit for a key that no profile takes.
    """
    octets = _octets(text, member)
    try:
        request = x509.load_der_x509_csr(octets)
        key = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        # First the key, whose profile bounds what the signature's check costs.
        assembly.load_public_key(key)
        if request.signature_algorithm_oid not in ALGORITHMS:
            raise PossessionUnproven("it isn't signed by RSA (PKCS#1 v1.5) with SHA-256, 384 or 512", member=member)
        signed = request.is_signature_valid
    except PublicKeyUnfit as error:
        raise OrderUnfit(str(error), member=member, because=error.code) from None
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise PossessionUnproven("it is no PKCS#10 request of a key that is known here", member=member) from None
    if not signed:
        raise PossessionUnproven("its signature isn't by the key in it", member=member)
    return key


def _octets(text: str, member: str) -> bytes:
    if len(text) > 2 * LONGEST:
        raise PossessionUnproven(f"a request has {LONGEST} octets at most", member=member)
    pem = _PEM.fullmatch(text)
    body = re.sub(r"\s+", "", pem["body"]) if pem else text
    try:
        octets = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise PossessionUnproven("it is neither PEM of one request nor base64 of its DER", member=member) from None
    if len(octets) > LONGEST:
        raise PossessionUnproven(f"a request has {LONGEST} octets at most", member=member)
    return octets
