"""Sealing in the age format (age-encryption.org/v1): whoever has the identity opens it with any age program.

A backup must be readable when nothing of this software is left. Content is read and written in pieces, each
authenticated, so that it may be of any size and nothing unauthenticated gets out.
"""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyrage
from pyrage.x25519 import Identity, Recipient


class SealBroken(Exception):
    """Say that what was to be opened is not sealed to this identity, was changed, or was cut off."""


def new_identity() -> str:
    """Return a new identity, AGE-SECRET-KEY-1…: the private key, to be kept where the backups aren't."""
    return str(Identity.generate())


def recipient(identity: str) -> str:
    """Return the recipient of an identity, age1…: what is needed to seal. Raises ValueError."""
    return str(_identity(identity).to_public())


def check_recipient(text: str) -> None:
    """Raise ValueError, in words, where this is no recipient."""
    _recipient(text)


def seal(parts: Iterable[bytes], to: str, file: Any) -> None:
    """Write parts, sealed to a recipient, to what has `write`. Raises ValueError when that is none."""
    reader = _Reader(iter(parts))
    try:
        pyrage.encrypt_io(reader, file, [_recipient(to)])
    except pyrage.EncryptError:
        # What the parts' maker raised: the library tells its words alone.
        raise reader.error or SealBroken("it could not be sealed") from None


def open_into(file: BinaryIO, identity: str, target: Any) -> None:
    """Write what was sealed to what has `write`, piece by piece, each authenticated.

    Raises SealBroken, also at the end where it was cut: what was written then is not all. What `target` raises passes.
    """
    try:
        pyrage.decrypt_io(file, target, [_identity(identity)])
    except pyrage.DecryptError as error:
        raise SealBroken(f"it is not sealed to this identity, or its head was changed ({error})") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise SealBroken("it was changed, or cut off") from None


class _Reader:
    """Parts as a file that is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.parts, self.held = parts, b""
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            while not self.held:
                self.held = next(self.parts)
        except StopIteration:
            return b""
        except Exception as error:
            self.error = error
            raise
        given, self.held = self.held[:size], self.held[size:]
        return given


def _identity(text: str) -> Identity:
    try:
        return Identity.from_str(text.strip())
    except pyrage.IdentityError as error:
        raise ValueError(f"it is no identity of age, AGE-SECRET-KEY-1…: {error}") from None


def _recipient(text: str) -> Recipient:
    try:
        return Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise ValueError(f"it is no recipient of age, age1…: {error}") from None
