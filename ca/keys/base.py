"""What a key store is: it makes keys, and lets them sign. Private keys never come out."""

from typing import Protocol


class Signer(Protocol):
    """One key that can sign."""

    @property
    def public_key(self) -> bytes:
        """Return the SubjectPublicKeyInfo, DER."""
        ...

    def sign(self, tbs: bytes) -> bytes:
        """Return the RSA PKCS#1 v1.5 signature with SHA-256 of `tbs`: the same bytes for the same input, always."""
        ...


class KeyStore(Protocol):
    """Where signing keys live."""

    def create(self, label: str) -> bytes:
        """Make an RSA key of 2048 bits under a label that is not taken; return its SubjectPublicKeyInfo, DER."""
        ...

    def open(self, label: str) -> Signer:
        """Return the key of that label, loaded once a process. Raises KeysUnavailable, KeyNotFound."""
        ...
