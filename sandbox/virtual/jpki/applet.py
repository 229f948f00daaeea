"""The JPKI application of a phone: an applet of the secure element, personalised by the TSM in its session.

Key pairs are generated here and never leave; passwords are set on the phone and never leave either; what the
TSM may do it does under C-MAC, and it can neither sign a text of its choice nor learn a password.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Self

from sandbox.virtual import data_groups
from sandbox.virtual.applet import Refusal
from sandbox.virtual.jpki.application import Answer, JpkiApplication, key_of, read
from sandbox.virtual.jpki.key_pair import KeyPair, Mode
from sandbox.virtual.jpki.password import Password
from tsm.globalplatform import tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import SecurityLevel
from tsm.globalplatform.status import (
    SW_COMMAND_NOT_ALLOWED,
    SW_CONDITIONS_OF_USE,
    SW_NOT_ENOUGH_MEMORY,
    SW_OK,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_SECURITY_STATUS,
    SW_WRONG_DATA,
    SW_WRONG_LENGTH,
    SW_WRONG_OFFSET,
    SW_WRONG_P1_P2,
)
from tsm.jpki import (
    CERTIFICATE_FILES,
    CHALLENGE_LENGTH,
    PHONE_LABEL,
    TAG_STATUS,
    File,
    Key,
    PasswordState,
    proof_message,
)

CLA = 0x80
# Data groups of STORE DATA: certificate files by identifier, and these two, each with the TSM's challenge: the key pair
# is generated unless it is there, and answered with its proof of possession.
KEY_GROUPS = {key & 0xFF: key for key in Key}
TAG_PROOF = 0x9E
IN_DATA_GROUPS, FORMAT, ANSWER_EXPECTED, LAST_BLOCK = 0x08, 0x18, 0x01, 0x80
# Room for a certificate: those of the card take about 1.8 kB.
LARGEST_FILE = 4096


class JpkiApplet(JpkiApplication):
    """The application on a phone. The authentication certificate needs its PIN; passwords begin "not set"."""

    LABEL = PHONE_LABEL
    MODEL = "GPSE"
    GUARDED: ClassVar = {File.SIGNATURE_CERTIFICATE: Key.SIGNATURE, File.AUTHENTICATION_CERTIFICATE: Key.AUTHENTICATION}
    SETS_FIRST_PASSWORD = True

    def __init__(self, *, serial_number: str, passwords: dict[Key, Password]) -> None:
        super().__init__(serial_number=serial_number, passwords=passwords)
        # Both passwords have been set once: before that no key is used, afterwards each waits for its own only.
        self.taken_over = False
        self._stored = b""

    @classmethod
    def install(cls, *, instance_aid: bytes, parameters: bytes, random: Callable[[int], bytes]) -> Self:
        """Make a fresh instance: no keys, no certificates, no passwords. `parameters` are not used."""
        passwords = {key: Password.create(key, None) for key in Key}
        return cls(serial_number=random(8).hex().upper(), passwords=passwords)

    @classmethod
    def restore(cls, state: Any) -> Self:
        applet = super().restore(state)
        taken = any(password.state is not PasswordState.NOT_SET for password in applet.passwords.values())
        applet.taken_over = state.get("taken_over", taken)  # states from before there was this
        return applet

    def state(self) -> Any:
        return {**super().state(), "taken_over": self.taken_over}

    def store_data(self, command: Command) -> bytes:
        """Write certificates and make key pairs as its security domain says; all of a block's groups, or none.

        Raises Refusal 6A80 (unknown or cut off), 6A84, 6A86 (no data groups, or a key pair without an answer).
        """
        before = b"" if command.p2 == 0 else self._stored
        self._stored = b""
        if command.p1 & FORMAT != IN_DATA_GROUPS:
            raise Refusal(SW_WRONG_P1_P2)
        groups, rest = data_groups.split(before + command.data)
        if rest and (command.p1 & LAST_BLOCK or len(rest) > LARGEST_FILE):
            raise Refusal(SW_WRONG_DATA)
        for group, value in groups:
            self._check_group(group, value, answered=bool(command.p1 & ANSWER_EXPECTED))
        answer = b"".join(self._take_group(group, value) for group, value in groups)
        self._stored = rest
        return answer

    def _check_group(self, group: int, value: bytes, *, answered: bool) -> None:
        if group in KEY_GROUPS:
            if not answered:
                raise Refusal(SW_WRONG_P1_P2)
            fits = len(value) == CHALLENGE_LENGTH
        else:
            fits = group in CERTIFICATE_FILES and bool(value)
        if not fits:
            raise Refusal(SW_WRONG_DATA)
        if len(value) > LARGEST_FILE:
            raise Refusal(SW_NOT_ENOUGH_MEMORY)

    def _take_group(self, group: int, value: bytes) -> bytes:
        if group not in KEY_GROUPS:
            self.certificates[File(group)] = value
            return b""
        key = KEY_GROUPS[group]
        if key not in self.keys:
            self.keys[key] = KeyPair.generate()
        return self.keys[key].template() + tlv.encode(TAG_PROOF, self._proof(key, value))

    def _is_in_use(self, key: Key) -> bool:
        return self.taken_over and super()._is_in_use(key)

    def _change_password(self, command: Command) -> Answer:
        answer = super()._change_password(command)
        self.taken_over |= all(password.state is not PasswordState.NOT_SET for password in self.passwords.values())
        return answer

    def process(self, command: Command, *, secure: SecurityLevel | None) -> Answer:
        """Carry out one clear command of a session of this level; raises Refusal."""
        if command.cla != CLA or command.ins == 0x2A:
            return self.execute(command)
        if command.ins == 0xCA:
            return self._get_data(command)
        return self._personalise(command, secure)

    def _personalise(self, command: Command, secure: SecurityLevel | None) -> Answer:
        handlers = {
            0x47: self._key_pair,
            0x88: self._prove_possession,
            0xA4: self._select_any_certificate,
            0xB0: self._read_any_certificate,
            0xD6: self._update_binary,
            0x2C: self._return_to_not_set,
        }
        if command.ins not in handlers:
            return self.execute(command)
        if secure is None or not secure & SecurityLevel.C_MAC:
            raise Refusal(SW_SECURITY_STATUS)
        return handlers[command.ins](command)

    def _key_pair(self, command: Command) -> Answer:
        if command.p1 not in (0x00, 0x01):
            raise Refusal(SW_WRONG_P1_P2)
        key = key_of(command.p2)
        if command.data:
            raise Refusal(SW_WRONG_LENGTH)
        if command.p1 == 0x00:
            if key in self.keys:
                raise Refusal(SW_CONDITIONS_OF_USE)
            self.keys[key] = KeyPair.generate()
        return self._pair(key).template(), SW_OK

    def _prove_possession(self, command: Command) -> Answer:
        if command.p1 != 0x00:
            raise Refusal(SW_WRONG_P1_P2)
        key = key_of(command.p2)
        if len(command.data) != CHALLENGE_LENGTH:
            raise Refusal(SW_WRONG_LENGTH)
        return self._proof(key, command.data), SW_OK

    def _proof(self, key: Key, challenge: bytes) -> bytes:
        pair = self._pair(key)
        return pair.sign(Mode.HASH, proof_message(key, pair.modulus, challenge))

    def _pair(self, key: Key) -> KeyPair:
        if key not in self.keys:
            raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
        return self.keys[key]

    def _select_any_certificate(self, command: Command) -> Answer:
        self._selected = self._named_file(command, lambda file: file in CERTIFICATE_FILES)
        return b"", SW_OK

    def _read_any_certificate(self, command: Command) -> Answer:
        return read(self.certificates.get(self._selected_certificate(), b""), _offset(command), command)

    def _update_binary(self, command: Command) -> Answer:
        file, offset = self._selected_certificate(), _offset(command)
        if not command.data:
            raise Refusal(SW_WRONG_LENGTH)
        if offset + len(command.data) > LARGEST_FILE:
            raise Refusal(SW_NOT_ENOUGH_MEMORY)
        content = self.certificates.get(file, b"")
        if offset > len(content):
            raise Refusal(SW_WRONG_OFFSET)
        tail = content[offset + len(command.data) :] if offset else b""
        self.certificates[file] = content[:offset] + command.data + tail
        return b"", SW_OK

    def _selected_certificate(self) -> File:
        if self._selected is None:
            raise Refusal(SW_COMMAND_NOT_ALLOWED)
        if self._selected not in CERTIFICATE_FILES:
            raise Refusal(SW_SECURITY_STATUS)
        return self._selected

    def _return_to_not_set(self, command: Command) -> Answer:
        if command.p1 != 0x00:
            raise Refusal(SW_WRONG_P1_P2)
        if command.data:
            raise Refusal(SW_WRONG_LENGTH)
        for key, password in self.passwords.items():
            if key.password_reference == command.p2:
                password.return_to_not_set()
                return b"", SW_OK
        raise Refusal(SW_WRONG_P1_P2)

    def _get_data(self, command: Command) -> Answer:
        if (command.p1 << 8 | command.p2) != TAG_STATUS:
            raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
        keys = sum(key.status_bit for key in self.keys)
        certificates = sum(key.status_bit for key in Key if self.has_certificate(key.certificate_file))
        pin, password = self.passwords[Key.AUTHENTICATION], self.passwords[Key.SIGNATURE]
        tries = pin.tries_left << 4 | password.tries_left
        return tlv.encode(TAG_STATUS, bytes([keys, certificates, pin.state, password.state, tries])), SW_OK


def _offset(command: Command) -> int:
    if command.p1 & 0x80:
        raise Refusal(SW_WRONG_P1_P2)
    return command.p1 << 8 | command.p2
