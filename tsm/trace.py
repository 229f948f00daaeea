"""How conversations went and where they stand, for operators: legs, commands, status words, times; no secret.

What a command says was noted when its leg was planned, by the process that has the keys. Here none is needed.
"""

from collections.abc import Collection, Iterable, Mapping
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
    # Of a trimmed leg there are the words alone, which tell lines from each other.
    lines = _words(one) if one.trimmed_at else _lines(one)
    return TracedLeg(
        one,
        took // timedelta(milliseconds=1) if took is not None else None,
        lines if whole or one.trimmed_at else _runs(lines),
    )


def waiting(element: SecureElement) -> tuple[Waiting, datetime | None]:
    """Return what the element's work waits for, and since when."""
    return waiting_all([element])[element.pk]


def waiting_all(elements: Iterable[SecureElement]) -> dict[int, tuple[Waiting, datetime | None]]:
    """Return the same for many elements, by id: three queries, however many they are."""
    chosen = list(elements)
    keys = [element.pk for element in chosen]
    legs_ = Leg.objects.filter(
        conversation__element__in=keys,
        conversation__closed_at__isnull=True,
        state__in=[Leg.State.READY, Leg.State.SENT, Leg.State.REPORTED],
    ).defer("plan", "commands", "described", "answers")
    standing = {leg_.conversation.element_id: leg_ for leg_ in legs_.select_related("conversation")}
    enrolments = Enrolment.objects.filter(element__in=keys).only("pk", "element_id", "state", "state_since", "trouble")
    newest, states = {}, {}
    for one in enrolments.order_by("pk"):
        newest[one.element_id], states[one.pk] = one, one.state
    ordered = set(
        ServiceOrder.objects.filter(
            enrolment__element__in=keys, state=ServiceOrder.State.OPEN, enrolment__state=Enrolment.State.ACTIVE
        ).values_list("enrolment_id", flat=True)
    )
    return {
        element.pk: _with_a_leg(standing[element.pk])
        if element.pk in standing
        else _without_a_leg(element, newest.get(element.pk), states, ordered)
        for element in chosen
    }


def _with_a_leg(standing: Leg) -> tuple[Waiting, datetime | None]:
    return {
        Leg.State.READY: (Waiting.PHONE_TO_COME, standing.created_at),
        Leg.State.SENT: (Waiting.PHONE_TO_REPORT, standing.sent_at),
        Leg.State.REPORTED: (Waiting.TSM_WORKER, standing.reported_at),
    }[Leg.State(standing.state)]


def _without_a_leg(
    element: SecureElement, newest: Enrolment | None, states: Mapping[int, str], ordered: Collection[int]
) -> tuple[Waiting, datetime | None]:
    if newest is None:
        return Waiting.NOTHING, None
    state = newest.state
    if state == Enrolment.State.KEYED:
        return Waiting.CA_WORKER, newest.state_since
    if state == Enrolment.State.INSTALLED:
        return Waiting.HOLDER, newest.state_since
    if newest.trouble and state in (Enrolment.State.VERIFIED, Enrolment.State.CERTIFIED):
        return Waiting.REST, newest.state_since
    leaving = (Enrolment.State.ENDED, Enrolment.State.ABANDONED)
    occupied = element.occupant_id is not None and states.get(element.occupant_id) in leaving
    if occupied or newest.pk in ordered or state in (Enrolment.State.VERIFIED, Enrolment.State.CERTIFIED):
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


def _words(one: Leg) -> tuple[Line, ...]:
    return tuple(
        Line(section, label, "", "", says, protected=False, sent=0, received=0, status_word="", meaning="")
        for section, label, says in one.described or []
    )


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
