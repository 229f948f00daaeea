"""Keys of SCP03 and what is derived from them (Amendment D 4.1.5, 6.2.1, 6.2.2)."""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation
from cryptography.hazmat.primitives.kdf.kbkdf import Mode as KdfMode

PROTOCOL: Final = 0x03

# Bits of the i parameter (Amendment D 5.1; b1 since version 1.2).
I_S16: Final = 0x01
I_PSEUDO_RANDOM: Final = 0x10
I_R_MAC: Final = 0x20
I_R_MAC_R_ENC: Final = 0x60

# Data derivation constants (Amendment D table 4-1).
CARD_CRYPTOGRAM: Final = 0x00
HOST_CRYPTOGRAM: Final = 0x01
CARD_CHALLENGE: Final = 0x02
S_ENC: Final = 0x04
S_MAC: Final = 0x06
S_RMAC: Final = 0x07

MAX_SEQUENCE_COUNTER: Final = 0xFFFFFF
KEY_LENGTHS: Final = (16, 24, 32)


class Mode(IntEnum):
    """Length in bytes of challenges, cryptograms and MACs."""

    S8 = 8
    S16 = 16


class SecurityLevel(IntFlag):
    """Security level of a session, as P1 of EXTERNAL AUTHENTICATE (Amendment D table 7-4); 0 is authentication only."""

    AUTHENTICATED = 0x00
    C_MAC = 0x01
    C_DEC = 0x02
    R_MAC = 0x10
    R_ENC = 0x20


LEVELS: Final = frozenset((0x00, 0x01, 0x03, 0x11, 0x13, 0x33))
FULL_SECURITY: Final = SecurityLevel(0x33)


def _cbc(key: bytes, data: bytes, *, decrypt: bool) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16)))
    context = cipher.decryptor() if decrypt else cipher.encryptor()
    return context.update(data) + context.finalize()


def encrypt_sensitive(dek: bytes, data: bytes) -> bytes:
    """Return data of a multiple of 16 bytes under a static DEK, AES-CBC with a zero IV (Amendment D 4.1.4)."""
    return _cbc(dek, data, decrypt=False)


def decrypt_sensitive(dek: bytes, data: bytes) -> bytes:
    """Return what `encrypt_sensitive` was given."""
    return _cbc(dek, data, decrypt=True)


def key_check_value(key: bytes) -> bytes:
    """Return the three-byte key check value of an AES key (GPCS B.6)."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - one block, as the standard says
    return encryptor.update(b"\x01" * 16)[:3]


@dataclass(frozen=True)
class KeySet:
    """Static keys ENC, MAC and DEK of one length (16, 24 or 32 bytes) under one key version number."""

    enc: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    dek: bytes = field(repr=False)
    version: int

    def __post_init__(self) -> None:
        """Refuse keys of no or of different AES lengths."""
        if len(self.enc) not in KEY_LENGTHS or not len(self.enc) == len(self.mac) == len(self.dek):
            raise ValueError("ENC, MAC and DEK have one common length of 16, 24 or 32 bytes")
        if not 1 <= self.version <= 0xFF:
            raise ValueError("a key version number is 01 to FF")

    @property
    def keys(self) -> tuple[bytes, bytes, bytes]:
        """Return ENC, MAC, DEK: key identifiers 1, 2, 3."""
        return self.enc, self.mac, self.dek


def derive(key: bytes, constant: int, context: bytes, length: int) -> bytes:
    """Return `length` bytes derived by NIST SP 800-108 counter mode with AES-CMAC (Amendment D 4.1.5)."""
    fixed = bytes(11) + bytes((constant, 0)) + (length * 8).to_bytes(2, "big") + context
    kdf = KBKDFCMAC(
        algorithm=algorithms.AES,
        mode=KdfMode.CounterMode,
        length=length,
        rlen=1,
        llen=None,
        location=CounterLocation.MiddleFixed,
        break_location=15,
        label=None,
        context=None,
        fixed=fixed,
    )
    return kdf.derive(key)


def card_challenge(key_enc: bytes, sequence_counter: int, aid: bytes, mode: Mode = Mode.S8) -> bytes:
    """Return the pseudo-random card challenge for the counter value in use and the selected application."""
    return derive(key_enc, CARD_CHALLENGE, sequence_counter.to_bytes(3, "big") + aid, mode)


@dataclass(frozen=True)
class SessionKeys:
    """The three session keys and the two cryptograms that prove them."""

    enc: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    rmac: bytes = field(repr=False)
    card_cryptogram: bytes
    host_cryptogram: bytes

    @classmethod
    def derived(cls, keys: KeySet, host_challenge: bytes, card_challenge: bytes, mode: Mode) -> Self:
        """Return the session keys for both challenges."""
        context = host_challenge + card_challenge
        size = len(keys.enc)
        mac = derive(keys.mac, S_MAC, context, size)
        return cls(
            enc=derive(keys.enc, S_ENC, context, size),
            mac=mac,
            rmac=derive(keys.mac, S_RMAC, context, size),
            card_cryptogram=derive(mac, CARD_CRYPTOGRAM, context, mode),
            host_cryptogram=derive(mac, HOST_CRYPTOGRAM, context, mode),
        )
