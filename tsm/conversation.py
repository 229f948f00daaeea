"""One SERAM conversation with a phone: hand a leg over, take its report, wake, close.

Nothing is held open between legs. A leg goes READY -> SENT -> REPORTED, each by conditional UPDATE; a phone that comes
back without the report of what it was sent has lost it, and then the element is asked how it stands.

Contact, rest and waking go by the machine's clock: a realm's may be moved while a phone is on its way.
"""

import logging
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string

from ca import clock
from tsm import legs, measures, rows
from tsm.enrolment import send_advance
from tsm.errors import ConversationUnknown, HandshakeMissing, ReportMalformed
from tsm.models import Conversation, Enrolment, Leg, Phone, SecureElement, ServiceOrder
from tsm.plans import TOLERANT, Plan, Script

logger = logging.getLogger(__name__)
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when a phone was seen last
POLL_INTERVAL = 0.05  # seconds between two looks at the table while a phone is kept waiting


def find(reference: uuid.UUID, phone: Phone) -> Conversation:
    """Return the open conversation of that reference with this phone. Raises `ConversationUnknown`."""
    element: SecureElement | None = getattr(phone, "element", None)
    conversation = None
    if element is not None:
        open_ones = Conversation.objects.filter(reference=reference, element=element, closed_at__isnull=True)
        conversation = rows.only(open_ones)
    if element is None or conversation is None:
        raise ConversationUnknown("no such conversation with this phone")
    # A phone's every question comes through here: what is known of the phone already isn't read again.
    conversation.element = element
    return conversation


def of(element: SecureElement) -> Conversation | None:
    """Return the element's open conversation, or None."""
    return rows.only(Conversation.objects.filter(element=element, closed_at__isnull=True))


def offer(
    element: SecureElement,
    conversation: Conversation | None,
    enrolment: Enrolment,
    plan: Plan,
    script: Script,
    order: ServiceOrder | None = None,
) -> Leg:
    """Lay a leg ready for the phone, opening a conversation if none is."""
    now = clock.machine()
    if conversation is None:
        conversation = Conversation.objects.create(element=element, opened_at=now)
    return Leg.objects.create(
        conversation=conversation,
        enrolment=enrolment,
        order=order,
        kind=plan.kind,
        plan=plan.as_json(),
        commands=script.commands,
        described=script.described,
        created_at=now,
    )


def standing(element: SecureElement) -> tuple[Conversation | None, Leg | None]:
    """Return the element's open conversation, and its leg that is ready, with the phone, or reported and not checked.

    The script isn't read.
    """
    open_ones = Leg.objects.filter(
        conversation__element=element, conversation__closed_at__isnull=True, state__in=legs.OPEN
    )
    leg = rows.only(open_ones.select_related("conversation").defer("commands", "described"))
    conversation = leg.conversation if leg is not None else of(element)
    if conversation is not None:
        conversation.element = element
    return conversation, leg


def begin(conversation: Conversation, *, installation: str = "") -> None:
    """Take a handshake: the agent starts anew, so a leg that it was sent before is lost.

    An app that calls itself another installation than before came after a factory reset, which erases no element.
    """
    _contact(conversation)
    phone = conversation.element.phone
    if installation and installation != phone.installation:
        Phone.objects.filter(pk=phone.pk).update(installation=installation)
        active = Enrolment.objects.filter(phone=phone, state=Enrolment.State.ACTIVE).first()
        if phone.installation and active is not None:
            measures.report(active, measures.Signal.FACTORY_RESET, source="handshake")
    _lose(conversation)


def report(conversation: Conversation, *, status: str, answers: Sequence[str], message: str = "") -> None:
    """Take the phone's report of the leg that it was sent; a report of nothing that is out is ignored."""
    if conversation.element.phone.last_seen_at is None:
        raise HandshakeMissing("this phone and the TSM have agreed on nothing yet: a handshake comes first")
    _contact(conversation)
    if status == "POLLING":
        _lose(conversation)
        return
    if not all(isinstance(answer, str) for answer in answers):
        raise ReportMalformed("listOfRAPDU must be a list of hexadecimal strings")
    taken = legs.move(
        conversation.legs.all(),
        Leg.State.REPORTED,
        answers=list(answers),
        reported_at=clock.machine(),
        outcome=f"{status} {message}"[:200].strip(),
    )
    if taken:
        element_id = conversation.element_id
        transaction.on_commit(lambda: send_advance(element_id))


