"""The house's own rules, held on every certificate. Each reads the twin's bytes and names what is wrong.

They hold the bytes against the profile's data and the rows they stand on, not against what assembly meant to write.
Here is what differs from one certificate to the next; what certificates have in common is in `ca.lint.shape`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from ca import der, profiles
from ca.lint import shape
from ca.lint.reading import SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER
from ca.lint.subject import Subject
from ca.models import Holder
from ca.profiles import Life, SubjectForm

Rule = Callable[[Subject], Iterator[str]]
PRINTABLE_STRING, UTF8_STRING = b"\x13", b"\x0c"
# SubjectPublicKeyInfo of RSA, 2048 bits: up to the modulus' leading zero, and the exponent 65537 (RFC 3279 2.3.1)
_RSA_BEGINS = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
_BITS = 24  # where they begin, in such a key
_RSA_ENDS = bytes.fromhex("0203010001")
_OTHER_NAMES = tuple(der.object_identifier(oid) for oid, _ in profiles.OTHER_NAMES)
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
    attributes = subject.reading.attributes()
    holder, profile = subject.holder, subject.standard.profile
    wanted = [(NameOID.COUNTRY_NAME, PRINTABLE_STRING, profiles.COUNTRY.encode())]
    if profile.subject is SubjectForm.PLACE:
        places = holder.prefecture, holder.municipality
        wanted += [(NameOID.LOCALITY_NAME, UTF8_STRING, place.encode()) for place in places]
    if attributes[:-1] != wanted or attributes[-1][:2] != (NameOID.COMMON_NAME, UTF8_STRING):
        yield "the attributes, their coding or the holder's place are not the profile's"
        return
    yield from _common_name(subject, attributes[-1][2].decode())


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
    twin, (first, last) = subject.twin, subject.standard.authority_life
    begin, end = twin.not_valid_before_utc, twin.not_valid_after_utc
    if begin >= end:
        yield "validity ends before it begins"
    if begin < first or end > last:
        yield "validity leaves the authority's"
    if subject.standard.profile.life is Life.LINKED_CERTIFICATE:
        if subject.card_certificate is None or end != subject.card_certificate.not_valid_after_utc:
            yield "validity does not end with the card certificate's"
    elif (end.hour, end.minute, end.second) != (14, 59, 59):
        yield "validity does not end at 14:59:59Z"
    for time, at in zip(subject.reading.validity, (begin, end), strict=True):
        # RFC 5280 4.1.2.5: UTCTime through 2049.
        if time != (der.UTC_TIME if at < _FIRST_GENERALIZED else der.GENERALIZED_TIME):
            yield f"a time has tag {time:02x}"


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
    bits = subject.reading.public_key[_BITS:]
    identifier = hashlib.sha1(bits, usedforsecurity=False).digest()
    if subject.reading.holder_extensions.get(SUBJECT_KEY_IDENTIFIER) != b"\x04\x16\x04\x14" + identifier:
        yield "not the SHA-1 of the key's bits"


def _holder_names(subject: Subject) -> Iterator[str]:
    if not subject.standard.profile.names_holder:
        if SUBJECT_ALT_NAME in subject.reading.holder_extensions:
            yield "a profile without names names the holder"
        return
    if subject.reading.holder_extensions.get(SUBJECT_ALT_NAME) == _names_of(subject.holder):
        return  # octet by octet; what follows finds out what differs
    found = subject.reading.other_names()
    if [oid for oid, _ in found] != [oid for oid, _ in profiles.OTHER_NAMES]:
        yield "not the six otherNames in the order 1, 4, 3, 5, 2, 6"
        return
    for (_, name), (_, field) in zip(found, profiles.OTHER_NAMES, strict=True):
        if not name or name != getattr(subject.holder, field):
            yield f"the {field} is empty or not the holder's"
            return
    yield "not in DER"


def _names_of(holder: Holder) -> bytes | None:
    """Return the only extnValue that these names may have; None where one is empty."""
    texts = [getattr(holder, field).encode() for _, field in profiles.OTHER_NAMES]
    if not all(texts):
        return None
    names = [
        # [0] { type-id, [0] { UTF8String } }: nearly all lengths take one octet.
        b"\xa0%c%b\xa0%c\x0c%c%b" % (len(oid) + size + 4, oid, size + 2, size, text)
        if (size := len(text)) < 0x60
        else der.tlv(0xA0, oid, der.tlv(0xA0, der.tlv(der.UTF8_STRING, text)))
        for oid, text in zip(_OTHER_NAMES, texts, strict=True)
    ]
    return der.tlv(der.OCTET_STRING, der.tlv(der.SEQUENCE, *names))


RULES: tuple[Rule, ...] = (
    _serial_number,
    _subject,
    _validity,
    _public_key,
    _subject_key_identifier,
    _holder_names,
)
