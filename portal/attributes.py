"""The four attributes, as a signature certificate has them: name, address, birth date, sex (jpki-facts 1.3).

The holder's row in the authorities' records may have moved on; a certificate keeps what was true when it was issued.
"""

from dataclasses import dataclass
from datetime import date

from cryptography import x509

from ca import presented
from ca.der import UTF8_STRING
from ca.models import Certificate
from ca.profiles import ADDRESS, BIRTH_DATE, NAME, SEX


@dataclass(frozen=True)
class Attributes:
    """Name (family, U+3000, given), address from the prefecture on, birth date (None: not all known), sex (1, 2, 3)."""

    name: str
    address: str
    born_on: date | None
    sex: str


def of(certificate: Certificate) -> Attributes | None:
    """Return what a signature certificate says of its holder; None for one that names nobody."""
    return read(bytes(certificate.der))


def read(der: bytes) -> Attributes | None:
    """Return what a certificate, DER, says of its holder; None when it is none of a person's for signatures."""
    try:
        parsed = presented.of_der(der)
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return None
    found = {each.type_id: _text(each.value) for each in names.get_values_for_type(x509.OtherName)}
    name, sex, born, address = (found.get(oid, "") for oid in (NAME, SEX, BIRTH_DATE, ADDRESS))
    return Attributes(name, address, _date(born), sex) if name else None


def _date(coded: str) -> date | None:
    """Return the date of EYYYYMMDD: a digit for the era, then the Gregorian date; parts of it may be unknown."""
    try:
        return date(int(coded[1:5]), int(coded[5:7]), int(coded[7:9])) if len(coded) == 9 else None
    except ValueError:
        return None


def _text(der: bytes) -> str:
    """Return the text of a DER UTF8String, which is short enough for one or two octets of length; empty for others."""
    if len(der) < 2 or der[0] != UTF8_STRING:
        return ""
    begin = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return der[begin:].decode("utf-8", "replace")
