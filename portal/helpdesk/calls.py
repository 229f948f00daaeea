"""A call: an agent opens a holder's page for a reason, makes sure who calls, and closes it; or its time runs out."""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from ca import clock, journal
from ca.models import Holder
from portal.accounts.models import Account
from portal.helpdesk import script
from portal.helpdesk.errors import CallUnknown, IdentityNotChecked, ReasonMissing
from portal.helpdesk.models import Call, IdentityCheck
from portal.helpdesk.script import Act
from tsm.models import Enrolment


def open_(agent: Account, holder: uuid.UUID, *, reason: str, note: str = "") -> Call:
    """Open the page of a holder, by reference, for a reason. Raises ReasonMissing, CallUnknown (no such holder)."""
    note = note.strip()
    if reason not in Call.Reason.values or (reason == Call.Reason.OTHER and not note):
        raise ReasonMissing("a page is opened for a reason")
    found = Holder.objects.filter(realm=agent.realm, reference=holder, enrolments__isnull=False).first()
    if found is None:
        raise CallUnknown("no such holder")
    with transaction.atomic():
        call = Call.objects.create(
            realm=agent.realm,
            holder=found,
            agent=agent,
            reason=reason,
            note=note[:200],
            opened_at=clock.now(agent.realm),
            ends_at=clock.machine() + timedelta(seconds=settings.HELPDESK_CALL_SECONDS),
        )
        _record(call, "opened", agent, note=call.note)
    return call


def find(agent: Account, reference: uuid.UUID) -> Call:
    """Return an agent's own call that is still open. Raises CallUnknown."""
    found = Call.objects.filter(pk=reference, agent=agent, closed_at=None, ends_at__gt=clock.machine())
    call = found.select_related("holder", "realm", "agent__user", "agent__realm").first()
    if call is None:
        raise CallUnknown("no such call, or it is over")
    return call


def close(call: Call) -> None:
    """End a call."""
    with transaction.atomic():
        if Call.objects.filter(pk=call.pk, closed_at=None).update(closed_at=clock.now(call.realm)):
            _record(call, "closed", call.agent)


def check(call: Call, asked: Mapping[str, bool]) -> IdentityCheck:
    """Note which questions the caller was asked, and which were answered right. Raises IdentityNotChecked (none)."""
    known = {question.code for question in script.QUESTIONS}
    kept = {code: bool(right) for code, right in asked.items() if code in known}
    if not kept:
        raise IdentityNotChecked("nothing was asked")
    with transaction.atomic():
        made = IdentityCheck.objects.create(call=call, at=clock.now(call.realm), asked=kept)
        _record(
            call,
            "identity_checked",
            call.agent,
            right=[code for code, right in kept.items() if right],
            wrong=[code for code, right in kept.items() if not right],
        )
    return made


def may(call: Call, act: Act) -> bool:
    """Tell whether the caller has been asked enough for an act: the newest check of the call counts.

    Whoever tries answers call by call gets no release: too many calls with a wrong answer in a day rule it out. A hold
    is always possible: it harms nobody for long.
    """
    newest = IdentityCheck.objects.filter(call=call).last()
    if newest is None or not script.is_enough(newest.asked, act):
        return False
    return act is not Act.RELEASE or wrong_calls(call) < settings.HELPDESK_WRONG_CALLS


def wrong_calls(call: Call) -> int:
    """Return in how many calls about the same holder something was answered wrong within the last day."""
    since = clock.now(call.realm) - timedelta(days=1)
    checks = IdentityCheck.objects.filter(call__holder=call.holder, at__gt=since).values_list("call_id", "asked")
    return len({number for number, asked in checks if not all(asked.values())})


def require(call: Call, act: Act) -> None:
    """Refuse an act for a caller who hasn't been asked enough. Raises IdentityNotChecked."""
    if not may(call, act):
        raise IdentityNotChecked("the caller hasn't been asked enough, or answered wrong")


def enrolments(holder: Holder) -> QuerySet[Enrolment]:
    """Return a holder's enrolments, newest first, with phones and certificates."""
    found = Enrolment.objects.filter(realm_id=holder.realm_id, holder=holder).order_by("-pk")
    return found.select_related("realm", "phone", "element", "signature_certificate", "authentication_certificate")


def active(holder: Holder) -> Enrolment | None:
    """Return the holder's enrolment that is in use, or None."""
    return enrolments(holder).filter(state=Enrolment.State.ACTIVE).first()


def _record(call: Call, what: str, staff: Account, **data: object) -> None:
    journal.record(
        call.realm,
        f"helpdesk.{what}",
        str(call.holder.reference),
        staff=staff.name,
        call=str(call.pk),
        reason=call.reason,
        **data,
    )
