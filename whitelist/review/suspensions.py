"""Suspension: one officer at once, confirmed by a second within a time; and what two decide on an entry: lift, remove.

A suspension that nobody confirms is lifted: one person alone can stop a service for a day, not for good. So that this
isn't a day after a day, nobody repeats alone what nobody confirmed.
"""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ca import clock, journal
from ca.models import Realm
from whitelist import texts
from whitelist.cases import states
from whitelist.cases.officers import Officer
from whitelist.errors import ArrowGone
from whitelist.models import Case, EntryNotice, EntryProposal, RelyingParty, Suspension
from whitelist.review.errors import (
    ByTheSame,
    NotTheirTurn,
    OfficerInvolved,
    ProposalIncomplete,
    ProposalOver,
    ProposalUnderWay,
    SuspensionOver,
    SuspensionRepeated,
)

State = Suspension.State
Kind = EntryProposal.Kind
OPEN = (State.UNCONFIRMED, State.CONFIRMED)
LONGEST = 2000
# Where the entry must be for each.
POSSIBLE = {
    Kind.LIFT: (RelyingParty.State.SUSPENDED,),
    Kind.REMOVE: (RelyingParty.State.REGISTERED, RelyingParty.State.SUSPENDED, RelyingParty.State.EXPIRED),
}


def suspend(entry: RelyingParty, *, by: Officer, reason: str) -> Suspension:
    """Suspend an entry at once: from this moment phones refuse it.

    Raises ProposalIncomplete without a reason, SuspensionRepeated, NotTheirTurn, OfficerInvolved, ArrowGone.
    """
    _require_fit(entry, by)
    reason = _reason(reason)
    now = clock.now(entry.realm)
    with transaction.atomic():
        journal.take(entry.realm)
        last = Suspension.objects.filter(entry=entry).order_by("-pk").first()
        if last is not None and last.state == State.LAPSED and last.by == by.name:
            raise SuspensionRepeated("nobody confirmed this officer's last suspension")
        states.move_entry(entry, "suspend", by=by.name, reason=reason)
        return Suspension.objects.create(
            entry=entry,
            reason=reason,
            by=by.name,
            at=now,
            confirm_until=now + timedelta(hours=settings.REVIEW_SUSPENSION_HOURS),
        )


def confirm(suspension: Suspension, *, by: Officer) -> None:
    """Confirm another's suspension: it stands until two lift it. Raises ByTheSame, SuspensionOver, and as `suspend`."""
    entry = suspension.entry
    _require_fit(entry, by)
    now = clock.now(entry.realm)
    with transaction.atomic():
        journal.take(entry.realm)
        mine = Suspension.objects.filter(pk=suspension.pk, state=State.UNCONFIRMED, confirm_until__gt=now)
        if not mine.exclude(by=by.name).update(state=State.CONFIRMED, confirmed_by=by.name, confirmed_at=now):
            if suspension.by == by.name:
                raise ByTheSame("who suspends doesn't confirm")
            raise SuspensionOver("confirmed, lifted or over meanwhile")
        journal.record(
            entry.realm, "register.suspension_confirmed", entry.client_id, by=by.name, suspended_by=suspension.by
        )


def of(entry: RelyingParty) -> Suspension | None:
    """Return the suspension that stands."""
    return Suspension.objects.filter(entry=entry, state__in=OPEN).first()


def lapse(realm: Realm) -> int:
    """Lift the suspensions that nobody confirmed in time; return how many. The sweep's."""
    over = Suspension.objects.filter(
        entry__realm=realm, state=State.UNCONFIRMED, confirm_until__lte=clock.now(realm)
    ).select_related("entry__realm")
    return sum(_lapse(one) for one in over)


def _lapse(suspension: Suspension) -> bool:
    entry = suspension.entry
    with transaction.atomic():
        journal.take(entry.realm)
        mine = Suspension.objects.filter(pk=suspension.pk, state=State.UNCONFIRMED)
        if not mine.update(state=State.LAPSED, ended_at=clock.now(entry.realm)):
            return False
        try:
            states.move_entry(entry, "lift", by="", cause="not_confirmed", suspended_by=suspension.by)
            EntryNotice.objects.create(entry=entry, kind=EntryNotice.Kind.LAPSED, at=clock.now(entry.realm))
        except ArrowGone:  # expired or removed meanwhile
            return False
    return True


