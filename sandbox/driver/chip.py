"""What the hand-off's page does with a chip, APDU by APDU: as portal/static/phone/jpki.js, in the same order.

The PIN or password goes into the chip and is kept by nobody.
"""

import hashlib
from dataclasses import dataclass

from ca.profiles import Purpose
from tsm import jpki
from tsm.globalplatform.apdu import Command
from tsm.jpki import File, Key, PasswordState
from tsm.purposes import KEYS
from tsm.transports.base import Transport
from tsm.transports.chaining import Chaining

READ_SIZE = 256
LARGEST_CERTIFICATE = 4096
_GOOD = (0x9000, 0x6282)


class ChipRefused(Exception):
    """What went wrong at the chip, by jpki.js's codes."""

    def __init__(self, code: str, status_word: int, step: str, tries_left: int | None = None) -> None:
        super().__init__(f"{code} ({status_word:04X} at {step})")
        self.code, self.status_word, self.step, self.tries_left = code, status_word, step, tries_left


@dataclass
class Played:
    """A powered session with a chip."""

    chip: Transport

    def play(self, step: str, command: Command, *, may_end: bool = False) -> bytes | None:
        """Send one command; return its data, or None where it `may_end` and did. Raises ChipRefused."""
        answer = Chaining(self.chip).transmit(command.encode())
        word = int.from_bytes(answer[-2:], "big")
        if word in _GOOD:
            return answer[:-2]
        if may_end:
            return None
        raise _refusal(step, word)

    def open(self, purpose: Purpose, secret: str) -> Key:
        """Select the application and show it the PIN or password. Raises ChipRefused."""
        key = KEYS[purpose]
        self.play("select application", jpki.select_application())
        self.play("select password", jpki.select_file(key.password_file))
        try:
            self.play("verify", jpki.verify(secret.encode("ascii", "replace")))
        except ChipRefused as refused:
            # No certificate, and a password that was never set, answer like a blocked one: ask which it is.
            raise self._which(refused, key) from None
        return key

    def certificate(self, key: Key) -> bytes:
        """Return the certificate, DER. Raises ChipRefused."""
        self.play("select certificate", jpki.select_file(key.certificate_file))
        read = b""
        for offset in range(0, LARGEST_CERTIFICATE, READ_SIZE):
            part = self.play("read", jpki.read_binary(offset, READ_SIZE), may_end=offset > 0)
            if not part:
                break
            read += part
        try:
            length = jpki.certificate_length(read[:4])
        except jpki.AnswerMalformed:
            raise ChipRefused("certificate_missing", 0x9000, "read") from None
        if len(read) < length:
            raise ChipRefused("certificate_missing", 0x9000, "read")
        return read[:length]

    def sign(self, key: Key, message: bytes) -> bytes:
        """Return the signature (PKCS#1 v1.5, SHA-256) over the message. Raises ChipRefused."""
        self.play("select key", jpki.select_file(key.file))
        return self.play("sign", jpki.sign(jpki.digest_info(hashlib.sha256(message).digest()))) or b""

    def _which(self, refused: ChipRefused, key: Key) -> ChipRefused:
        if refused.status_word != 0x6984:
            return refused
        self.play("select application", jpki.select_application())
        told = self.play("status", jpki.status(), may_end=True)
        if told is None:  # a card
            return refused
        known = jpki.parse_status(told)
        if known.passwords[key] is PasswordState.NOT_SET:
            return ChipRefused("password_not_set", 0x6984, "verify")
        if key not in known.certificates:
            return ChipRefused("certificate_missing", 0x6984, "verify")
        return refused


def tries(chip: Transport) -> dict[Purpose, int]:
    """Return how many tries each of a chip's passwords has left; a card's and an element's alike."""
    played, left = Chaining(chip), {}
    played.transmit(jpki.select_application().encode())
    for purpose, key in KEYS.items():
        played.transmit(jpki.select_file(File(key.password_file)).encode())
        answer = played.transmit(jpki.tries_left_query().encode())
        left[purpose] = jpki.tries_left(int.from_bytes(answer[-2:], "big")) or 0
    return left


def _refusal(step: str, word: int) -> ChipRefused:
    if step in ("verify", "set password"):
        left = jpki.tries_left(word)
        if left is not None:
            return ChipRefused("password_wrong" if left else "password_blocked", word, step, left)
        if word in (0x6A80, 0x6700):
            return ChipRefused("password_format", word, step)
    if step == "select application" and word == 0x6A82:
        return ChipRefused("application_missing", word, step)
    if step in ("select certificate", "read"):
        return ChipRefused("certificate_missing", word, step)
    if step == "select key" or (step == "sign" and word == 0x6A88):
        return ChipRefused("key_missing", word, step)
    if word in (0x6982, 0x6985):
        return ChipRefused("not_allowed", word, step)
    return ChipRefused("device_refused", word, step)
