"""A section of a script: one application selected, one secure channel, some commands, and what each must answer.

Sections are computed whole before anything is sent, because the chain of C-MACs and the counters depend on the host
alone (SCP03 with pseudo-random challenges). Whoever checks the report computes them again from the same figures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tsm.errors import LegFailed, LegTruncated
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import HostSession, KeySet, SecureChannelError
from tsm.globalplatform.status import describe

OK = frozenset({0x9000})
# C-MAC, C-DEC, R-MAC and R-ENC: everything a TSM writes or reads is protected both ways.
LEVEL = 0x33


@dataclass(frozen=True)
class Step:
    """One command in the clear, and the status words that let the script go on."""

    label: str
    command: Command
    accept: frozenset[int] = OK


@dataclass(frozen=True)
class Channel:
    """What a planned secure channel needs beside the target: keys, the counter it will use, the host's challenge."""

    keys: KeySet
    counter: int
    host_challenge: bytes


@dataclass(frozen=True)
class Section:
    """Select `target`, open `channel` if there is one, then go through `steps`.

    The target of an `optional` section may be absent: then its other answers mean nothing.
    """

    name: str
    target: bytes
    steps: tuple[Step, ...]
    channel: Channel | None = None
    optional: bool = False

    def render(self) -> list[bytes]:
        """Return the C-APDUs of this section, in the order of sending."""
        sent = [commands.select(self.target).encode()]
        if self.channel is None:
            return sent + [step.command.encode() for step in self.steps]
        session = self._open()
        sent += [session.initialize_update().encode(), session.external_authenticate().encode()]
        return sent + [session.wrap(step.command).encode() for step in self.steps]

    def clear(self) -> list[tuple[str, Command]]:
        """Return the commands of `render` by label, as they are before they are wrapped."""
        opening: list[tuple[str, Command]] = [("select", commands.select(self.target))]
        if self.channel is not None:
            session = self._open()
            opening.append(("initialize_update", session.initialize_update()))
            opening.append(("external_authenticate", session.external_authenticate()))
        return opening + [(step.label, step.command) for step in self.steps]

    def read(self, answers: Iterator[bytes]) -> dict[str, Response]:
        """Check `answers` (one R-APDU a command, in order) and return the responses by label.

        Raises `LegFailed` at the first answer that the script doesn't allow, `LegTruncated` where answers end early.
        """
        # An agent that turns SELECT into an opened channel has no answer to it: the next ones say what was selected.
        raw = next(answers, None)
        if raw is None:
            raise LegTruncated(f"{self.name}.select: no answer", label=f"{self.name}.select")
        selected = Response.parse(raw) if raw else Response(b"", 0x9000)
        found = {"select": selected}
        if selected.sw != 0x9000:
            if not self.optional:
                raise self._failed("select", selected.sw)
            for step in self.steps:
                self._next(answers, step.label)
            return found
        session = self._opened(answers) if self.channel is not None else None
        for step in self.steps:
            raw = self._next(answers, step.label)
            try:
                response = session.unwrap(raw) if session is not None else Response.parse(raw)
            except SecureChannelError as error:
                raise LegFailed(f"{self.name}.{step.label}: {error}", label=f"{self.name}.{step.label}") from error
            if response.sw not in step.accept:
                raise self._failed(step.label, response.sw)
            found[step.label] = response
        return found

    def _opened(self, answers: Iterator[bytes]) -> HostSession:
        """Return the session with its opening checked and every command of the section wrapped, so in step with it."""
        session = self._open()
        session.initialize_update()
        session.external_authenticate()
        for step in self.steps:
            session.wrap(step.command)
        opening = {
            "initialize_update": session.check_initialize_update,
            "external_authenticate": session.check_external_authenticate,
        }
        for label, check in opening.items():
            try:
                check(self._next(answers, label))
            except SecureChannelError as error:
                raise LegFailed(f"{self.name}.{label}: {error}", label=f"{self.name}.{label}") from error
        return session

    def _open(self) -> HostSession:
        assert self.channel is not None  # noqa: S101  (both callers asked)
        return HostSession.planned(
            self.channel.keys,
            host_challenge=self.channel.host_challenge,
            sequence_counter=self.channel.counter,
            aid=self.target,
            level=LEVEL,
        )

    def _next(self, answers: Iterator[bytes], label: str) -> bytes:
        answer = next(answers, b"")
        if len(answer) < 2:
            raise LegTruncated(f"{self.name}.{label}: no answer", label=f"{self.name}.{label}")
        return answer

    def _failed(self, label: str, status_word: int) -> LegFailed:
        return LegFailed(
            f"{self.name}.{label}: {status_word:04X} {describe(status_word)}",
            label=f"{self.name}.{label}",
            status_word=f"{status_word:04X}",
        )