def propose(entry: RelyingParty, kind: str, *, by: Officer, reason: str) -> EntryProposal:
    """Propose to lift a suspension, or to remove an entry, for another officer to decide.

    Raises ProposalIncomplete, ProposalUnderWay, ArrowGone, NotTheirTurn, OfficerInvolved.
    """
    _require_fit(entry, by)
    reason = _reason(reason)
    chosen = Kind(kind)
    with transaction.atomic():
        journal.take(entry.realm)
        if not RelyingParty.objects.filter(pk=entry.pk, state__in=POSSIBLE[chosen]).exists():
            raise ArrowGone("the entry has moved on meanwhile")
        try:
            with transaction.atomic():
                made = EntryProposal.objects.create(
                    entry=entry, kind=chosen, reason=reason, proposed_by=by.name, proposed_at=clock.now(entry.realm)
                )
        except IntegrityError:
            raise ProposalUnderWay("a proposal waits for a decision already") from None
        _record(made, f"register.{chosen}_proposed", by, reason=reason)
    return made


def approve(proposal: EntryProposal, *, by: Officer) -> None:
    """Decide as proposed; the entry moves in the same transaction. Raises ByTheSame, ProposalOver, ArrowGone, …"""
    entry = proposal.entry
    with transaction.atomic():
        journal.take(entry.realm)
        _claim(proposal, by, EntryProposal.State.APPROVED)
        told = {"proposed_by": proposal.proposed_by, "reason": proposal.reason}
        states.move_entry(entry, str(proposal.kind), by=by.name, **told)
        end(entry, State.LIFTED if proposal.kind == Kind.LIFT else State.ENDED)


def decline(proposal: EntryProposal, *, by: Officer, reason: str) -> None:
    """Decide against a proposal, for a reason. Raises as `approve` does, and ProposalIncomplete."""
    reason = _reason(reason)
    with transaction.atomic():
        journal.take(proposal.entry.realm)
        _claim(proposal, by, EntryProposal.State.DECLINED, decline_reason=reason)
        _record(proposal, f"register.{proposal.kind}_declined", by, reason=reason)


def retract(proposal: EntryProposal, *, by: Officer) -> None:
    """Take one's own proposal back. Raises ProposalOver."""
    with transaction.atomic():
        journal.take(proposal.entry.realm)
        mine = EntryProposal.objects.filter(pk=proposal.pk, state=EntryProposal.State.PROPOSED, proposed_by=by.name)
        if not mine.update(state=EntryProposal.State.RETRACTED, decided_at=clock.now(proposal.entry.realm)):
            raise ProposalOver("decided meanwhile, or another's")
        _record(proposal, f"register.{proposal.kind}_retracted", by)


def proposed(entry: RelyingParty) -> EntryProposal | None:
    """Return the proposal on an entry that waits for a decision."""
    return EntryProposal.objects.filter(entry=entry, state=EntryProposal.State.PROPOSED).first()


def unconfirmed(realm: Realm) -> QuerySet[Suspension]:
    """Return the suspensions that wait for a second officer, the most urgent first."""
    rows = Suspension.objects.filter(entry__realm=realm, state=State.UNCONFIRMED)
    return rows.select_related("entry").order_by("confirm_until")


def end(entry: RelyingParty, how: State) -> None:
    """Close what is open on an entry that is suspended no more."""
    now = clock.now(entry.realm)
    Suspension.objects.filter(entry=entry, state__in=OPEN).update(state=how, ended_at=now)


def _claim(proposal: EntryProposal, by: Officer, to: str, **values: str) -> None:
    _require_fit(proposal.entry, by)
    now = clock.now(proposal.entry.realm)
    mine = EntryProposal.objects.filter(pk=proposal.pk, state=EntryProposal.State.PROPOSED).exclude(proposed_by=by.name)
    if not mine.update(state=to, decided_by=by.name, decided_at=now, **values):
        if proposal.proposed_by == by.name:
            raise ByTheSame("who proposes doesn't decide")
        raise ProposalOver("decided meanwhile")


def _require_fit(entry: RelyingParty, officer: Officer) -> None:
    if officer.authority != Case.Authority.REGISTRAR:
        raise NotTheirTurn("the register is J-LIS's")
    if entry.organisation_id is not None and entry.organisation_id in officer.organisations:
        raise OfficerInvolved("the officer belongs to the organisation")


def _reason(text: str) -> str:
    text = texts.kept(text)[:LONGEST]
    if not text:
        raise ProposalIncomplete("it needs a reason", fields={"reason": "missing"})
    return text


def _record(proposal: EntryProposal, kind: str, by: Officer, **told: str) -> None:
    entry = proposal.entry
    journal.record(entry.realm, kind, entry.client_id, by=by.name, proposal=str(proposal.reference), **told)
