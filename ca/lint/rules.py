"""The house's own rules, held on every certificate. Each reads the twin's bytes and names what is wrong.

They hold the bytes against the profile's data and the rows they stand on, not against what assembly meant to write.
Here is what differs from one certificate to the next; what certificates have in common is in `ca.lint.shape`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from cryptography import x509

from ca import der, profiles
from ca.lint import shape
from ca.lint.reading import SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER, contents, only
from ca.lint.subject import Subject
from ca.profiles import Life, SubjectForm

Rule = Callable[[Subject], Iterator[str]]
PRINTABLE_STRING = 0x13
COUNTRY, LOCALITY, COMMON_NAME = (bytes.fromhex(oid) for oid in ("550406", "550407", "550403"))  # X.520
# SubjectPublicKeyInfo of RSA, 2048 bits: up to the modulus' leading zero, and the exponent 65537 (RFC 3279 2.3.1)
_RSA_BEGINS = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
_RSA_ENDS = bytes.fromhex("0203010001")
_OTHER_NAMES = tuple((der.object_identifier(oid)[2:], field) for oid, field in profiles.OTHER_NAMES)
_FIRST_GENERALIZED = datetime(2050, 1, 1, tzinfo=UTC)


def broken(subject: Subject) -> list[str]:
    """Return what breaks which rule, each finding beginning with the rule's name."""
    try:
        octets = subject.reading.shape, subject.reading.crl_point
    except ValueError as error:
        return [f"_structure: {error}"]
    found = _findings(RULES, subject)
    if octets not in subject.standard.seen:
        of_shape = _findings(shape.RULES, subject)
        if not of_shape:
            subject.standard.seen[octets] = subject.reading.shape_digest()
        found += of_shape
    return found


def _findings(rules: Iterable[Rule], subject: Subject) -> list[str]:
    found = []
    for rule in rules:
        try:
            found += [f"{rule.__name__}: {problem}" for problem in rule(subject)]
        except (ValueError, x509.DuplicateExtension) as error:
            found.append(f"{rule.__name__}: unreadable: {error}")
    return found


def _serial_number(subject: Subject) -> Iterator[str]:
    # RFC 5280 4.1.2.2: positive, at most 20 octets.
    found = subject.twin.serial_number
    if found != subject.serial_number:
        yield "not the serial number that was reserved"
    if not 0 < found < 1 << 159:
        yield "not positive and within 20 octets"


def _subject(subject: Subject) -> Iterator[str]:
    # RDNSequence ::= SEQUENCE OF SET OF SEQUENCE { type, value }; all of ours have one attribute each.
    attributes = []
    for tag, relative in contents(subject.reading.subject):
        (kind, oid), (string, value) = contents(only(relative, der.SEQUENCE))
        if (tag, kind) != (der.SET, 0x06):
            raise ValueError("not a name")
        attributes.append((oid, string, value.decode()))
    holder, profile = subject.holder, subject.standard.profile
    wanted = [(COUNTRY, PRINTABLE_STRING, profiles.COUNTRY)]
    if profile.subject is SubjectForm.PLACE:
        wanted += [(LOCALITY, der.UTF8_STRING, place) for place in (holder.prefecture, holder.municipality)]
    if attributes[:-1] != wanted or not attributes or attributes[-1][:2] != (COMMON_NAME, der.UTF8_STRING):
        yield "the attributes, their coding or the holder's place are not the profile's"
        return
    yield from _common_name(subject, attributes[-1][2])


def _common_name(subject: Subject, common: str) -> Iterator[str]:
    code = common[14:19]
    if subject.standard.profile.subject is SubjectForm.PLACE:
        if len(common) != 28 or not (common.isascii() and common.isdigit()):
            yield "the common name is not 28 digits"
        elif common[19:] != f"{subject.serial_number:09d}":
            yield "the common name does not end with the serial number"
    elif len(common) != 23 or set(common[:14]) - set("0123456789ABCDEFGHIJ") or common[19:] != "003A":
        yield "the common name is not 14 of 0-9A-J, 5 digits, 003A"
    if code != subject.holder.municipality_code:
        yield "the common name does not bear the municipality's code"


