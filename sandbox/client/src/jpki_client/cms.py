"""What a CMS (RFC 5652) says was signed, and whether its signed attributes are about our document (CAdES B-B)."""

import hashlib
from dataclasses import dataclass

from jpki_client import der

# The contents of the object identifiers, without tag and length.
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
DATA = bytes.fromhex("2a864886f70d010701")  # 1.2.840.113549.1.7.1
CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")  # 1.2.840.113549.1.9.3
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")  # 1.2.840.113549.1.9.4
SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")  # 1.2.840.113549.1.9.16.2.47


class NotOurs(Exception):
    """What was signed isn't what we asked for."""


@dataclass(frozen=True)
class Signed:
    """The one signer of a detached CMS: attributes (DER of the SET, None without), signature, certificates (DER)."""

    attributes: bytes | None
    signature: bytes
    certificates: tuple[bytes, ...]


def read(octets: bytes) -> Signed:
    """Return what a detached CMS with one signer holds. Raises `NotOurs`."""
    try:
        kind, content = der.read(octets).of(der.SEQUENCE).inner()
        if kind.content != SIGNED_DATA:
            raise NotOurs("no signed data")
        _, _, encapsulated, *more, infos = content.of(der.CONTEXT_0).inner()[0].of(der.SEQUENCE).inner()
        (only,) = encapsulated.inner()  # Detached: content that it brings along would be another's.
        if only.content != DATA:
            raise NotOurs("signed something else than data")
        certificates = tuple(one.whole for each in more if each.tag == der.CONTEXT_0 for one in each.inner())
        (info,) = infos.of(der.SET).inner()
        _, _, _, *attributes, _, signature = _signer(info.inner())
        return Signed(_attributes(attributes), signature.of(der.OCTET_STRING).content, certificates)
    except (ValueError, IndexError) as error:
        raise NotOurs(f"can't be read: {error}") from error


def check_attributes(attributes: bytes, *, digest: bytes, certificate: bytes) -> None:
    """Check that signed attributes (DER, a SET) name data of this digest and this certificate. Raises `NotOurs`."""
    try:
        found: dict[bytes, der.Value] = {}
        for attribute in der.read(attributes).of(der.SET).inner():
            kind, values = attribute.of(der.SEQUENCE).inner()
            (value,) = values.of(der.SET).inner()
            if kind.of(der.OBJECT_IDENTIFIER).content in found:
                raise NotOurs("an attribute stands there twice")
            found[kind.content] = value
        if found[CONTENT_TYPE].content != DATA:
            raise NotOurs("signed something else than data")
        if found[MESSAGE_DIGEST].of(der.OCTET_STRING).content != digest:
            raise NotOurs("another document was signed")
        # SigningCertificateV2 (RFC 5035 §3): the first names the signer; without an algorithm it is SHA-256.
        named = found[SIGNING_CERTIFICATE_V2].inner()[0].inner()[0].inner()[0]
        if named.of(der.OCTET_STRING).content != hashlib.sha256(certificate).digest():
            raise NotOurs("it names another certificate")
    except (KeyError, ValueError, IndexError) as error:
        raise NotOurs(f"the attributes can't be read: {error}") from error


def _signer(members: list[der.Value]) -> list[der.Value]:
    """Return a SignerInfo's members without the unsigned attributes at its end, on which nothing stands."""
    return members[:-1] if members[-1].tag == 0xA1 else members


def _attributes(found: list[der.Value]) -> bytes | None:
    """Return signed attributes as they are signed: as a SET, though the CMS writes them as [0] (RFC 5652 §5.4)."""
    if not found:
        return None
    (one,) = found
    return bytes([der.SET]) + one.of(der.CONTEXT_0).whole[1:]
