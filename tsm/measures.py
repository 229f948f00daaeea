"""Layered measures for phones that leave without saying so: what is noticed, and what follows by the policy's table.

A factory reset erases nothing of an element, and a sold phone keeps its certificates: so several signals are watched,
and each leads, stage by stage, to a notice, a hold or revocation. Whatever is revoked is deleted from the element as
soon as that is next seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from ca import clock, journal, revocation
from ca.models import Certificate, Realm
from ca.revocation import Cause
from tsm import orders
from tsm.enrolment.ending import finish
from tsm.enrolment.life import State, note
from tsm.models import Enrolment, Incident, SweepMark


class Signal(StrEnum):
    """What says that a phone may have left its holder."""

    ANOTHER_HOLDER = "another_holder"
    DISPOSAL_REPORTED = "disposal_reported"
    FACTORY_RESET = "factory_reset"
    SILENT = "silent"


class Action(StrEnum):
    """What is done about it. `HOLD` can be undone, by the holder's proof; `REVOKE` can't."""

    NOTICE = "notice"
    HOLD = "hold"
    REVOKE = "revoke"


@dataclass(frozen=True)
class Stage:
    """What is done so long after the signal."""

    after: timedelta
    action: Action


# The policy. Revocation on disposal is the holder's legal duty; another's application, signed with another's card on
# the same phone, shows that it changed hands. A reset or silence may be innocent: held before they are revoked.
POLICY: Mapping[Signal, tuple[Stage, ...]] = {
    Signal.ANOTHER_HOLDER: (Stage(timedelta(), Action.REVOKE),),
    Signal.DISPOSAL_REPORTED: (Stage(timedelta(), Action.REVOKE),),
    Signal.FACTORY_RESET: (Stage(timedelta(), Action.HOLD), Stage(timedelta(days=30), Action.REVOKE)),
    Signal.SILENT: (
        Stage(timedelta(days=90), Action.NOTICE),
        Stage(timedelta(days=180), Action.HOLD),
        Stage(timedelta(days=365), Action.REVOKE),
    ),
}
# These end by themselves when the phone is heard of again; what was held stays held until the holder proves himself.
PASSING = frozenset({Signal.SILENT})

LOOK_EVERY = timedelta(hours=6)  # for silence, by the realm's clock


def report(enrolment: Enrolment, signal: Signal, *, source: str, since: datetime | None = None) -> Incident | None:
    """Take a signal about an active enrolment and do what is due at once. None when there is nothing in use.

    `source` says who or what told it. A signal that stands already is not taken twice.
    """
    now = clock.now(enrolment.realm)
    with transaction.atomic():
        journal.take(enrolment.realm)
        enrolment.refresh_from_db()
        if enrolment.state != State.ACTIVE:
            return None
        standing = Incident.objects.filter(enrolment=enrolment, signal=signal, closed_at__isnull=True).first()
        if standing is None:
            try:
                with transaction.atomic():
                    standing = Incident.objects.create(
                        enrolment=enrolment, signal=signal, source=source, since=since or now
                    )
            except IntegrityError:
                return Incident.objects.get(enrolment=enrolment, signal=signal, closed_at__isnull=True)
            journal.record(enrolment.realm, "incident.taken", str(enrolment.reference), signal=signal, source=source)
            note(enrolment, "incident", signal=signal, source=source)
        _carry_out(standing, now)
    return standing


def run(realm: Realm) -> int:
    """Take up silence, close what is over, and carry out what is due in a realm. Return how many stages were."""
    now = clock.now(realm)
    if _look_for_silence(realm, now):
        for enrolment, since in _silent(realm, now):
            report(enrolment, Signal.SILENT, source="sweep", since=since)
    done = 0
    for incident in _ripe(realm, now).select_related("enrolment"):
        with transaction.atomic():
            journal.take(realm)
            incident.enrolment.refresh_from_db()
            if incident.enrolment.state != State.ACTIVE or _passed(incident):
                _close(incident, now)
            else:
                done += _carry_out(incident, now)
    return done


def settle(enrolment: Enrolment) -> None:
    """Close what stands about an enrolment, for its holder has proved himself with the phone."""
    now = clock.now(enrolment.realm)
    for incident in Incident.objects.filter(enrolment=enrolment, closed_at__isnull=True):
        _close(incident, now)


def hold(enrolment: Enrolment, now: datetime) -> None:
    """Put what is valid of an enrolment's pair on hold."""
    for certificate in enrolment.pair:
        certificate.refresh_from_db()
        if certificate.status == Certificate.Status.VALID:
            revocation.hold(certificate, cause=Cause.LOSS, now=now)


