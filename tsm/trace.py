"""How conversations went and where they stand, for operators: legs, commands, status words, times; no secret.

What a command says was noted when its leg was planned, by the process that has the keys. Here none is needed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tsm import describe
from tsm.globalplatform import status
from tsm.models import Conversation, Enrolment, Leg, SecureElement, ServiceOrder


class Waiting(StrEnum):
    """What an element's work waits for."""

    NOTHING = "nothing"
    PHONE_TO_COME = "phone_to_come"
    PHONE_TO_REPORT = "phone_to_report"
    TSM_WORKER = "tsm_worker"
    CA_WORKER = "ca_worker"
    HOLDER = "holder"
    REST = "rest"


@dataclass(frozen=True)
class Line:
    """One command and its answer; `count` says for how many like it the line stands."""

    section: str
    label: str
    name: str
    header: str
    says: str
    protected: bool
    sent: int
    received: int
    status_word: str
    meaning: str
    count: int = 1


@dataclass(frozen=True)
class TracedLeg:
    """One leg, with the milliseconds from handing over to report where there was one."""

    leg: Leg
    took: int | None
    lines: tuple[Line, ...]


def legs(conversation: Conversation, *, whole: bool = False) -> list[TracedLeg]:
    """Return a conversation's legs, oldest first; runs of like commands in one line, unless `whole`."""
    return [leg(one, whole=whole) for one in conversation.legs.select_related("order").order_by("pk")]


def leg(one: Leg, *, whole: bool = False) -> TracedLeg:
    """Return one leg."""
    took = one.reported_at - one.sent_at if one.reported_at and one.sent_at else None
    lines = _lines(one)
    return TracedLeg(
        one, took // timedelta(milliseconds=1) if took is not None else None, lines if whole else _runs(lines)
    )


def waiting(element: SecureElement) -> tuple[Waiting, datetime | None]:
    """Return what the element's work waits for, and since when."""
    conversation = Conversation.objects.filter(element=element, closed_at__isnull=True).first()
    if conversation is not None:
        standing = conversation.legs.filter(state__in=[Leg.State.READY, Leg.State.SENT, Leg.State.REPORTED]).first()
        if standing is not None:
            return {
                Leg.State.READY: (Waiting.PHONE_TO_COME, standing.created_at),
                Leg.State.SENT: (Waiting.PHONE_TO_REPORT, standing.sent_at),
                Leg.State.REPORTED: (Waiting.TSM_WORKER, standing.reported_at),
            }[Leg.State(standing.state)]
    return _without_a_leg(element)


def _without_a_leg(element: SecureElement) -> tuple[Waiting, datetime | None]:
    newest = Enrolment.objects.filter(element=element).last()
    if newest is None:
        return Waiting.NOTHING, None
    state = newest.state
    if state == Enrolment.State.KEYED:
        return Waiting.CA_WORKER, newest.state_since
    if state == Enrolment.State.INSTALLED:
        return Waiting.HOLDER, newest.state_since
    if newest.trouble and state in (Enrolment.State.VERIFIED, Enrolment.State.CERTIFIED):
        return Waiting.REST, newest.state_since
    occupied = element.occupant is not None and element.occupant.state in (
        Enrolment.State.ENDED,
        Enrolment.State.ABANDONED,
    )
    ordered = ServiceOrder.objects.filter(
        enrolment=newest, state=ServiceOrder.State.OPEN, enrolment__state=Enrolment.State.ACTIVE
    ).exists()
    if occupied or ordered or state in (Enrolment.State.VERIFIED, Enrolment.State.CERTIFIED):
        return Waiting.TSM_WORKER, newest.state_since
    return Waiting.NOTHING, None


def _lines(one: Leg) -> tuple[Line, ...]:
    sent = [apdu for section in one.commands for apdu in section]
    noted = one.described or []
    answers = one.answers or []
    lines = []
    for number, apdu in enumerate(sent):
        section, label, says = noted[number] if number < len(noted) else ("", "", "")
        answer = answers[number] if number < len(answers) else ""
        word = answer[-4:].upper() if len(answer) >= 4 else ""
        lines.append(
            Line(
                section=section,
                label=label,
                name=describe.name(int(apdu[2:4], 16)),
                header=apdu[:8].upper(),
                says=says,
                protected=bool(int(apdu[:2], 16) & 0x04),
                sent=len(apdu) // 2,
                received=max(len(answer) // 2 - 2, 0),
                status_word=word,
                meaning=_meaning(word),
            )
        )
    return tuple(lines)


def _meaning(word: str) -> str:
    try:
        return status.describe(int(word, 16))[5:] if word else ""
    except ValueError:
        return "not hexadecimal"


def _runs(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    runs: list[Line] = []
    for line in lines:
        last = runs[-1] if runs else None
        if last and (last.section, last.name, last.status_word) == (line.section, line.name, line.status_word):
            both = {"sent": last.sent + line.sent, "received": last.received + line.received, "count": last.count + 1}
            runs[-1] = Line(**{**vars(last), **both})
        else:
            runs.append(line)
    return tuple(runs)
