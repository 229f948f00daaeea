"""The template: a certificate's octets with gaps, for all that one profile, generation and place have in common.

What does not change from one holder to the next is encoded once, by the builder, and cut out of what it made; what does
is written here by hand: serial number, validity, common name, public key, the holder's names and the key's identifier.
Tests hold that the two ways give the same octets.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtensionOID, NameOID

from ca import der, profiles
from ca.assembly import builder
from ca.assembly.fitness import key_bits, require_fit
from ca.assembly.names import common_name
from ca.assembly.plan import Plan
from ca.der import tlv

_COMMON_NAME = der.object_identifier(NameOID.COMMON_NAME)
_OTHER_NAMES = tuple((der.object_identifier(oid), field) for oid, field in profiles.OTHER_NAMES)
Writer = Callable[[Plan], bytes]


@lru_cache(maxsize=4096)  # one beginning a batch, one end a birthday
def _time(at: datetime) -> bytes:
    return der.time(at.astimezone(UTC))


def _alternative_name(plan: Plan) -> bytes:
    # SubjectAltName ::= SEQUENCE OF otherName
    holder = plan.holder
    return tlv(der.SEQUENCE, *[_other_name(oid, getattr(holder, field).encode()) for oid, field in _OTHER_NAMES])


def _other_name(oid: bytes, text: bytes) -> bytes:
    # otherName [0] { type-id, value [0] EXPLICIT UTF8String }
    size = len(text)
    if size < 0x60:  # all lengths in one octet, as nearly always: a third of the time
        return b"\xa0%c%b\xa0%c\x0c%c%b" % (size + len(oid) + 4, oid, size + 2, size, text)
    return tlv(0xA0, oid, tlv(0xA0, tlv(der.UTF8_STRING, text)))


def _subject_key_identifier(plan: Plan) -> bytes:
    return tlv(der.OCTET_STRING, hashlib.sha1(key_bits(plan.public_key), usedforsecurity=False).digest())


# The extensions that differ from one holder to the next.
_WRITERS: dict[x509.ObjectIdentifier, Writer] = {
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: _alternative_name,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: _subject_key_identifier,
}


class Template:
    """What certificates of one profile, policy, generation, place and OCSP URL have in common."""

    def __init__(self, plan: Plan) -> None:
        """Cut it out of a certificate that the builder makes of one plan. Raises HolderUnfit, PublicKeyUnfit."""
        tbs = builder.end_entity(plan).tbs_certificate_bytes
        # TBSCertificate: [0] version, serial number, algorithm, issuer, validity, subject, public key, [3] extensions
        version, _, algorithm, issuer, _, subject, _, extensions = der.elements(tbs)
        self._version = der.whole(version)
        self._issuer = der.whole(algorithm) + der.whole(issuer)
        self._subject = b"".join(der.whole(relative) for relative in der.inner(subject)[:-1])
        # Octets as they are, each run of them followed by the value that comes next, but for the last.
        self._extensions: list[tuple[bytes, bytes, Writer]] = []
        run = b""
        for rule, encoded in zip(plan.profile.extensions, der.elements(bytes(extensions.data)), strict=True):
            writer = _WRITERS.get(rule.oid)
            if writer is None:
                run += der.whole(encoded)
                continue
            *head, _ = der.inner(encoded)
            self._extensions.append((run, b"".join(der.whole(part) for part in head), writer))
            run = b""
        self._rest = run

    def fill(self, plan: Plan) -> bytes:
        """Return the TBSCertificate, DER, of a plan that has all in common with the template's. Raises HolderUnfit.

        Its public key goes in as it is: `load_public_key` has been asked about it before.
        """
        require_fit(plan.holder)
        common = tlv(der.UTF8_STRING, common_name(plan).encode())
        extensions = [
            run + tlv(der.SEQUENCE, head, tlv(der.OCTET_STRING, write(plan))) for run, head, write in self._extensions
        ]
        return tlv(
            der.SEQUENCE,
            self._version,
            der.integer(plan.serial_number),
            self._issuer,
            tlv(der.SEQUENCE, _time(plan.not_before), _time(plan.not_after)),
            tlv(der.SEQUENCE, self._subject, tlv(der.SET, tlv(der.SEQUENCE, _COMMON_NAME, common))),
            plan.public_key,
            tlv(0xA3, tlv(der.SEQUENCE, *extensions, self._rest)),
        )


def twin(tbs: bytes) -> x509.Certificate:
    """Return the bytes to be signed as a certificate that lint can read and nobody can verify.

    Its signature is the throw-away key's, made once in each process, of nothing: of no certificate's bytes at all. To
    sign each twin would cost as much as a third of the real signature, and no rule of the house looks at it.
    """
    return x509.load_der_x509_certificate(der.signed(tbs, _signature_of_nothing()))


def signed_twin(tbs: bytes) -> x509.Certificate:
    """Return the bytes to be signed as a certificate under the throw-away key, for linters that are not ours."""
    return x509.load_der_x509_certificate(der.signed(tbs, _signature(tbs)))


@cache
def _signature_of_nothing() -> bytes:
    return _signature(b"")


def _signature(text: bytes) -> bytes:
    return builder.throw_away_key().sign(text, padding.PKCS1v15(), hashes.SHA256())
