"""What must be so before anything is built: of the public key, and of the holder's data."""

import re
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ca import profiles
from ca.errors import HolderUnfit, PublicKeyUnfit
from ca.models import Holder

_ERAS = {"1": 1868, "2": 1912, "3": 1926, "4": 1989, "5": 2019}  # first Gregorian year of each, facts 1.3
# SubjectPublicKeyInfo up to the key's bits: RSA with 2048 bits and an exponent of three octets (RFC 3279 2.3.1).
_BEFORE_BITS = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f00")
_CODE, _PLACE = re.compile(r"[0-9]{5}"), re.compile(r"[A-Za-z][A-Za-z' -]{0,45}")


def load_public_key(public_key: bytes) -> rsa.RSAPublicKey:
    """Return the key of a SubjectPublicKeyInfo. Raises PublicKeyUnfit."""
    try:
        key = serialization.load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise PublicKeyUnfit("the public key is no SubjectPublicKeyInfo") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != profiles.RSA_BITS:
        raise PublicKeyUnfit(f"the public key is not RSA of {profiles.RSA_BITS} bits")
    if key.public_numbers().e != profiles.RSA_EXPONENT:
        raise PublicKeyUnfit(f"the public key's exponent is not {profiles.RSA_EXPONENT}")
    if not public_key.startswith(_BEFORE_BITS):
        raise PublicKeyUnfit("the public key's SubjectPublicKeyInfo is not DER as RFC 3279 has it")
    return key


def key_bits(public_key: bytes) -> bytes:
    """Return the bits of an RSA-2048 key's SubjectPublicKeyInfo that `load_public_key` accepts."""
    return public_key[len(_BEFORE_BITS) :]


def key_identifier(public_key: rsa.RSAPublicKey) -> bytes:
    """Return the SHA-1 of the key's bits (RFC 5280 4.2.1.2, method 1; facts 1.4)."""
    return x509.SubjectKeyIdentifier.from_public_key(public_key).digest


def public_key_bits(certificate: x509.Certificate) -> bytes:
    """Return the value of the certificate's subjectPublicKey BIT STRING: what key identifiers and CertIDs hash."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise PublicKeyUnfit("not an RSA key")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def require_fit(holder: Holder) -> None:
    """Hold the holder's data against what the profiles can say. Raises HolderUnfit."""
    for text, substitution, field in (
        (holder.name, holder.name_substitution, "name"),
        (holder.address, holder.address_substitution, "address"),
    ):
        if not text or len(text) > 200:
            raise HolderUnfit(f"the {field} must have 1 to 200 characters", field=field)
        if len(substitution) != len(text) or substitution.strip("01"):
            raise HolderUnfit(f"the {field}'s substitutions must be 0 or 1 for each character", field=field)
    if holder.sex not in {"1", "2", "3"}:
        raise HolderUnfit("sex must be 1, 2 or 3", field="sex")
    era, written = holder.birth_date[:1], holder.birth_date[1:]
    # Parts of a date of birth may be unknown (facts 1.3): the end of validity hangs on it, so that is not issued.
    if written != holder.born_on.isoformat().replace("-", "") or era not in _ERAS or holder.born_on.year < _ERAS[era]:
        raise HolderUnfit("the date of birth must be an era's digit and the Gregorian date", field="birth_date")
    _require_fit_place(holder.municipality_code, holder.prefecture, holder.municipality)


@lru_cache(maxsize=4096)  # municipalities
def _require_fit_place(code: str, prefecture: str, municipality: str) -> None:
    if not _CODE.fullmatch(code):
        raise HolderUnfit("the municipality's code must be five digits", field="municipality_code")
    for place, field in ((prefecture, "prefecture"), (municipality, "municipality")):
        if not _PLACE.fullmatch(place):
            raise HolderUnfit(f"the {field} must be written in Roman letters", field=field)
