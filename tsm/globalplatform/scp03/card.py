"""The card's end of an SCP03 session."""

from dataclasses import replace
from hmac import compare_digest
from typing import Final

from tsm.globalplatform import status
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import messaging
from tsm.globalplatform.scp03.errors import CardRefusal
from tsm.globalplatform.scp03.keys import (
    I_PSEUDO_RANDOM,
    I_R_MAC,
    I_R_MAC_R_ENC,
    I_S16,
    LEVELS,
    PROTOCOL,
    KeySet,
    Mode,
    SecurityLevel,
    SessionKeys,
)

KEY_DIVERSIFICATION_DATA_LENGTH: Final = 10


class CardSession:
    """A session seen from the card, from INITIALIZE UPDATE until something ends it.

    Who owns it keeps the sequence counter and the counter of wrong tries; this knows one session only. Refusals are
    CardRefusal with the status word. A security error aborts the session: every later command in it is 6982
    (GPCS 10.2.3).
    """

    def __init__(
        self,
        keys: KeySet,
        *,
        parameter: int,
        key_diversification_data: bytes,
        host_challenge: bytes,
        card_challenge: bytes,
        sequence_counter: int,
    ) -> None:
        """Derive the session keys; `parameter` is i, `sequence_counter` the value already incremented."""
        self.keys = keys
        self.level: SecurityLevel | None = None
        self.aborted = False
        self._parameter = parameter
        self._mode = mode_of(parameter)
        self._session = SessionKeys.derived(keys, host_challenge, card_challenge, self._mode)
        self._chaining = messaging.INITIAL_CHAINING_VALUE
        self._counter = 0
        counter = sequence_counter.to_bytes(3, "big") if parameter & I_PSEUDO_RANDOM else b""
        self.initialize_update_data = (
            key_diversification_data
            + bytes((keys.version, PROTOCOL, parameter))
            + card_challenge
            + self._session.card_cryptogram
            + counter
        )

    def external_authenticate(self, command: Command) -> None:
        """Open the session when the host proves the keys; raises CardRefusal 6300, 6700, 6982, 6A86."""
        self._require_level(command.p1)
        if command.p2:
            raise CardRefusal(status.SW_WRONG_P1_P2)
        if len(command.data) != 2 * self._mode:
            raise CardRefusal(status.SW_WRONG_LENGTH)
        if not compare_digest(command.data[: self._mode], self._session.host_cryptogram):
            raise CardRefusal(status.SW_HOST_CRYPTOGRAM_WRONG)
        self._verified(command)
        self.level = SecurityLevel(command.p1)

    def unwrap(self, command: Command) -> Command:
        """Return the clear command, its class without secure messaging; raises CardRefusal 6982.

        Whether a MAC is needed depends on the level alone. A command that has one in a session without is checked too
        (GPCS 10.6: a command may exceed the level).
        """
        if self.aborted or self.level is None:
            raise CardRefusal(status.SW_SECURITY_STATUS)
        self._counter += 1
        secured = messaging.has_secure_messaging(command.cla)
        if secured:
            command = self._verified(command)
        elif self.level & SecurityLevel.C_MAC:
            raise self._abort()
        if self.level & SecurityLevel.C_DEC and command.data:
            clear = messaging.decrypt(self._session.enc, self._counter, command.data)
            if clear is None:
                raise self._abort()
            command = replace(command, data=clear)
        return replace(command, cla=messaging.clear_class(command.cla))

    def wrap(self, response: Response) -> Response:
        """Return the response to the last unwrapped command with the protection of the session's level."""
        level = self.level
        if self.aborted or level is None or not level & SecurityLevel.R_MAC:
            return response
        if not status.is_protected(response.sw):
            return Response(b"", response.sw)
        data = response.data
        if level & SecurityLevel.R_ENC and data:
            data = messaging.encrypt(self._session.enc, self._counter, data, response=True)
        mac = messaging.response_mac(self._session.rmac, self._chaining, data, response.sw)
        return Response(data + mac[: self._mode], response.sw)

    def _require_level(self, level: int) -> None:
        supported = level in LEVELS
        if level & SecurityLevel.R_MAC and not self._parameter & I_R_MAC:
            supported = False
        if level & SecurityLevel.R_ENC and self._parameter & I_R_MAC_R_ENC != I_R_MAC_R_ENC:
            supported = False
        if not supported:
            raise CardRefusal(status.SW_WRONG_P1_P2)

    def _verified(self, command: Command) -> Command:
        if len(command.data) < self._mode or not messaging.has_secure_messaging(command.cla):
            raise self._abort()
        data, mac = command.data[: -self._mode], command.data[-self._mode :]
        command = replace(command, data=data)
        expected = messaging.command_mac(self._session.mac, self._chaining, command, self._mode)
        if not compare_digest(mac, expected[: self._mode]):
            raise self._abort()
        self._chaining = expected
        return command

    def _abort(self) -> CardRefusal:
        self.aborted = True
        return CardRefusal(status.SW_SECURITY_STATUS)


def mode_of(parameter: int) -> Mode:
    """Return the mode that the i parameter announces."""
    return Mode.S16 if parameter & I_S16 else Mode.S8
