"""The JPKI application's commands, card or phone: builders only, nothing is sent."""

from tsm.globalplatform.apdu import Command
from tsm.jpki.application import AID, CHALLENGE_LENGTH, SELECTED_FILE, Key

# A block that still fits one short command after C-ENC padding (to 240) and the 8-byte C-MAC.
UPDATE_BLOCK = 239

# --- commands for card and phone alike (facts 3.3)


def select_application() -> Command:
    """Build SELECT by AID, no answer data asked. Selecting again drops every login."""
    return Command(0x00, 0xA4, 0x04, 0x0C, AID)


def select_file(fid: int) -> Command:
    """Build SELECT EF under the current application."""
    return Command(0x00, 0xA4, 0x02, 0x0C, fid.to_bytes(2, "big"))


def read_binary(offset: int, le: int = 256) -> Command:
    """Build READ BINARY of the selected file, `le` bytes (1-256) from `offset` (0-32767)."""
    return Command(0x00, 0xB0, *_offset(offset), le=le)


def tries_left_query() -> Command:
    """Build the empty VERIFY of the selected password file: 63Cx tells the tries left and spends none."""
    return Command(0x00, 0x20, 0x00, SELECTED_FILE)


def verify(password: bytes) -> Command:
    """Build VERIFY of the selected password file; ASCII bytes, 1-16, no padding."""
    return Command(0x00, 0x20, 0x00, SELECTED_FILE, password)


def change_password(new: bytes) -> Command:
    """Build CHANGE REFERENCE DATA of the selected password file: after VERIFY, or while the phone's is not set."""
    return Command(0x00, 0x24, 0x01, SELECTED_FILE, new)


def sign(digest_info: bytes, key: Key | None = None) -> Command:
    """Build the signing command (P1=00: PKCS#1 v1.5 over the data as given, 1-245 bytes; answers 256 bytes).

    Without `key` the selected key file signs, with it the key named in P2 does.
    """
    return Command(0x80, 0x2A, 0x00, SELECTED_FILE if key is None else key, digest_info, le=256)


# --- commands for the phone's applet


def status() -> Command:
    """Build GET DATA DF40: keys, certificates and passwords present. Free, needs no session."""
    return Command(0x80, 0xCA, 0xDF, 0x40, le=256)


def generate_key_pair(ref: Key) -> Command:
    """Build GENERATE ASYMMETRIC KEY PAIR; answers 7F49, or 6985 when the key is already there."""
    return Command(0x80, 0x47, 0x00, ref, le=256)


def read_public_key(ref: Key) -> Command:
    """Build the reading form of GENERATE ASYMMETRIC KEY PAIR; answers 7F49, or 6A88 without a key."""
    return Command(0x80, 0x47, 0x01, ref, le=256)


def prove_possession(ref: Key, challenge: bytes) -> Command:
    """Build INTERNAL AUTHENTICATE over a 32-byte challenge; answers a signature over `proof_message`."""
    if len(challenge) != CHALLENGE_LENGTH:
        raise ValueError("a challenge has 32 bytes")
    return Command(0x80, 0x88, 0x00, ref, challenge, le=256)


def select_file_in_session(fid: int) -> Command:
    """Build SELECT EF as the TSM sends it, before writing or reading a certificate in the session."""
    return Command(0x80, 0xA4, 0x02, 0x0C, fid.to_bytes(2, "big"))


def read_binary_in_session(offset: int, le: int = UPDATE_BLOCK) -> Command:
    """Build READ BINARY as the TSM sends it: certificate files whatever their password."""
    return Command(0x80, 0xB0, *_offset(offset), le=le)


def update_binary(content: bytes, block: int = UPDATE_BLOCK) -> list[Command]:
    """Build the UPDATE BINARY commands that write `content` to the selected file, from its beginning.

    A write at offset 0 starts the file anew, so a torn series is simply sent again.
    """
    return [
        Command(0x80, 0xD6, *_offset(offset), content[offset : offset + block])
        for offset in range(0, len(content), block)
    ]


def read_back(length: int, block: int = UPDATE_BLOCK) -> list[Command]:
    """Build the READ BINARY commands by which the TSM reads back the first `length` bytes of the selected file."""
    return [read_binary_in_session(offset, min(block, length - offset)) for offset in range(0, length, block)]


def return_to_not_set(ref: Key) -> Command:
    """Build RESET RETRY COUNTER without data: this key's password is "not set" again, the key rests until it is set."""
    return Command(0x80, 0x2C, 0x00, ref.password_reference)


def _offset(offset: int) -> tuple[int, int]:
    if not 0 <= offset <= 0x7FFF:
        raise ValueError("an offset has 15 bits")
    return offset >> 8, offset & 0xFF