def _validity(subject: Subject) -> Iterator[str]:
    twin, authority = subject.twin, subject.standard.authority
    begin, end = twin.not_valid_before_utc, twin.not_valid_after_utc
    if begin >= end:
        yield "validity ends before it begins"
    if begin < authority.not_valid_before_utc or end > authority.not_valid_after_utc:
        yield "validity leaves the authority's"
    if subject.standard.profile.life is Life.LINKED_CERTIFICATE:
        if subject.card_certificate is None or end != subject.card_certificate.not_valid_after_utc:
            yield "validity does not end with the card certificate's"
    elif (end.hour, end.minute, end.second) != (14, 59, 59):
        yield "validity does not end at 14:59:59Z"
    for (tag, _), at in zip(contents(subject.reading.validity), (begin, end), strict=True):
        # RFC 5280 4.1.2.5: UTCTime through 2049.
        if tag != (der.UTC_TIME if at < _FIRST_GENERALIZED else der.GENERALIZED_TIME):
            yield f"a time has tag {tag:02x}"


def _public_key(subject: Subject) -> Iterator[str]:
    key = subject.reading.public_key
    if key != subject.public_key:
        yield "not the key that was requested"
    # The first octet behind the sign's has its highest bit in a modulus of 2048 bits.
    if not (len(key) == 294 and key.startswith(_RSA_BEGINS) and key[33] & 0x80 and key.endswith(_RSA_ENDS)):
        yield f"not RSA of {profiles.RSA_BITS} bits with exponent {profiles.RSA_EXPONENT}, in DER"
    if key == subject.standard.authority_key:
        yield "the authority's own key"


def _subject_key_identifier(subject: Subject) -> Iterator[str]:
    # The bits of the key are what stands behind the algorithm and the BIT STRING's count of unused ones.
    *_, (_, bits) = contents(only(subject.reading.public_key, der.SEQUENCE))
    identifier = hashlib.sha1(bits[1:], usedforsecurity=False).digest()
    if subject.reading.holder_extensions.get(SUBJECT_KEY_IDENTIFIER) != b"\x04\x16\x04\x14" + identifier:
        yield "not the SHA-1 of the key's bits"


def _holder_names(subject: Subject) -> Iterator[str]:
    value = subject.reading.holder_extensions.get(SUBJECT_ALT_NAME)
    if not subject.standard.profile.names_holder:
        if value is not None:
            yield "a profile without names names the holder"
        return
    found = list(_other_names(value or b""))
    if [oid for oid, _ in found] != [oid for oid, _ in _OTHER_NAMES]:
        yield "not the six otherNames in the order 1, 4, 3, 5, 2, 6"
        return
    for (_, name), (_, field) in zip(found, _OTHER_NAMES, strict=True):
        if not name or name != getattr(subject.holder, field):
            yield f"the {field} is empty or not the holder's"


def _other_names(value: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield type and text of each name. Raises ValueError when one is no otherName with a UTF8String."""
    # OCTET STRING { SEQUENCE OF [0] { type-id, [0] EXPLICIT UTF8String } }
    for kind, other_name in contents(only(only(value, der.OCTET_STRING), der.SEQUENCE)):
        (oid_tag, oid), (value_tag, text) = contents(other_name)
        if (kind, oid_tag, value_tag) != (0xA0, 0x06, 0xA0):
            raise ValueError("not an otherName")
        yield oid, only(text, der.UTF8_STRING).decode()


RULES: tuple[Rule, ...] = (
    _serial_number,
    _subject,
    _validity,
    _public_key,
    _subject_key_identifier,
    _holder_names,
)
