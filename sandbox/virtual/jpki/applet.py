"""The JPKI application of a phone: an applet of the secure element, personalised by the TSM in its session.

Key pairs are generated here and never leave; passwords are set on the phone and never leave either; what the
TSM may do it does under C-MAC, and it can neither sign a text of its choice nor learn a password.
"""

from collections.abc import Callable
from typing import ClassVar, Self

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
    SW_WRONG_LENGTH,
    SW_WRONG_OFFSET,
    SW_WRONG_P1_P2,
)
from tsm.jpki import CERTIFICATE_FILES, CHALLENGE_LENGTH, PHONE_LABEL, TAG_STATUS, File, Key, proof_message

CLA = 0x80
# Room for a certificate: those of the card take about 1.8 kB.
LARGEST_FILE = 4096


class JpkiApplet(JpkiApplication):
    """The application on a phone. The authentication certificate needs its PIN; passwords begin "not set"."""

    LABEL = PHONE_LABEL
    MODEL = "GPSE"
    GUARDED: ClassVar = {File.SIGNATURE_CERTIFICATE: Key.SIGNATURE, File.AUTHENTICATION_CERTIFICATE: Key.AUTHENTICATION}
    SETS_FIRST_PASSWORD = True

    @classmethod
    def install(cls, *, instance_aid: bytes, parameters: bytes, random: Callable[[int], bytes]) -> Self:
        """Make a fresh instance: no keys, no certificates, no passwords. `parameters` are not used."""
        passwords = {key: Password.create(key, None) for key in Key}
        return cls(serial_number=random(8).hex().upper(), passwords=passwords)

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
        pair = self._pair(key)
        return pair.sign(Mode.HASH, proof_message(key, pair.modulus, command.data)), SW_OK

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
