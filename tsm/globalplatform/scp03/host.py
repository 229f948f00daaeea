"""The host's end of an SCP03 session."""

from collections import deque
from dataclasses import replace
from hmac import compare_digest
from typing import Final, Self

from tsm.globalplatform import status
from tsm.globalplatform.apdu import SHORT_LE_MAX, Command, Response
from tsm.globalplatform.errors import ApduMalformed
from tsm.globalplatform.scp03 import errors, messaging
from tsm.globalplatform.scp03.keys import (
    FULL_SECURITY,
    I_PSEUDO_RANDOM,
    I_S16,
    LEVELS,
    PROTOCOL,
    KeySet,
    Mode,
    SecurityLevel,
    SessionKeys,
    card_challenge,
)

INS_INITIALIZE_UPDATE: Final = 0x50
INS_EXTERNAL_AUTHENTICATE: Final = 0x82
MAX_COMMAND_DATA: Final = 255
MORE_COMMANDS: Final = 0x80  # in P1 (GPCS 11.1.5)
_REFUSALS: Final = {
    status.SW_REFERENCED_DATA_NOT_FOUND: errors.KeySetMissing,
    status.SW_BLOCKED: errors.KeySetBlocked,
    status.SW_CONDITIONS_OF_USE: errors.SequenceCounterExhausted,
}


