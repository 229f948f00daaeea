"""What a citizen does by hand at a chip, card or phone: the same APDUs as the pages' JavaScript sends (jpki.js).

A password goes into the chip and nowhere else: none stands in an error, a log or a trace.
"""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sandbox import power
from sandbox.errors import ChipCertificateMissing, ChipPasswordBlocked, ChipPasswordWrong, ChipRefused
from sandbox.models import VirtualCard, VirtualPhone
from tsm import jpki
from tsm.globalplatform.apdu import Command
from tsm.jpki import ApplicationStatus, Key, PasswordState
from tsm.transports.base import Transport
from tsm.transports.chaining import Chaining

BLOCK = 256  # bytes a read
GOOD = (0x9000, 0x6282)
SW_INVALIDATED, SW_BLOCKED = 0x6984, 0x6983
SW_TRIES = 0x63C0
Step = tuple[str, Command]


@dataclass(frozen=True)
class Signed:
    """A certificate (DER), and a signature by its key: PKCS#1 v1.5 over SHA-256."""

    certificate: bytes
    signature: bytes


@dataclass(frozen=True)
class PhonePasswords:
    """What the holder of a phone chose in it."""

    signature: str
    user_authentication: str

    def of(self, key: Key) -> str:
        return self.signature if key is Key.SIGNATURE else self.user_authentication


def sign_with_card(row: VirtualCard, key: Key, secret: str, message: bytes) -> Signed:
    """Lay the card on the reader, type the password, and have it sign.

    Raises ChipPasswordWrong, ChipPasswordBlocked, ChipCertificateMissing, ChipRefused, ReaderBusy.
    """
    return _sign(power.card(row), key, secret, message)


def sign_with_phone(row: VirtualPhone, key: Key, secret: str, message: bytes) -> Signed:
    """Type the password on the phone and have its element sign. Raises as `sign_with_card` does."""
    return _sign(power.app(row), key, secret, message)


def read_certificate(session: AbstractContextManager[Transport], key: Key, secret: str) -> bytes:
    """Return the certificate (DER), read after its password. Raises as `sign_with_card` does."""
    with session as chip:
        talk = _Talk(chip, key)
        talk.log_in(secret)
        return talk.certificate()


def sign_digest(session: AbstractContextManager[Transport], key: Key, secret: str, digest: bytes) -> bytes:
    """Return the signature over a SHA-256 digest. Raises as `sign_with_card` does."""
    with session as chip:
        talk = _Talk(chip, key)
        talk.log_in(secret)
        return talk.sign(digest)


def set_passwords(row: VirtualPhone, chosen: PhonePasswords) -> None:
    """Set both passwords of a phone for the first time; one that an attempt before has set is verified instead.

    Raises as `sign_with_card` does.
    """
    with power.app(row) as chip:
        known = _status(chip)
        state = known.passwords
        if PasswordState.BLOCKED in state.values():
            raise ChipPasswordBlocked("a password of the phone is blocked")
        steps: list[Step] = [("select application", jpki.select_application())]
        # Settings before verifications: while one of the two is not set, the application verifies neither.
        for unset, name, build in (
            (True, "set password", jpki.change_password),
            (False, "verify", jpki.verify),
        ):
            for key in (Key.SIGNATURE, Key.AUTHENTICATION):
                if (state[key] is PasswordState.NOT_SET) is unset:
                    steps.append(("select password", jpki.select_file(key.password_file)))
                    steps.append((name, build(chosen.of(key).encode())))
        play(chip, steps)


def set_password(row: VirtualPhone, key: Key, secret: str) -> None:
    """Set one password of a phone that is "not set", as after it was unblocked. Raises as `sign_with_card` does."""
    with power.app(row) as chip:
        play(
            chip,
            [
                ("select application", jpki.select_application()),
                ("select password", jpki.select_file(key.password_file)),
                ("set password", jpki.change_password(secret.encode())),
            ],
        )


