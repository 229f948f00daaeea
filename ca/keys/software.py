"""Keys in encrypted PKCS#8 files, one each, in a folder that only the worker's user can read."""

import contextlib
import os
import re
import secrets
import threading
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ca.errors import KeyNotFound, KeysUnavailable
from ca.profiles import RSA_BITS, RSA_EXPONENT

_SCHEME, _DIGEST = padding.PKCS1v15(), hashes.SHA256()
_LABEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,199}")


class SoftwareSigner:
    """A private key in this process's memory."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, tbs: bytes) -> bytes:
        """Return the RSA PKCS#1 v1.5 signature with SHA-256 of `tbs`."""
        return self._key.sign(tbs, _SCHEME, _DIGEST)


class SoftwareKeyStore:
    """A folder of encrypted PKCS#8 files."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self._folder = folder
        self._passphrase = passphrase.encode()
        self._signers: dict[str, SoftwareSigner] = {}
        self._lock = threading.Lock()

    def create(self, label: str) -> bytes:
        """Make a key and write it, whole or not at all; return its SubjectPublicKeyInfo, DER."""
        path = self._path(label)
        key = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{label}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            # A link, unlike a rename, never replaces a key that is there.
            try:
                os.link(draft, path)
            except FileExistsError:
                raise KeysUnavailable(f"there is a key {label!r} already") from None
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        signer = SoftwareSigner(key)
        self._signers[label] = signer
        return signer.public_key

    def open(self, label: str) -> SoftwareSigner:
        """Return the key of that label; it is read and checked once (35 ms), then kept."""
        with self._lock:
            signer = self._signers.get(label)
            if signer is None:
                signer = self._signers[label] = self._load(label)
        return signer

    def _load(self, label: str) -> SoftwareSigner:
        try:
            pem = self._path(label).read_bytes()
        except FileNotFoundError:
            raise KeyNotFound(f"no key {label!r} in the key store") from None
        except OSError as error:
            raise KeysUnavailable(f"key {label!r} can't be read: {error.strerror}") from None
        try:
            key = serialization.load_pem_private_key(pem, self._passphrase)
        except (ValueError, TypeError):
            raise KeysUnavailable(f"key {label!r} can't be opened: wrong passphrase or damaged file") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise KeysUnavailable(f"key {label!r} is not an RSA key")
        return SoftwareSigner(key)

    def _path(self, label: str) -> Path:
        if not _LABEL.fullmatch(label):
            raise KeyNotFound(f"{label!r} is no label of a key")
        return self._folder / f"{label}.pem"