def _look_for_silence(realm: Realm, now: datetime) -> bool:
    """Claim the look through all that is in use: it counts in days, and costs what exists."""
    mark, _ = SweepMark.objects.get_or_create(realm=realm)
    last = mark.silence_at
    # Also when the realm's clock was set back.
    if last is not None and last <= now < last + LOOK_EVERY:
        return False
    return bool(SweepMark.objects.filter(pk=mark.pk, silence_at=last).update(silence_at=now))


def _ripe(realm: Realm, now: datetime) -> QuerySet[Incident]:
    """Return the open incidents with which something is to be done: a stage that is due, or an end that has come."""
    due = Q()
    for signal, stages in POLICY.items():
        for number, stage in enumerate(stages):
            due |= Q(signal=signal, stages_done=number, since__lte=now - stage.after)
    heard = Q(enrolment__phone__heard_at__gt=F("since")) | Q(enrolment__phone__last_seen_at__gt=F("since"))
    over = ~Q(enrolment__state=State.ACTIVE) | (Q(signal__in=PASSING) & heard)
    return Incident.objects.filter(due | over, enrolment__realm=realm, closed_at__isnull=True)


def _silent(realm: Realm, now: datetime) -> list[tuple[Enrolment, datetime]]:
    first = POLICY[Signal.SILENT][0].after
    found = (
        Enrolment.objects.filter(realm=realm, state=State.ACTIVE)
        .annotate(
            heard_at=Greatest(Coalesce("phone__heard_at", "created_at"), Coalesce("phone__last_seen_at", "created_at"))
        )
        .filter(heard_at__lt=now - first)
        .exclude(incidents__in=Incident.objects.filter(signal=Signal.SILENT, closed_at__isnull=True))
    )
    return [(enrolment, enrolment.heard_at) for enrolment in found]


def _passed(incident: Incident) -> bool:
    phone = incident.enrolment.phone
    heard = [at for at in (phone.heard_at, phone.last_seen_at) if at is not None]
    return incident.signal in PASSING and any(at > incident.since for at in heard)


def _carry_out(incident: Incident, now: datetime) -> int:
    enrolment, done = incident.enrolment, 0
    for stage in POLICY[Signal(incident.signal)][incident.stages_done :]:
        if now < incident.since + stage.after:
            break
        _ACTIONS[stage.action](enrolment, now)
        journal.record(
            enrolment.realm, "incident.measure", str(enrolment.reference), signal=incident.signal, action=stage.action
        )
        note(enrolment, f"measure_{stage.action}", signal=incident.signal)
        done += 1
    incident.stages_done += done
    incident.save(update_fields=["stages_done"])
    enrolment.refresh_from_db()
    if enrolment.state != State.ACTIVE:
        _close(incident, now)
    return done


def _close(incident: Incident, now: datetime) -> None:
    Incident.objects.filter(pk=incident.pk, closed_at__isnull=True).update(closed_at=now)


def _notice(enrolment: Enrolment, now: datetime) -> None:
    """Ask the phone to check in: its element reads its registry to us. A phone that answers isn't silent any more."""
    orders.place(enrolment, orders.Function.CHECK_IN, source="measure")


def _revoke(enrolment: Enrolment, now: datetime) -> None:
    finish(enrolment, Cause.PHONE_USE_ENDED, now)


_ACTIONS = {Action.NOTICE: _notice, Action.HOLD: hold, Action.REVOKE: _revoke}