def log_in(row: VirtualPhone, key: Key, secret: str) -> None:
    """Type a password on the phone, and do nothing with it. Raises as `sign_with_card` does."""
    with power.app(row) as chip:
        _Talk(chip, key).log_in(secret)


def status(row: VirtualPhone) -> ApplicationStatus:
    """Return what the phone's applet says of itself without a password. Raises ChipRefused, ReaderBusy."""
    with power.app(row) as chip:
        return _status(chip)


def tries_left(row: VirtualCard, key: Key) -> int:
    """Return how often a card's password may still be tried; 0: blocked. Raises ChipRefused, ReaderBusy."""
    with power.card(row) as chip:
        play(
            chip,
            [
                ("select application", jpki.select_application()),
                ("select password", jpki.select_file(key.password_file)),
            ],
        )
        answer = chip.transmit(jpki.tries_left_query().encode())
        return int.from_bytes(answer[-2:], "big") & 0x0F


def play(chip: Transport, steps: Sequence[Step]) -> list[bytes]:
    """Play named commands; return the data of each answer. Raises what the first bad answer means."""
    whole = Chaining(chip)
    data = []
    for name, command in steps:
        answer = whole.transmit(command.encode())
        word = int.from_bytes(answer[-2:], "big")
        if word not in GOOD:
            raise _refused(name, word)
        data.append(answer[:-2])
    return data


def _sign(session: AbstractContextManager[Transport], key: Key, secret: str, message: bytes) -> Signed:
    with session as chip:
        talk = _Talk(chip, key)
        talk.log_in(secret)
        signature = talk.sign(hashlib.sha256(message).digest())
        return Signed(talk.certificate(), signature)


class _Talk:
    """One powered session about one key."""

    def __init__(self, chip: Transport, key: Key) -> None:
        self._chip, self._key = chip, key

    def log_in(self, secret: str) -> None:
        play(
            self._chip,
            [
                ("select application", jpki.select_application()),
                ("select password", jpki.select_file(self._key.password_file)),
            ],
        )
        try:
            play(self._chip, [("verify", jpki.verify(secret.encode()))])
        except ChipPasswordBlocked:
            # A card without this key answers like one whose password is blocked: its files tell which it is.
            if not self._has_key():
                raise ChipCertificateMissing("the chip has no such key") from None
            raise

    def sign(self, digest: bytes) -> bytes:
        steps = [
            ("select key", jpki.select_file(self._key.file)),
            ("sign", jpki.sign(jpki.digest_info(digest))),
        ]
        return play(self._chip, steps)[-1]

    def certificate(self) -> bytes:
        read = [("select certificate", jpki.select_file(self._key.certificate_file)), ("read", jpki.read_binary(0, 4))]
        length = jpki.certificate_length(play(self._chip, read)[-1])
        offsets = range(0, length, BLOCK)
        blocks = [("read", jpki.read_binary(offset, min(BLOCK, length - offset))) for offset in offsets]
        return b"".join(play(self._chip, blocks))

    def _has_key(self) -> bool:
        return self._chip.transmit(jpki.select_file(self._key.file).encode())[-2:] == b"\x90\x00"


def _status(chip: Transport) -> ApplicationStatus:
    answers = play(chip, [("select application", jpki.select_application()), ("status", jpki.status())])
    return jpki.parse_status(answers[-1])


def _refused(step: str, word: int) -> ChipRefused | ChipPasswordWrong | ChipPasswordBlocked | ChipCertificateMissing:
    if step in ("verify", "set password"):
        if word & 0xFFF0 == SW_TRIES and word & 0x0F:
            return ChipPasswordWrong("the chip compared: it is another password", tries_left=word & 0x0F)
        if word in (SW_TRIES, SW_INVALIDATED, SW_BLOCKED):
            return ChipPasswordBlocked("the password is blocked", tries_left=0)
    if step in ("select key", "select certificate", "read"):
        return ChipCertificateMissing("the chip has no certificate for this")
    return ChipRefused(f"the chip refused: {step}", step=step, status_word=f"{word:04X}")
