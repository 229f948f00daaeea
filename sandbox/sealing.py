"""The sealed state of virtual cards and elements: keys and passwords in it are under one key of the sandbox's own."""

import base64
import functools

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def seal(state: bytes) -> bytes:
    """Return the state, encrypted and authenticated."""
    return _fernet(settings.SANDBOX_SEAL_KEY).encrypt(state)


def unseal(sealed: bytes) -> bytes:
    """Return the state that `seal` was given. Raises `cryptography.fernet.InvalidToken` under another key."""
    return _fernet(settings.SANDBOX_SEAL_KEY).decrypt(bytes(sealed))


@functools.lru_cache(maxsize=4)
def _fernet(secret: str | None) -> Fernet:
    if not secret:
        raise ImproperlyConfigured("SANDBOX_SEAL_KEY (or SANDBOX_SEAL_KEY_FILE) is not set in this process")
    kdf = HKDF(hashes.SHA256(), length=32, salt=None, info=b"virtual cards and elements")
    return Fernet(base64.urlsafe_b64encode(kdf.derive(secret.encode())))
