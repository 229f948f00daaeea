"""Holds and releases: one agent holds at once; a release is proposed by one and decided by another.

A hold is `tsm.services.suspend`, the same call as the holder's own page for a lost phone: both certificates on hold
(`certificateHold`, cause loss), the applet locked at the next contact. A release is `tsm.services.resume`: what is on
hold is valid again when the element has shown that it is unlocked.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ca import causes, clock, journal
from ca.causes import Cause, Event, Party
from ca.models import Realm
from portal.accounts.models import Account
from portal.helpdesk import calls
from portal.helpdesk.errors import (
    NothingToHold,
    ReasonMissing,
    ReleaseByTheSame,
    ReleaseNotPossible,
    ReleaseOver,
    ReleaseUnderWay,
    ReleaseUnknown,
)
from portal.helpdesk.models import Call, Release
from portal.helpdesk.script import Act
from portal.phone.holds import of
from tsm import services
from tsm.models import Enrolment

SOURCE = "help desk"
State = Release.State


def possible(event: Event) -> bool:
    """Tell whether the authorities' table lets the help desk bring an event for a loss: the policy is there."""
    return Cause.LOSS in causes.brought_by(Party.HELP_DESK, event)


def hold(call: Call) -> None:
    """Put what the holder has in use on hold, at once. Raises IdentityNotChecked, NothingToHold."""
    calls.require(call, Act.HOLD)
    with transaction.atomic():
        journal.take(call.realm)
        enrolment = calls.active(call.holder)
        if enrolment is None or not possible(Event.HOLD) or _suspended(enrolment):
            raise NothingToHold("nothing of the holder's is valid")
        _record(call, "held", call.agent, enrolment)
        services.suspend(enrolment, source=SOURCE)


def propose(call: Call, *, ground: str) -> Release:
    """Propose to release what is on hold. Raises IdentityNotChecked, ReasonMissing, ReleaseNotPossible, …UnderWay."""
    calls.require(call, Act.RELEASE)
    ground = ground.strip()[:200]
    if not ground:
        raise ReasonMissing("a release is proposed for a reason")
    now = clock.now(call.realm)
    with transaction.atomic():
        journal.take(call.realm)
        lapse(call.realm)
        enrolment = _releasable(call)
        try:
            with transaction.atomic():
                made = Release.objects.create(
                    call=call,
                    enrolment=enrolment,
                    ground=ground,
                    proposed_by=call.agent,
                    proposed_at=now,
                    lapses_at=now + timedelta(seconds=settings.HELPDESK_RELEASE_SECONDS),
                )
        except IntegrityError:
            raise ReleaseUnderWay("a release is proposed already") from None
        _record(call, "release_proposed", call.agent, enrolment, ground=ground)
    return made


def proposed(realm: Realm) -> QuerySet[Release]:
    """Return the realm's proposals that wait for a decision, oldest first."""
    return _all().filter(call__realm=realm, state=State.PROPOSED, lapses_at__gt=clock.now(realm))


def look(account: Account, reference: uuid.UUID) -> Release:
    """Return a proposal to somebody who is to decide it; the look is journaled. Raises ReleaseUnknown."""
    release = find(account, reference)
    _record(release.call, "release_looked_at", account, release.enrolment)
    return release


def find(account: Account, reference: uuid.UUID) -> Release:
    """Return a proposal of the account's realm. Raises ReleaseUnknown."""
    release = _all().filter(pk=reference, call__realm=account.realm).first()
    if release is None:
        raise ReleaseUnknown("no such proposal")
    return release


def approve(release: Release, *, by: Account) -> None:
    """Decide for a release: ordered in the same transaction. Raises ReleaseByTheSame, …Over, …NotPossible."""
    with transaction.atomic():
        journal.take(release.call.realm)
        _claim(release, by, State.APPROVED)
        if _releasable(release.call) != release.enrolment:
            raise ReleaseNotPossible("another phone is in use meanwhile")
        _record(release.call, "release_approved", by, release.enrolment, proposed_by=release.proposed_by.name)
        services.resume(release.enrolment, source=SOURCE)


def refuse(release: Release, *, by: Account, ground: str) -> None:
    """Decide against a release. Raises ReasonMissing, ReleaseByTheSame, ReleaseOver."""
    ground = ground.strip()[:200]
    if not ground:
        raise ReasonMissing("a release is refused for a reason")
    with transaction.atomic():
        journal.take(release.call.realm)
        _claim(release, by, State.REFUSED)
        _record(release.call, "release_refused", by, release.enrolment, ground=ground)


def lapse(realm: Realm) -> None:
    """Close the proposals that nobody decided in time."""
    over = _all().filter(call__realm=realm, state=State.PROPOSED, lapses_at__lte=clock.now(realm))
    for release in over:
        if Release.objects.filter(pk=release.pk, state=State.PROPOSED).update(state=State.LAPSED):
            _record(release.call, "release_lapsed", release.proposed_by, release.enrolment)


def _claim(release: Release, by: Account, to: State) -> None:
    now = clock.now(release.call.realm)
    claimed = (
        Release.objects.filter(pk=release.pk, state=State.PROPOSED, lapses_at__gt=now)
        .exclude(proposed_by=by)
        .update(state=to, decided_by=by, decided_at=now)
    )
    if not claimed:
        if release.proposed_by_id == by.pk:
            raise ReleaseByTheSame("who proposes a release doesn't decide it")
        raise ReleaseOver("decided meanwhile, or lapsed")


def _releasable(call: Call) -> Enrolment:
    """Return what the holder has in use, when it is on hold by a suspension. Raises ReleaseNotPossible."""
    enrolment = calls.active(call.holder)
    if enrolment is None or not possible(Event.RELEASE) or not _suspended(enrolment):
        raise ReleaseNotPossible("nothing is on hold that the help desk may release")
    return enrolment


def _suspended(enrolment: Enrolment) -> bool:
    found = of(enrolment)
    return found is not None and found.kind == "suspended"


def _all() -> QuerySet[Release]:
    return Release.objects.select_related(
        "call__realm",
        "call__holder",
        "call__agent__user",
        "enrolment__realm",
        "enrolment__phone",
        "enrolment__signature_certificate",
        "enrolment__authentication_certificate",
        "proposed_by__user",
        "decided_by__user",
    )


def _record(call: Call, what: str, staff: Account, enrolment: Enrolment, **data: object) -> None:
    journal.record(
        call.realm,
        f"helpdesk.{what}",
        str(call.holder.reference),
        staff=staff.name,
        call=str(call.pk),
        reason=call.reason,
        enrolment=str(enrolment.reference),
        **data,
    )
