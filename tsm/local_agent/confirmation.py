"""What a page asks of a card, and the user's word on it, given at the agent and nowhere else."""

import select
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tsm import jpki
from tsm.globalplatform import commands
from tsm.local_agent.troubles import CommandRefused

ANSWER_SECONDS = 60.0  # no answer is a no
CONSENT_SECONDS = 300.0
# What a page may send, by class and instruction, and what it means to the holder.
MEANING = {
    (0x00, 0xA4): "",
    (0x00, 0xB0): "read a certificate",
    (0x00, 0x20): "give it a password",
    (0x00, 0x24): "set a password",
    (0x80, 0x2A): "sign",
    (0x80, 0xCA): "",
}
EACH_TIME = frozenset({"sign", "set a password"})


@dataclass(frozen=True)
class Question:
    """What is asked of the user: which site wants to do what with what."""

    origin: str
    target: str
    wishes: frozenset[str]

    def __str__(self) -> str:
        return f"{self.origin} wants to use the {self.target}: {', '.join(sorted(self.wishes)) or 'look what is there'}"


Confirm = Callable[[Question], bool]


def wishes(apdus: Sequence[bytes]) -> frozenset[str]:
    """Return what these commands would do; raises CommandRefused for what no page may send.

    A page reaches the JPKI application and nothing else on the chip.
    """
    found = set()
    for number, apdu in enumerate(apdus):
        by_name = apdu[1:3] == bytes((commands.INS_SELECT, 0x04))
        name = apdu[5 : 5 + apdu[4]] if len(apdu) > 4 else b""
        meaning = MEANING.get((apdu[0], apdu[1])) if len(apdu) >= 4 else None
        if meaning is None or (by_name and name != jpki.AID) or (number == 0 and not by_name):
            raise CommandRefused(f"command {number + 1}: {apdu[:4].hex().upper()}")
        # An empty VERIFY asks for the tries that are left, and spends none.
        found.add("" if apdu[1] == 0x20 and len(apdu) == 4 else meaning)
    return frozenset(found - {""})


class Consents:
    """What the user allowed: for a site, for the card that lay there then, for some minutes; signing each time anew."""

    def __init__(self, confirm: Confirm, clock: Callable[[], float] = time.monotonic) -> None:
        self._confirm = confirm
        self._clock = clock
        self._given: dict[tuple[str, str], tuple[frozenset[str], int, float]] = {}
        self._one_question = threading.Lock()

    def changed(self, question: Question, insertion: int) -> bool:
        """Tell whether another card lies there than when the site was allowed; then that is over."""
        given = self._given.get((question.origin, question.target))
        if given is None or given[1] == insertion or given[2] < self._clock():
            return False
        self._given.pop((question.origin, question.target))
        return True

    def hold(self, question: Question, insertion: int) -> bool:
        """Tell whether the user allows this, asking where that isn't known."""
        key = (question.origin, question.target)
        with self._one_question:
            wanted, before, until = self._given.get(key, (frozenset(), insertion, 0.0))
            known = before == insertion and until > self._clock()
            if known and question.wishes <= wanted and not question.wishes & EACH_TIME:
                return True
            if not self._confirm(question):
                self._given.pop(key, None)
                return False
            self._given[key] = ((wanted if known else frozenset()) | question.wishes, insertion, self._given_until())
            return True

    def _given_until(self) -> float:
        return self._clock() + CONSENT_SECONDS


def at_terminal(question: Question) -> bool:
    """Ask at the terminal; no answer within a minute is a no."""
    sys.stdout.write(f"\a{question}. Allow it? [y/N] ")
    sys.stdout.flush()
    ready, _, _ = select.select([sys.stdin], [], [], ANSWER_SECONDS)
    allowed = bool(ready) and sys.stdin.readline().strip().lower() in ("y", "yes")
    sys.stdout.write("" if ready else "no answer: refused\n")
    sys.stdout.flush()
    return allowed


def always(question: Question) -> bool:
    """Allow whatever is asked, and say so: for tests."""
    sys.stdout.write(f"{question}. Allowed by --yes.\n")
    sys.stdout.flush()
    return True
