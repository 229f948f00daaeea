"""Sealing in the age format, version 1 (age-encryption.org/v1): whoever has the identity opens it with any age program.

A backup must be readable when nothing of this software is left. Only X25519 recipients; the payload is read and written
in pieces of 64 kB, each authenticated, so that it may be of any size and nothing unauthenticated gets out.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK = 64 << 10
_TAG = 16
_VERSION = b"age-encryption.org/v1"
_LABEL = b"age-encryption.org/v1/X25519"
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


class SealBroken(Exception):
    """Say that what was to be opened is not sealed to this identity, was changed, or was cut off."""


def new_identity() -> str:
    """Return a new identity, AGE-SECRET-KEY-1…: the private key, to be kept where the backups aren't."""
    return _bech32("age-secret-key-", X25519PrivateKey.generate().private_bytes_raw()).upper()


def recipient(identity: str) -> str:
    """Return the recipient of an identity, age1…: what is needed to seal. Raises ValueError."""
    return _bech32("age", _private(identity).public_key().public_bytes_raw())


def check_recipient(text: str) -> None:
    """Raise ValueError, in words, where this is no recipient."""
    _public(text)


def sealed(parts: Iterable[bytes], to: str) -> Iterator[bytes]:
    """Give what is sealed to a recipient, piece by piece. Raises ValueError when that is none."""
    theirs = _public(to)
    file_key = os.urandom(16)
    ours = X25519PrivateKey.generate()
    share = ours.public_key().public_bytes_raw()
    wrap = _hkdf(ours.exchange(theirs), salt=share + theirs.public_bytes_raw(), info=_LABEL)
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    head = b"\n".join((_VERSION, b"-> X25519 " + _b64(share), _b64(body), b"---"))
    mac = hmac.digest(_hkdf(file_key, salt=b"", info=b"header"), head, "sha256")
    nonce = os.urandom(16)
    yield head + b" " + _b64(mac) + b"\n" + nonce
    cipher = ChaCha20Poly1305(_hkdf(file_key, salt=nonce, info=b"payload"))
    number, held = 0, b""
    for part in parts:
        held, at = held + part, 0
        # The last piece says that it is the last, so one is always held back.
        while len(held) - at > CHUNK:
            yield cipher.encrypt(_nonce(number, last=False), held[at : at + CHUNK], None)
            number, at = number + 1, at + CHUNK
        held = held[at:]
    yield cipher.encrypt(_nonce(number, last=True), held, None)


def opened(file: BinaryIO, identity: str) -> Iterator[bytes]:
    """Give what was sealed, piece by piece, each authenticated. Raises SealBroken, also at the end where it was cut."""
    file_key = _file_key(file, _private(identity))
    nonce = file.read(16)
    cipher = ChaCha20Poly1305(_hkdf(file_key, salt=nonce, info=b"payload"))
    number, piece = 0, file.read(CHUNK + _TAG)
    while True:
        following = file.read(CHUNK + _TAG)
        try:
            plain = cipher.decrypt(_nonce(number, last=not following), piece, None)
        except InvalidTag:
            raise SealBroken("it was changed, or cut off") from None
        if plain or not number:
            yield plain
        elif not following:
            raise SealBroken("an empty last piece")
        if not following:
            return
        number, piece = number + 1, following


def _file_key(file: BinaryIO, mine: X25519PrivateKey) -> bytes:
    lines: list[bytes] = []
    while not lines or not lines[-1].startswith(b"---"):
        line = file.readline(200)
        if not line.endswith(b"\n") or len(lines) > 200:
            raise SealBroken("it is not sealed in the age format")
        lines.append(line[:-1])
    if lines[0] != _VERSION:
        raise SealBroken("it is not sealed in the age format, version 1")
    public = mine.public_key().public_bytes_raw()
    for stanza, body in pairwise(lines):
        kind, _, share = stanza.removeprefix(b"-> ").partition(b" ")
        if not stanza.startswith(b"-> ") or kind != b"X25519":
            continue
        try:
            theirs = _unb64(share)
            shared = mine.exchange(X25519PublicKey.from_public_bytes(theirs))
            wrap = _hkdf(shared, salt=theirs + public, info=_LABEL)
            file_key = ChaCha20Poly1305(wrap).decrypt(bytes(12), _unb64(body), None)
        except (InvalidTag, ValueError):
            continue
        head = b"\n".join([*lines[:-1], b"---"])
        mac = hmac.digest(_hkdf(file_key, salt=b"", info=b"header"), head, "sha256")
        if not hmac.compare_digest(_b64(mac), lines[-1].removeprefix(b"--- ")):
            raise SealBroken("its head was changed")
        return file_key
    raise SealBroken("it is not sealed to this identity")


def _hkdf(key: bytes, *, salt: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=salt or None, info=info).derive(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _b64(octets: bytes) -> bytes:
    return base64.b64encode(octets).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


# --- Bech32 (BIP 173), as age writes keys -----------------------------------------------------------------------------
def _private(identity: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_unbech32("age-secret-key-", identity))


def _public(text: str) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(_unbech32("age", text))


def _bech32(prefix: str, octets: bytes) -> str:
    data = _regroup(octets, 8, 5, pad=True)
    check = _polymod([*_expanded(prefix), *data, *[0] * 6]) ^ 1
    data += [check >> 5 * (5 - at) & 31 for at in range(6)]
    return f"{prefix}1{''.join(_ALPHABET[one] for one in data)}"


def _unbech32(prefix: str, text: str) -> bytes:
    found, _, rest = text.strip().lower().rpartition("1")
    if found != prefix or set(rest) - set(_ALPHABET) or len(rest) < 6:
        raise ValueError(f"a key of age begins with {prefix}1")
    data = [_ALPHABET.index(one) for one in rest]
    if _polymod([*_expanded(prefix), *data]) != 1:
        raise ValueError("a character of the key is wrong: its checksum doesn't hold")
    octets = bytes(_regroup(bytes(data[:-6]), 5, 8, pad=False))
    if len(octets) != 32:
        raise ValueError("the key has not 32 octets")
    return octets


def _expanded(prefix: str) -> list[int]:
    return [*(ord(one) >> 5 for one in prefix), 0, *(ord(one) & 31 for one in prefix)]


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for at, generator in enumerate(_GENERATOR):
            check ^= generator if top >> at & 1 else 0
    return check


def _regroup(octets: bytes, before: int, after: int, *, pad: bool) -> list[int]:
    held, bits, found = 0, 0, []
    for octet in octets:
        held, bits = held << before | octet, bits + before
        while bits >= after:
            bits -= after
            found.append(held >> bits & (1 << after) - 1)
    if pad and bits:
        found.append(held << after - bits & (1 << after) - 1)
    return found


def digest(parts: Iterable[bytes], file: BinaryIO) -> str:
    """Write parts to a file; return their SHA-256, hex."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
        file.write(part)
    return whole.hexdigest()