def next_order(conversation: Conversation, *, wait: float) -> dict[str, Any]:
    """Return the next Order (SERAM 2.0, remoteManagementOrder), waiting up to `wait` seconds for a leg to be ready."""
    deadline = time.monotonic() + wait
    # Two are enough to tell the newest, and whether it is the first.
    look = Conversation.objects.filter(pk=conversation.pk).order_by("-legs__pk")
    while True:
        found = list(look.values_list("closed_at", "legs__pk", "legs__state")[:2])
        closed_at, leg_id, state = found[0]
        if state == Leg.State.READY and _hand_over(leg_id):
            return _order(conversation, leg_id, first=len(found) == 1)
        if closed_at is not None:
            return {"delay": 0, "ramCommands": [{"ramCommandType": "stopCommand"}]}
        if time.monotonic() >= deadline:
            return {"delay": 100}
        time.sleep(POLL_INTERVAL)


def close(conversation: Conversation) -> None:
    """End the conversation: the phone gets a stop command when it next asks."""
    Conversation.objects.filter(pk=conversation.pk, closed_at__isnull=True).update(closed_at=clock.machine())


def wake_phone(conversation: Conversation) -> bool:
    """Push to the phone that it is wanted, unless it was in contact, or woken, a moment ago. Return whether it was."""
    now = clock.machine()
    silent_since = max(filter(None, (conversation.last_contact_at, conversation.woken_at)), default=None)
    if silent_since is not None and abs(now - silent_since) < timedelta(seconds=settings.TSM_SILENCE_SECONDS):
        return False
    woken = Conversation.objects.filter(pk=conversation.pk, woken_at=conversation.woken_at).update(woken_at=now)
    if woken and settings.TSM_PUSH:
        transaction.on_commit(lambda: _push(conversation))
    return bool(woken)


def _push(conversation: Conversation) -> None:
    push = import_string(settings.TSM_PUSH)
    try:
        push(conversation.element.phone.reference, conversation.reference)
    except Exception:  # a stranger's service, and no failure of it is a failure of the element's work
        logger.exception("the phone of %s can't be woken, left to the sweep", conversation.reference)
        # Not woken: the sweep tries again at its next run, and not when a phone's silence would be over.
        Conversation.objects.filter(pk=conversation.pk).update(woken_at=None)


def lose_silent_agents() -> int:
    """Give up agents that were sent a leg and have been silent for SERAM's five minutes. Return how many.

    What the element did of it is found out when the phone comes back; a report that comes later is ignored.
    """
    silent_since = clock.machine() - timedelta(seconds=settings.TSM_AGENT_SECONDS)
    owing = Leg.objects.filter(state=Leg.State.SENT, sent_at__lt=silent_since)
    silent = list(
        Conversation.objects.filter(
            closed_at__isnull=True, last_contact_at__lt=silent_since, pk__in=owing.values("conversation_id")
        )
    )
    for conversation in silent:
        _lose(conversation, "the agent was given up")
    return len(silent)


def _contact(conversation: Conversation) -> None:
    conversation.last_contact_at = clock.machine()
    Conversation.objects.filter(pk=conversation.pk).update(
        last_contact_at=conversation.last_contact_at, exchanges=F("exchanges") + 1
    )
    # How long a phone has been silent is a matter of policy, and of its realm's time.
    phone = conversation.element.phone
    now = clock.now(phone.realm)
    if phone.last_seen_at is None or abs(now - phone.last_seen_at) > SEEN_EVERY:
        rows.write(phone, last_seen_at=now)


def _lose(conversation: Conversation, why: str = "came back without it") -> None:
    lost = legs.move(conversation.legs.all(), Leg.State.LOST, outcome=why)
    if lost:
        Conversation.objects.filter(pk=conversation.pk).update(findings=None)
        send_advance(conversation.element_id)


def _hand_over(leg_id: int) -> bool:
    return legs.move(Leg.objects.filter(pk=leg_id), Leg.State.SENT, sent_at=clock.machine())


def _order(conversation: Conversation, leg_id: int, *, first: bool) -> dict[str, Any]:
    leg = Leg.objects.only("plan", "commands").get(pk=leg_id)
    commands: list[dict[str, Any]] = [{"ramCommandType": "startCommand"}] if first else []
    # One script: an answer of 69xx leaves nothing to go on with, so the agent stops there, but where it was expected.
    names = [entry.name for entry in Plan.from_json(leg.plan).entries]
    commands += [
        {"ramCommandType": "seRamCommand", "stopOnError": name not in TOLERANT, "listOfCAPDU": section}
        for name, section in zip(names, leg.commands, strict=True)
    ]
    return {
        "delay": 0,
        "chosenSecureElement": {"seType": "eSE", "seId": conversation.element.identifier},
        "ramCommands": commands,
    }
