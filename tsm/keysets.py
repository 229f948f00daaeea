"""The keys of each element, derived and never stored.

Two masters, one for each role: the issuer's (SEI-TSM) for the issuer security domain, and the service provider's
(SP-TSM) for its own domain. Each element's set is diversified by its number, so that one element's keys say nothing
of another's.
"""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tsm.errors import SecretMissing
from tsm.globalplatform.scp03 import KeySet

# GPC_GUI_010: key versions 30-3F are SCP03's.
ISD_KEY_VERSION = 0x30
DOMAIN_KEY_VERSION = 0x31


def issuer(element_number: bytes) -> KeySet:
    """Return the issuer security domain's key set of the element with that number (IIN and CIN)."""
    return _derive(b"SEI-TSM issuer security domain", element_number, ISD_KEY_VERSION)


def domain(element_number: bytes) -> KeySet:
    """Return the key set of the service provider's domain on that element."""
    return _derive(b"SP-TSM supplementary security domain", element_number, DOMAIN_KEY_VERSION)


def _derive(role: bytes, element_number: bytes, version: int) -> KeySet:
    master = settings.TSM_MASTER_KEY
    if not master:
        raise SecretMissing("TSM_MASTER_KEY (or TSM_MASTER_KEY_FILE) is not set in this process")
    kdf = HKDF(hashes.SHA256(), length=48, salt=role, info=element_number)
    material = kdf.derive(master.encode())
    return KeySet(enc=material[:16], mac=material[16:32], dek=material[32:], version=version)
