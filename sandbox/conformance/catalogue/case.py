"""One case of the suite: what is done to a service's hand-off, and whether it must accept what comes."""

from dataclasses import dataclass, field
from enum import StrEnum

from ca.profiles import Purpose
from portal.handoff.ways import Format
from whitelist.register import Text


class Visit(StrEnum):
    """What the citizen's browser does at the end."""

    ANSWER = "answer"  # says yes, and goes back
    DECLINE = "decline"  # says no, and goes back
    TIME_OUT = "time_out"  # waits until it is too late, and goes back
    TWICE = "twice"  # goes back; then another browser opens the same address again, and that one is judged
    ELSEWHERE = "elsewhere"  # says yes; another browser, without the service's session, goes back


class Topic(StrEnum):
    """Where in the way of a hand-off the case stands."""

    GOOD = "good"
    RETURN = "return"
    ANSWER = "answer"
    CERTIFICATE = "certificate"
    STATUS = "status"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Case:
    """`faults` are names of `sandbox.faults`, armed for the hand-off's client while the case is tried.

    A case is tried where `purposes` and `formats` hold the hand-off's. `phone_only`: where no card may answer;
    `card`: the card answers, where it may. `ocsp`: it is about how OCSP is read, and says nothing of who asks the
    records by the verification API.
    """

    id: str
    topic: Topic
    title: Text
    done: Text
    why: Text
    accepted: bool = False
    faults: tuple[str, ...] = ()
    visit: Visit = Visit.ANSWER
    purposes: frozenset[Purpose] = field(default_factory=lambda: frozenset(Purpose))
    formats: frozenset[Format] = field(default_factory=lambda: frozenset(Format))
    phone_only: bool = False
    card: bool = False
    ocsp: bool = False


AUTHENTICATION = frozenset({Purpose.USER_AUTHENTICATION})
SIGNING = frozenset({Purpose.SIGNATURE})