class HostSession:
    """A session seen from the host, planned ahead or opened step by step.

    Planned: every command can be computed before the card has answered once, because challenge and MAC chain depend on
    the host, the keys and the sequence counter alone. The answers are checked afterwards, in the same order. Nothing is
    random in here: another process that makes the same calls gets the same bytes and can check the report.

    The order of calls: `initialize_update`, `external_authenticate`, `wrap` for each command; and, at once or later,
    `check_initialize_update`, `check_external_authenticate`, `unwrap` for each wrapped command.
    """

    def __init__(self, keys: KeySet, *, host_challenge: bytes, level: int, aid: bytes | None, mode: Mode) -> None:
        """Use `planned` or `open`."""
        if len(host_challenge) != mode:
            raise ValueError(f"the host challenge has {mode.value} bytes in this mode")
        if level not in LEVELS:
            raise ValueError(f"{level:02X} is no security level")
        self.level = SecurityLevel(level)
        self.mode = mode
        # Asked for each command: a flag's own arithmetic takes as long as a MAC.
        self._c_mac, self._c_dec, self._r_mac, self._r_enc = (
            bool(level & flag)
            for flag in (SecurityLevel.C_MAC, SecurityLevel.C_DEC, SecurityLevel.R_MAC, SecurityLevel.R_ENC)
        )
        self._keys = keys
        self._host_challenge = host_challenge
        self._aid = aid
        self._planned_counter: int | None = None
        self._session: SessionKeys | None = None
        self._chaining: bytes | None = None
        self._counter = 0
        self._outstanding: deque[tuple[bytes, int]] = deque()
        self._established = False

    @classmethod
    def planned(
        cls,
        keys: KeySet,
        *,
        host_challenge: bytes,
        sequence_counter: int,
        aid: bytes,
        level: int = FULL_SECURITY,
        mode: Mode = Mode.S8,
    ) -> Self:
        """Return a session whose commands are computable ahead.

        `sequence_counter` is the value that the card will use: one more than the one it reports. `aid` is the
        application that will be selected.
        """
        session = cls(keys, host_challenge=host_challenge, level=level, aid=aid, mode=mode)
        session._planned_counter = sequence_counter
        challenge = card_challenge(keys.enc, sequence_counter, aid, mode)
        session._session = SessionKeys.derived(keys, host_challenge, challenge, mode)
        return session

    @classmethod
    def open(
        cls,
        keys: KeySet,
        *,
        host_challenge: bytes,
        level: int = FULL_SECURITY,
        aid: bytes | None = None,
        mode: Mode = Mode.S8,
    ) -> Self:
        """Return a session that learns the challenge from the card's answer, random or pseudo-random.

        With `aid`, a pseudo-random challenge is checked against it.
        """
        return cls(keys, host_challenge=host_challenge, level=level, aid=aid, mode=mode)

    @property
    def capacity(self) -> int:
        """Return how many bytes of clear data a wrapped short command can carry."""
        room = MAX_COMMAND_DATA - (self.mode if self._c_mac else 0)
        if self._c_dec:
            room = room // messaging.BLOCK * messaging.BLOCK - 1
        return room

    def initialize_update(self) -> Command:
        """Return INITIALIZE UPDATE for the key version of the set (Amendment D 7.1.1)."""
        return Command(0x80, INS_INITIALIZE_UPDATE, self._keys.version, 0x00, self._host_challenge, SHORT_LE_MAX)

    def check_initialize_update(self, response: bytes) -> None:
        """Check the card's answer and, when the session was not planned, learn the challenge from it.

        Raises InitializeUpdateRefused and its kinds, ResponseTruncated, KeyVersionDiffers, ProtocolDiffers,
        ChallengeDiffers, CardCryptogramWrong.
        """
        answer = _parsed(response)
        if not answer.ok:
            raise _REFUSALS.get(answer.sw, errors.InitializeUpdateRefused)(answer.sw)
        size = self.mode.value
        if len(answer.data) not in (13 + 2 * size, 16 + 2 * size):
            raise errors.ResponseTruncated("INITIALIZE UPDATE answered with a wrong length")
        version, protocol, parameter = answer.data[10:13]
        challenge, cryptogram = answer.data[13 : 13 + size], answer.data[13 + size : 13 + 2 * size]
        counter_bytes = answer.data[13 + 2 * size :]
        pseudo_random = bool(parameter & I_PSEUDO_RANDOM)
        if version != self._keys.version:
            raise errors.KeyVersionDiffers(f"{version:02X} instead of {self._keys.version:02X}")
        wrong_form = bool(parameter & I_S16) != (self.mode is Mode.S16) or pseudo_random != bool(counter_bytes)
        if protocol != PROTOCOL or wrong_form or (self._planned_counter is not None and not pseudo_random):
            raise errors.ProtocolDiffers(f"SCP{protocol:02X} i={parameter:02X}")
        counter = int.from_bytes(counter_bytes, "big")
        session = SessionKeys.derived(self._keys, self._host_challenge, challenge, self.mode)
        genuine = compare_digest(cryptogram, session.card_cryptogram)
        if pseudo_random and self._aid is not None:
            genuine &= challenge == card_challenge(self._keys.enc, counter, self._aid, self.mode)
        if not genuine:
            raise errors.CardCryptogramWrong("the card does not prove these keys for this application")
        if self._planned_counter is not None and counter != self._planned_counter:
            raise errors.ChallengeDiffers(counter)
        self._session = session

    def external_authenticate(self) -> Command:
        """Return EXTERNAL AUTHENTICATE for the session's level (Amendment D 7.1.2); starts the MAC chain."""
        if self._session is None or self._chaining is not None:
            raise errors.OutOfOrder("EXTERNAL AUTHENTICATE comes once, after the card challenge is known")
        command = Command(0x84, INS_EXTERNAL_AUTHENTICATE, self.level, 0x00, self._session.host_cryptogram)
        self._chaining = messaging.INITIAL_CHAINING_VALUE
        return self._authenticated(command)

    def check_external_authenticate(self, response: bytes) -> None:
        """Check that the card accepted the host; raises HostCryptogramRefused or ResponseTruncated."""
        answer = _parsed(response)
        if not answer.ok:
            raise errors.HostCryptogramRefused(answer.sw)
        self._established = True

    def wrap(self, command: Command) -> Command:
        """Return the command with the protection of the session's level.

        With R-MAC the answer always has data, so Le is added where the command has none. Raises CommandTooLong and
        OutOfOrder.
        """
        if len(command.data) > self.capacity or (command.le or 0) > SHORT_LE_MAX:
            raise errors.CommandTooLong(f"{len(command.data)} bytes, {self.capacity} fit")
        return self._wrapped(command)

    def wrap_in_parts(self, command: Command) -> list[Command]:
        """Return INSTALL, DELETE or PUT KEY of any length as the commands that carry it, protected as a whole.

        All but the last are answered with a bare 9000; the last one's answer goes to `unwrap`. Raises OutOfOrder.
        """
        whole = self._wrapped(command)
        parts = [whole.data[at : at + MAX_COMMAND_DATA] for at in range(0, len(whole.data), MAX_COMMAND_DATA)] or [b""]
        first = [replace(whole, p1=whole.p1 | MORE_COMMANDS, data=part, le=None) for part in parts[:-1]]
        return [*first, replace(whole, data=parts[-1])]

    def _wrapped(self, command: Command) -> Command:
        if self._session is None or self._chaining is None:
            raise errors.OutOfOrder("no session to wrap for")
        self._counter += 1
        data, le = command.data, command.le
        if self._c_dec and data:
            data = messaging.encrypt(self._session.enc, self._counter, data)
        if self._r_mac and le is None:
            le = SHORT_LE_MAX
        wrapped = Command(command.cla, command.ins, command.p1, command.p2, data, le)
        if self._c_mac:
            wrapped = self._authenticated(wrapped)
        self._outstanding.append((self._chaining, self._counter))
        return wrapped

    def unwrap(self, response: bytes) -> Response:
        """Return the clear answer of the oldest command not yet answered.

        An error status word comes bare and ends nothing (Amendment D 6.2.5). Raises ResponseTruncated,
        ResponseMacWrong, ResponsePaddingWrong, OutOfOrder.
        """
        if self._session is None or not self._established or not self._outstanding:
            raise errors.OutOfOrder("no command waits for this answer in an established session")
        chaining, counter = self._outstanding.popleft()
        try:
            return self._opened(_parsed(response), self._session, chaining, counter)
        except errors.SecureChannelError:
            self._established = False
            raise

    def _opened(self, answer: Response, session: SessionKeys, chaining: bytes, counter: int) -> Response:
        if not self._r_mac:
            return answer
        if not status.is_protected(answer.sw):
            if answer.data:
                raise errors.ResponseMacWrong("an error status word came with data that nothing protects")
            return answer
        if len(answer.data) < self.mode:
            raise errors.ResponseTruncated("the answer is shorter than its MAC")
        data, mac = answer.data[: -self.mode], answer.data[-self.mode :]
        expected = messaging.response_mac(session.rmac, chaining, data, answer.sw)[: self.mode]
        if not compare_digest(mac, expected):
            raise errors.ResponseMacWrong("the answer's MAC is wrong")
        if self._r_enc and data:
            clear = messaging.decrypt(session.enc, counter, data, response=True)
            if clear is None:
                raise errors.ResponsePaddingWrong("the answer's padding is wrong")
            data = clear
        return Response(data, answer.sw)

    def _authenticated(self, command: Command) -> Command:
        if self._session is None or self._chaining is None:
            raise errors.OutOfOrder("no session to authenticate for")
        # The class byte's secure messaging and channel are the same to the MAC: one command is made, not two.
        self._chaining = messaging.command_mac(self._session.mac, self._chaining, command, self.mode)
        data = command.data + self._chaining[: self.mode]
        cla = messaging.secured_class(command.cla)
        return Command(cla, command.ins, command.p1, command.p2, data, command.le)


def _parsed(response: bytes) -> Response:
    try:
        return Response.parse(response)
    except ApduMalformed as error:
        raise errors.ResponseTruncated("no answer") from error
