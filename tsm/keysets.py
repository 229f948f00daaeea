"""The keys of each element, derived and never stored.

Two masters, one for each role: the issuer's (SEI-TSM) for the issuer security domain, and the service provider's
(SP-TSM) for its own domain. Each element's set is diversified by its number, so that one element's keys say nothing
of another's, and by its generation, so that a set can be followed by the next.
"""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tsm.errors import SecretMissing
from tsm.globalplatform.scp03 import KeySet

# GPC_GUI_010: key versions 30-3F are SCP03's. The first generation's; each next one takes the next, and round again.
ISD_KEY_VERSION = 0x30
DOMAIN_KEY_VERSION = 0x31
SCP03_VERSIONS = 16

# The order of P-256 (SP 800-186): a scalar is drawn with 64 bits more, so that the remainder is no less random.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SCALAR_LENGTH = 40


def issuer_version(generation: int) -> int:
    """Return the key version number of the issuer security domain's set of that generation."""
    return _version(ISD_KEY_VERSION, generation)


def domain_version(generation: int) -> int:
    """Return the key version number of the provider's domain's set of that generation."""
    return _version(DOMAIN_KEY_VERSION, generation)


def issuer(element_number: bytes, generation: int = 0) -> KeySet:
    """Return the issuer security domain's key set of the element with that number (IIN and CIN)."""
    info = element_number + _suffix(generation)
    return _set(_derive(_sei_master(), b"SEI-TSM issuer security domain", info, 48), issuer_version(generation))


def domain(element_number: bytes, generation: int = 0) -> KeySet:
    """Return the key set of the service provider's domain on that element."""
    info = element_number + _suffix(generation)
    return _set(_derive(_sp_master(), b"SP-TSM supplementary security domain", info, 48), domain_version(generation))


def token_key() -> ec.EllipticCurvePrivateKey:
    """Return the issuer's key that signs delegated management tokens (its public half is key 70/01 on an element)."""
    return _signing(_sei_master(), b"SEI-TSM token")


def receipt_key(element_number: bytes) -> bytes:
    """Return the element's AES-128 key that receipts are made with (key 71/01)."""
    return _derive(_sei_master(), b"SEI-TSM receipt", element_number, 16)


def load_file_key() -> ec.EllipticCurvePrivateKey:
    """Return the provider's key that signs load files."""
    return _signing(_sp_master(), b"SP-TSM load file")


def _version(first: int, generation: int) -> int:
    return 0x30 + (first - 0x30 + generation) % SCP03_VERSIONS


def _suffix(generation: int) -> bytes:
    return generation.to_bytes(2, "big") if generation else b""


def _set(material: bytes, version: int) -> KeySet:
    return KeySet(enc=material[:16], mac=material[16:32], dek=material[32:], version=version)


def _signing(master: str, role: bytes) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(_derive(master, role, b"", SCALAR_LENGTH), "big") % (P256_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def _derive(master: str, role: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length=length, salt=role, info=info).derive(master.encode())


def _sei_master() -> str:
    return _given(settings.TSM_SEI_MASTER_KEY, "TSM_SEI_MASTER_KEY")


def _sp_master() -> str:
    return _given(settings.TSM_SP_MASTER_KEY, "TSM_SP_MASTER_KEY")


def _given(own: str | None, name: str) -> str:
    master = own or settings.TSM_MASTER_KEY
    if not master:
        raise SecretMissing(f"neither {name} nor TSM_MASTER_KEY (or …_FILE) is set in this process")
    return str(master)
