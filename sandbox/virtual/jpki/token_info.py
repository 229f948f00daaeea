"""EF 0006: what the token says of itself (PKCS#11 CK_TOKEN_INFO, big-endian, 160 bytes)."""

import struct

LENGTH = 160
# CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_RNG, as read off a card.
FLAGS = 0x0000040D
UNAVAILABLE = 0xFFFFFFFF


def token_info(*, label: str, model: str, serial_number: str) -> bytes:
    """Return the file's 160 bytes; `label` up to 32 characters, `model` and `serial_number` up to 16."""
    return struct.pack(
        ">32s32s16s16s7I4I2s2s16s",
        label.ljust(32).encode("ascii"),
        b"1".rjust(32, b"0"),
        model.ljust(16).encode("ascii"),
        serial_number.rjust(16, "0").encode("ascii"),
        FLAGS,
        *(1, 0, 1, 0),  # sessions: at most, open; read-write sessions: at most, open
        *(16, 6),  # a password's length: at most, at least
        *(UNAVAILABLE,) * 4,  # memory: public total, public free, private total, private free
        b"03",
        b"01",
        b"9" * 16,
    )
