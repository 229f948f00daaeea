"""Who signed: what a signature certificate says of its holder (subjectAltName, otherName of the JPKI arc)."""

from dataclasses import dataclass

from cryptography import x509

JPKI_OTHER_NAME = "1.2.392.200149.8.5.5"
NAME, SEX, BIRTH_DATE, ADDRESS = 1, 3, 4, 5
UTF8_STRING = 0x0C


@dataclass(frozen=True)
class Holder:
    """The holder's name, address and birth date ("1980-02-17", empty when part of it is unknown)."""

    name: str
    address: str
    birth_date: str


def holder(certificate: x509.Certificate) -> Holder | None:
    """Return the holder of a signature certificate; `None` for an authentication certificate, which names nobody."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    found = {name.type_id.dotted_string: _utf8(name.value) for name in names.get_values_for_type(x509.OtherName)}
    text = {leaf: found.get(f"{JPKI_OTHER_NAME}.{leaf}", "") for leaf in (NAME, BIRTH_DATE, ADDRESS)}
    return Holder(text[NAME], text[ADDRESS], _birth_date(text[BIRTH_DATE]))


def _birth_date(coded: str) -> str:
    """Return the date of EYYYYMMDD: a digit for the Japanese era, then the Gregorian date."""
    if len(coded) != 9 or not coded.isdecimal() or "00" in (coded[5:7], coded[7:9]):
        return ""
    return f"{coded[1:5]}-{coded[5:7]}-{coded[7:9]}"


def _utf8(der: bytes) -> str:
    """Return the text of a DER UTF8String; empty when it is none."""
    if len(der) < 2 or der[0] != UTF8_STRING:
        return ""
    begin = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return der[begin:].decode("utf-8", "replace")
