"""Secure messaging of SCP03: MAC chaining, command and response encryption (Amendment D 6.2.3 to 6.2.7).

Both ends compute the same four things; what differs is who adds and who checks.
"""

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tsm.globalplatform.apdu import Command

BLOCK: Final = 16
INITIAL_CHAINING_VALUE: Final = bytes(BLOCK)
SECURE_MESSAGING: Final = 0x04
SECURE_MESSAGING_BITS: Final = 0x0C
FURTHER_CHANNELS: Final = 0x40
SECURE_MESSAGING_FURTHER: Final = 0x20


def has_secure_messaging(cla: int) -> bool:
    """Tell whether the class byte announces secure messaging (GPCS 11.1.4)."""
    return bool(cla & (SECURE_MESSAGING_FURTHER if cla & FURTHER_CHANNELS else SECURE_MESSAGING_BITS))


def secured_class(cla: int) -> int:
    """Return the class byte with secure messaging announced, on the same logical channel."""
    if cla & FURTHER_CHANNELS:
        return cla | SECURE_MESSAGING_FURTHER
    return cla & ~SECURE_MESSAGING_BITS | SECURE_MESSAGING


def clear_class(cla: int) -> int:
    """Return the class byte without secure messaging, on the same logical channel."""
    if cla & FURTHER_CHANNELS:
        return cla & ~SECURE_MESSAGING_FURTHER
    return cla & ~SECURE_MESSAGING_BITS


def pad(data: bytes) -> bytes:
    """Return the data with 80 00… to a multiple of 16 bytes, always at least one byte more."""
    return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK)


def unpad(data: bytes) -> bytes | None:
    """Return the data without its padding, None when the padding is not legal."""
    stripped = data.rstrip(b"\x00")
    if not stripped.endswith(b"\x80") or len(data) - len(stripped) >= BLOCK:
        return None
    return stripped[:-1]


# A script has a hundred commands under one key: its schedule is computed once. Whoever has a session's keys has the
# static ones, too, so keeping the last few gives nothing away.
@lru_cache(maxsize=16)
def _aes(key: bytes) -> algorithms.AES:
    return algorithms.AES(key)


@lru_cache(maxsize=16)
def _blocks(key: bytes) -> CipherContext:
    # Whole blocks in, whole blocks out: nothing of one is left for the next.
    return Cipher(_aes(key), modes.ECB()).encryptor()  # noqa: S305 - one block gives the ICV


@lru_cache(maxsize=16)
def _begun(key: bytes) -> CMAC:
    return CMAC(algorithms.AES(key))


def cmac(key: bytes, data: bytes) -> bytes:
    """Return the full AES-CMAC of 16 bytes."""
    context = _begun(key).copy()
    context.update(data)
    return context.finalize()


def command_mac(s_mac: bytes, chaining: bytes, command: Command, mac_length: int) -> bytes:
    """Return the full C-MAC, which is the next chaining value (Amendment D 6.2.4).

    `command` carries the data as sent but without MAC; the logical channel of its class does not matter. What takes
    several commands is authenticated as one, under the last one's P1 and P2 and a length of three bytes.
    """
    cla = command.cla & 0x80 | SECURE_MESSAGING
    size = len(command.data) + mac_length
    length = bytes((size,)) if size <= 0xFF else b"\x00" + size.to_bytes(2, "big")
    return cmac(s_mac, chaining + bytes((cla, command.ins, command.p1, command.p2)) + length + command.data)


def response_mac(s_rmac: bytes, chaining: bytes, data: bytes, sw: int) -> bytes:
    """Return the full R-MAC of a response whose data is as sent (Amendment D 6.2.5)."""
    return cmac(s_rmac, chaining + data + sw.to_bytes(2, "big"))


def _cipher(s_enc: bytes, counter: int, *, response: bool) -> Cipher[modes.CBC]:
    block = counter.to_bytes(BLOCK, "big")
    if response:
        block = b"\x80" + block[1:]
    return Cipher(_aes(s_enc), modes.CBC(_blocks(s_enc).update(block)))


def encrypt(s_enc: bytes, counter: int, data: bytes, *, response: bool = False) -> bytes:
    """Return the data padded and ciphered under the counter of its command (Amendment D 6.2.6, 6.2.7)."""
    context = _cipher(s_enc, counter, response=response).encryptor()
    return context.update(pad(data)) + context.finalize()


def decrypt(s_enc: bytes, counter: int, data: bytes, *, response: bool = False) -> bytes | None:
    """Return the deciphered data without padding, None when length or padding are not legal."""
    if not data or len(data) % BLOCK:
        return None
    context = _cipher(s_enc, counter, response=response).decryptor()
    return unpad(context.update(data) + context.finalize())
