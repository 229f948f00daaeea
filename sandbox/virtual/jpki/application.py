"""The JPKI application's core: files, passwords, keys and the commands that card and phone share.

Behaves as jpki-facts 3.2 and 3.3 say, status word by status word. What differs between the media stands in
`card` and `applet`.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Self, TypedDict

from sandbox.virtual.applet import Refusal
from sandbox.virtual.jpki.key_pair import KeyPair
from sandbox.virtual.jpki.password import Password, PasswordRecord
from sandbox.virtual.jpki.status import (
    SW_CLASS_NOT_FOR_READING,
    SW_END_OF_FILE,
    SW_TRIES_LEFT,
    SW_WRONG_ANSWER_LENGTH,
    SW_WRONG_FILE_KIND,
)
from sandbox.virtual.jpki.token_info import token_info
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.status import (
    SW_CLASS_NOT_SUPPORTED,
    SW_COMMAND_NOT_ALLOWED,
    SW_CONDITIONS_OF_USE,
    SW_INSTRUCTION_NOT_SUPPORTED,
    SW_NOT_FOUND,
    SW_OK,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_SECURITY_STATUS,
    SW_WRONG_LENGTH,
    SW_WRONG_OFFSET,
    SW_WRONG_P1_P2,
)
from tsm.jpki import CERTIFICATE_FILES, MODULUS_LENGTH, SELECTED_FILE, File, Key, PasswordState

Answer = tuple[bytes, int]

PRESENT, ABSENT = 0x8F, 0x00
SHORT_FILE_FORM = 0x80


class ApplicationState(TypedDict):
    serial_number: str
    certificates: dict[str, str]
    keys: dict[str, str]
    passwords: dict[str, PasswordRecord]


class JpkiApplication:
    """The application on one medium. `commit` is called whenever a counter must be kept before going on."""

    LABEL: ClassVar[str]
    MODEL: ClassVar[str]
    # Which certificate needs which password before it is read.
    GUARDED: ClassVar[dict[File, Key]]
    SETS_FIRST_PASSWORD: ClassVar[bool]

    def __init__(self, *, serial_number: str, passwords: dict[Key, Password]) -> None:
        self.serial_number = serial_number
        self.passwords = passwords
        self.keys: dict[Key, KeyPair] = {}
        self.certificates: dict[File, bytes] = {}
        self.commit: Callable[[], None] = lambda: None
        self._selected: File | None = None

    # --- life

    @classmethod
    def restore(cls, state: Any) -> Self:
        """Read what `state` returned: everything but the selection and the logins."""
        passwords = {Key[name]: Password.restore(Key[name], record) for name, record in state["passwords"].items()}
        application = cls(serial_number=state["serial_number"], passwords=passwords)
        application.keys = {Key[name]: KeyPair.restore(key) for name, key in state["keys"].items()}
        application.certificates = {File[name]: bytes.fromhex(der) for name, der in state["certificates"].items()}
        return application

    def state(self) -> Any:
        """Return the persistent state, JSON-able and in a fixed order."""
        return ApplicationState(
            serial_number=self.serial_number,
            certificates={file.name: self.certificates[file].hex() for file in sorted(self.certificates)},
            keys={key.name: self.keys[key].state() for key in sorted(self.keys)},
            passwords={key.name: self.passwords[key].record() for key in sorted(self.passwords)},
        )

    def select(self) -> None:
        """Begin anew: no file selected, nobody logged in."""
        self._selected = None
        for password in self.passwords.values():
            password.verified = False

    deselect = select

    def has_certificate(self, file: File) -> bool:
        """Return whether a whole certificate lies in the file; a torn write leaves half of one."""
        content = self.certificates.get(file, b"")
        return content[:2] == b"\x30\x82" and len(content) >= int.from_bytes(content[2:4], "big") + 4

    def private_key(self, key: Key) -> bytes | None:
        """Return the private key (PKCS #8, DER), or None: no command does this; a test world's owner may."""
        return bytes.fromhex(self.keys[key].state()) if key in self.keys else None

    # --- commands

    def execute(self, command: Command) -> Answer:
        """Carry out one clear command; raises Refusal."""
        handlers = {
            0xA4: (0x00, self._select_file),
            0xB0: (0x00, self._read_binary),
            0x20: (0x00, self._verify),
            0x24: (0x00, self._change_password),
            0x2A: (0x80, self._sign),
        }
        if command.ins not in handlers:
            raise Refusal(SW_INSTRUCTION_NOT_SUPPORTED)
        cla, handler = handlers[command.ins]
        if command.cla != cla:
            reading = (command.cla, command.ins) == (0x08, 0xB0)
            raise Refusal(SW_CLASS_NOT_FOR_READING if reading else SW_CLASS_NOT_SUPPORTED)
        return handler(command)

    def _select_file(self, command: Command) -> Answer:
        self._selected = self._named_file(command, self._exists)
        return b"", SW_OK

    def _named_file(self, command: Command, exists: Callable[[File], bool]) -> File:
        if command.p1 != 0x02 or command.p2 not in (0x00, 0x0C):
            raise Refusal(SW_WRONG_P1_P2)
        if len(command.data) != 2:
            raise Refusal(SW_WRONG_LENGTH)
        return _file(int.from_bytes(command.data, "big"), exists)

    def _read_binary(self, command: Command) -> Answer:
        if command.p1 & SHORT_FILE_FORM:
            if command.p1 & 0x60:
                raise Refusal(SW_WRONG_P1_P2)
            self._selected = _file(command.p1 & 0x1F, self._exists)
            offset = command.p2
        else:
            offset = command.p1 << 8 | command.p2
        if self._selected is None:
            raise Refusal(SW_COMMAND_NOT_ALLOWED)
        guard = self.GUARDED.get(self._selected)
        if guard is not None and not self.passwords[guard].verified:
            raise Refusal(SW_SECURITY_STATUS)
        return read(self._content(self._selected), offset, command)

    def _verify(self, command: Command) -> Answer:
        password = self._selected_password(command, p1=0x00)
        if not command.data:
            return b"", SW_TRIES_LEFT | password.tries_left
        try:
            password.verify(command.data, self.commit)
        finally:
            self.commit()
        return b"", SW_OK

    def _change_password(self, command: Command) -> Answer:
        password = self._selected_password(command, p1=0x01)
        password.change(command.data, free_when_not_set=self.SETS_FIRST_PASSWORD)
        self.commit()
        return b"", SW_OK

    def _selected_password(self, command: Command, p1: int) -> Password:
        if command.p1 != p1 or command.p2 != SELECTED_FILE:
            raise Refusal(SW_WRONG_P1_P2)
        if self._selected is None:
            raise Refusal(SW_COMMAND_NOT_ALLOWED)
        for key, password in self.passwords.items():
            if key.password_file is self._selected:
                return password
        raise Refusal(SW_WRONG_FILE_KIND)

    def _sign(self, command: Command) -> Answer:
        key = self._named_key(command)
        password = self.passwords[key]
        if not self._is_in_use(key):
            raise Refusal(SW_CONDITIONS_OF_USE)
        if key not in self.keys:
            raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
        if not password.verified:
            raise Refusal(SW_SECURITY_STATUS)
        if command.le is not None and command.le < MODULUS_LENGTH:
            raise Refusal(SW_WRONG_ANSWER_LENGTH)
        return self.keys[key].sign(command.p1, command.data), SW_OK

    def _is_in_use(self, key: Key) -> bool:
        return self.passwords[key].state is not PasswordState.NOT_SET

    def _named_key(self, command: Command) -> Key:
        if command.p2 != SELECTED_FILE:
            return key_of(command.p2)
        if self._selected is None:
            raise Refusal(SW_COMMAND_NOT_ALLOWED)
        for key in Key:
            if key.file is self._selected:
                return key
        raise Refusal(SW_WRONG_FILE_KIND)

    # --- files

    def _exists(self, file: File) -> bool:
        if file in CERTIFICATE_FILES:
            return bool(self.certificates.get(file))
        return all(key.file is not file or key in self.keys for key in Key)

    def _content(self, file: File) -> bytes:
        if file in CERTIFICATE_FILES:
            return self.certificates[file]
        if file is File.TOKEN_INFO:
            return token_info(label=self.LABEL, model=self.MODEL, serial_number=self.serial_number)
        if file is File.AVAILABILITY:
            present = [PRESENT if self.has_certificate(key.certificate_file) else ABSENT for key in reversed(Key)]
            return bytes([*present, 0x00])
        raise Refusal(SW_SECURITY_STATUS)


def key_of(reference: int) -> Key:
    """Return the key that a reference in P2 names; raises Refusal 6A86."""
    for key in Key:
        if key == reference:
            return key
    raise Refusal(SW_WRONG_P1_P2)


def read(content: bytes, offset: int, command: Command) -> Answer:
    """Return `le` bytes from `offset`: 6B00 past the end, 6282 with what there is where more was asked than that."""
    if command.data or command.le is None:
        raise Refusal(SW_WRONG_LENGTH)
    if offset >= len(content):
        raise Refusal(SW_WRONG_OFFSET)
    # ISO 7816-4 5.1: Le 00 asks for all there is, so less than 256 bytes is no warning then.
    whole = command.le in (256, 65536)
    found = content[offset : offset + command.le]
    return found, SW_OK if whole or len(found) == command.le else SW_END_OF_FILE


def _file(fid: int, exists: Callable[[File], bool]) -> File:
    if fid not in File._value2member_map_ or not exists(File(fid)):
        raise Refusal(SW_NOT_FOUND)
    return File(fid)
