"""A My Number Card with its JPKI application, as a reader sees it: power on, transmit.

The card's other applications (card face and its input aid, resident register) are absent: their AIDs answer 6A82.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Self

from sandbox.virtual.applet import Refusal
from sandbox.virtual.jpki import CardApplication, KeyPair, Password
from tsm.globalplatform import tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.errors import ApduMalformed
from tsm.globalplatform.status import (
    SW_COMMAND_NOT_ALLOWED,
    SW_INSTRUCTION_NOT_SUPPORTED,
    SW_NOT_FOUND,
    SW_OK,
    SW_WRONG_LENGTH,
    SW_WRONG_P1_P2,
)
from tsm.jpki import AID, CERTIFICATE_FILES, File, Key

ATR = bytes.fromhex("3BE000FF8131FE4514")
BY_NAME = 0x04
NO_FILE_YET = {0xB0, 0x20, 0x24, 0x2A}


class MyNumberCard:
    """A card. Its state outlives the power; the selected application and the logins do not."""

    def __init__(self, application: CardApplication) -> None:
        self._application = application
        self._application.commit = self._keep
        self._selected = False
        # Given the new state whenever it changes, and before a password is compared; for owners that must not
        # lose a counter when they are killed half-way.
        self.on_change: Callable[[bytes], None] | None = None

    # --- issuing

    @classmethod
    def manufacture(
        cls,
        *,
        authentication_pin: str,
        signature_password: str | None = None,
        with_signature: bool = True,
        serial_number: str | None = None,
    ) -> Self:
        """Make a card that generates its own keys; an issuer certifies `public_key` and calls `write_certificates`.

        Without signature (a holder under 15) there is neither signature key nor signature password.
        `serial_number` is up to 16 characters of the token's information. Raises ValueError for malformed passwords.
        """
        keys = {key: KeyPair.generate() for key in Key if with_signature or key is Key.AUTHENTICATION}
        return cls._make(keys, authentication_pin, signature_password, serial_number)

    @classmethod
    def personalise(
        cls,
        *,
        private_keys: Mapping[Key, bytes],
        certificates: Mapping[int, bytes],
        authentication_pin: str,
        signature_password: str | None = None,
        serial_number: str | None = None,
    ) -> Self:
        """Make a card of given private keys (PEM or DER, RSA-2048) and certificates (DER by file identifier)."""
        keys = {key: KeyPair.load(private) for key, private in private_keys.items()}
        card = cls._make(keys, authentication_pin, signature_password, serial_number)
        card.write_certificates(certificates)
        return card

    @classmethod
    def _make(
        cls, keys: dict[Key, KeyPair], pin: str, signature_password: str | None, serial_number: str | None
    ) -> Self:
        if (Key.SIGNATURE in keys) != (signature_password is not None):
            raise ValueError("a signature key and a signature password go together")
        values = {Key.AUTHENTICATION: pin, Key.SIGNATURE: signature_password}
        passwords = {
            key: Password.create(key, None if value is None else value.encode()) for key, value in values.items()
        }
        application = CardApplication(
            serial_number=serial_number or f"{secrets.randbelow(10**10):010d}", passwords=passwords
        )
        application.keys = keys
        return cls(application)

    def has(self, key: Key) -> bool:
        """Return whether the card has that key: a child's has none to sign with."""
        return key in self._application.keys

    def private_key(self, key: Key) -> bytes | None:
        """Return the private key (PKCS #8, DER), or None. No card gives it out; a test world's owner may have it."""
        return self._application.private_key(key)

    def public_key(self, key: Key) -> bytes:
        """Return the SubjectPublicKeyInfo (DER) of a key; raises KeyError where the card has none."""
        return self._application.keys[key].public_key

    def write_certificates(self, certificates: Mapping[int, bytes]) -> None:
        """Write certificates (DER) by file identifier (0001, 0002, 000A, 000B); empty bytes take one away."""
        for fid, der in certificates.items():
            if fid not in CERTIFICATE_FILES:
                raise ValueError(f"{fid:04X} is not a certificate's file")
            if der:
                self._application.certificates[File(fid)] = der
            else:
                self._application.certificates.pop(File(fid), None)
        self._keep()

    # --- life

    @classmethod
    def restore(cls, state: bytes) -> Self:
        """Read what `snapshot` returned; the card comes back without power."""
        return cls(CardApplication.restore(json.loads(state)))

    def snapshot(self) -> bytes:
        """Return the persistent state (JSON, the same bytes for the same state); it holds keys and passwords."""
        return json.dumps(self._application.state(), sort_keys=True, separators=(",", ":")).encode()

    def power_on(self) -> bytes:
        """Reset the card and return its ATR."""
        self._selected = False
        self._application.select()
        return ATR

    def transmit(self, apdu: bytes) -> bytes:
        """Answer any command APDU with a response APDU; never raises."""
        try:
            command = Command.parse(apdu)
        except ApduMalformed:
            return SW_WRONG_LENGTH.to_bytes(2, "big")
        try:
            data, sw = self._execute(command)
        except Refusal as refusal:
            data, sw = b"", refusal.sw
        return data + sw.to_bytes(2, "big")

    def _execute(self, command: Command) -> tuple[bytes, int]:
        if (command.cla, command.ins, command.p1) == (0x00, 0xA4, BY_NAME):
            return self._select(command), SW_OK
        if self._selected:
            return self._application.execute(command)
        if command.ins == 0xA4:
            raise Refusal(SW_NOT_FOUND if command.p1 == 0x02 else SW_WRONG_P1_P2)
        raise Refusal(SW_COMMAND_NOT_ALLOWED if command.ins in NO_FILE_YET else SW_INSTRUCTION_NOT_SUPPORTED)

    def _select(self, command: Command) -> bytes:
        if command.p2 not in (0x00, 0x0C):
            raise Refusal(SW_WRONG_P1_P2)
        if command.data != AID:
            raise Refusal(SW_NOT_FOUND)
        self._selected = True
        self._application.select()
        return tlv.encode(0x6F, tlv.encode(0x84, AID)) if command.p2 == 0x00 else b""

    def _keep(self) -> None:
        if self.on_change is not None:
            self.on_change(self.snapshot())
