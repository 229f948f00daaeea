"""A workspace's clock, moved: set, advanced, put back to the machine's. docs/sandbox-time.md.

Time in a realm is the machine's and an offset in the realm's row, read with every request and by every task: the one
UPDATE moves all processes at once. What follows from it by itself (validity, OCSP answers, the PIN's 72 hours) follows
with the next question; what somebody has to do (lists, sweeps, certificates that ran out) is done by tasks that the
move sends, for this realm alone. What happened stays happened: a clock that goes back undoes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from django.db import transaction
from django.db.models import F, Min
from django.db.models.functions import Coalesce

from ca import clock, crl, journal, linkage, messages
from ca.errors import KeysUnavailable
from ca.models import Generation, Realm, Recheck
from portal.handoff import hand_offs
from portal.notices import outbox, reading
from portal.providers.models import Workspace
from sandbox import trace
from sandbox.errors import ClockBusy, ClockOutOfRange
from sandbox.webhooks import expiry
from tsm import measures
from tsm import sweep as enrolments
from tsm.models import Incident, Phone
from whitelist.models import Credential, MinisterialCertification
from whitelist.review import endings, suspensions

DAY = timedelta(days=1)
# Certificates made at the last moment still end before dates need another form (RFC 5280 4.1.2.5: the year 2050).
LATEST = timedelta(days=15 * 365)
CERTIFIED = timedelta(days=3650)


class Follow(StrEnum):
    """What goes along with a clock, so that a jump by years doesn't take away what one needs to see its end."""

    # The test service's keys and its ministerial certification stay as good as they are.
    CREDENTIALS = "credentials"
    # Phones stay in touch: a jump isn't silence, for which certificates are held and revoked.
    PHONES = "phones"


EVERYTHING = frozenset(Follow)


@dataclass(frozen=True)
class Shown:
    """A workspace's clock, and how far it may be moved."""

    time: datetime
    machine_time: datetime
    offset: timedelta
    earliest: datetime
    latest: datetime
    # What is still to be done after a move; none: everything has followed.
    following: tuple[str, ...]


def shown(realm: Realm) -> Shown:
    """Return how the realm's clock stands, read anew."""
    realm = Realm.objects.get(pk=realm.pk)
    machine = clock.machine()
    return Shown(
        machine + realm.clock_offset,
        machine,
        realm.clock_offset,
        _earliest(realm),
        machine + LATEST,
        tuple(_following(realm)),
    )


def set_to(realm: Realm, at: datetime, *, follow: frozenset[Follow] = EVERYTHING, by: str) -> Realm:
    """Set the realm's clock to a moment. Raises ClockOutOfRange, ClockBusy."""
    return _move(realm, at - clock.machine(), follow, by)


def advance(realm: Realm, time: timedelta, *, follow: frozenset[Follow] = EVERYTHING, by: str) -> Realm:
    """Move the realm's clock on, or back when `time` is negative. Raises ClockOutOfRange, ClockBusy."""
    with transaction.atomic():
        journal.take(realm)  # two that advance at once both do
        offset = Realm.objects.values_list("clock_offset", flat=True).get(pk=realm.pk)
        try:
            return _move(realm, offset + time, follow, by)
        except OverflowError:
            raise ClockOutOfRange("no clock goes that far", **_limits(realm)) from None


def reset(realm: Realm, *, follow: frozenset[Follow] = EVERYTHING, by: str) -> Realm:
    """Put the realm's clock back to the machine's time. Raises ClockOutOfRange, ClockBusy."""
    return _move(realm, timedelta(), follow, by)


def _move(realm: Realm, offset: timedelta, follow: frozenset[Follow], by: str) -> Realm:
    with transaction.atomic():
        journal.take(realm)
        realm = Realm.objects.get(pk=realm.pk)
        before = realm.clock_offset
        machine = clock.machine()
        _require_within(realm, machine, offset)
        # What was due by the old time happened at the old time, and not at another.
        linkage.sweep(realm)
        if not Realm.objects.filter(pk=realm.pk, clock_offset=before).update(clock_offset=offset):
            raise ClockBusy("the clock was moved at the same moment")
        realm.clock_offset = offset
        if Follow.CREDENTIALS in follow:
            _take_credentials_along(realm, machine + before, machine + offset)
        if Follow.PHONES in follow:
            _take_phones_along(realm, machine + before, machine + offset)
        journal.record(
            realm,
            "clock.moved",
            realm.slug,
            before=(machine + before).isoformat(),
            after=(machine + offset).isoformat(),
            offset_seconds=round(offset / timedelta(seconds=1)),
            follow=sorted(map(str, follow)),
            by=by,
        )
        trace.note(
            realm.pk,
            trace.Lane.SERVICE,
            "clock.moved",
            title=("ワークスペースの時計を動かしました", "The workspace's clock was moved"),
            data={"before": (machine + before).isoformat(), "after": (machine + offset).isoformat(), "by": by},
        )
        pk = realm.pk
        transaction.on_commit(lambda: messages.send("sandbox.sign_anew", pk))
        transaction.on_commit(lambda: messages.send("sandbox.follow_clock", pk))
    return realm


# --- what workers do ------------------------------------------------------------------------------------
def follow_up(realm_id: int) -> None:
    """Do in one realm what every sweep does in all, now. It needs no key. Safe to run again."""
    realm = Realm.objects.get(pk=realm_id)
    linkage.sweep(realm)
    linkage.recheck(realm)
    enrolments.run_in(realm)
    hand_offs.expire_due(realm)
    suspensions.lapse(realm)
    endings.expire(realm)
    endings.notice(realm)
    reading.read(realm)
    outbox.give_up_overdue(realm)
    expiry.note(realm)


def sign_anew(realm_id: int) -> None:
    """Renew what ran out or isn't there yet by the realm's new time: responders, lists, the register.

    Needs the authorities' key store. Safe to run again.
    """
    from ca import responders
    from whitelist.published import statement

    realm = Realm.objects.get(pk=realm_id)
    responders.renew_due(realm)
    silent = [outcome for outcome in crl.publish_due(realm) if isinstance(outcome, KeysUnavailable)]
    statement.sign(realm)
    if silent:
        raise silent[0]


# --- how far ----------------------------------------------------------------------------------------------
def _require_within(realm: Realm, machine: datetime, offset: timedelta) -> None:
    earliest, latest = _earliest(realm), machine + LATEST
    try:
        at = machine + offset
    except OverflowError:
        raise ClockOutOfRange("no clock goes that far", **_limits(realm)) from None
    # Back to the machine's time it always goes.
    if offset and not earliest <= at <= latest:
        raise ClockOutOfRange("before the authorities' certificates, or too far ahead", **_limits(realm))


def _limits(realm: Realm) -> dict[str, str]:
    return {"earliest": _earliest(realm).isoformat(), "latest": (clock.machine() + LATEST).isoformat()}


def _earliest(realm: Realm) -> datetime:
    """Return the moment from which both authorities' certificates are good: before it nothing would be."""
    firsts = Generation.objects.filter(authority__realm=realm).values("authority").annotate(first=Min("pk"))
    rows = Generation.objects.filter(pk__in=[one["first"] for one in firsts]).values_list("certificate", flat=True)
    begins = [x509.load_der_x509_certificate(bytes(one)).not_valid_before_utc for one in rows]
    return max(begins, default=clock.machine())


def _following(realm: Realm) -> list[str]:
    """Return what is due by the realm's time and not done."""
    now = clock.now(realm)
    due = {
        "crls": crl.due(realm).exists(),
        "linkage": linkage.due(realm, now).exists(),
        "rechecks": Recheck.objects.filter(realm=realm, done_at=None, due_at__lte=now).exists(),
    }
    return [name for name, is_due in due.items() if is_due]


# --- what goes along --------------------------------------------------------------------------------------
def _take_credentials_along(realm: Realm, before: datetime, after: datetime) -> None:
    """Let the test service's keys and certification be as good as they were.

    Forwards the windows of those that are good move along; backwards one that would begin later begins now.
    """
    organisation = Workspace.objects.filter(realm=realm).values_list("organisation_id", flat=True).first()
    own = {"relying_party__realm": realm, "relying_party__organisation_id": organisation}
    for key in Credential.objects.filter(disabled_at=None, **own):
        by = _along(key.not_before, key.not_after, before, after)
        if by:
            Credential.objects.filter(pk=key.pk).update(not_before=F("not_before") + by, not_after=F("not_after") + by)
    today, was = clock.day(after), clock.day(before)
    for one in MinisterialCertification.objects.filter(withdrawn_at=None, **own):
        if one.granted_on <= was <= one.valid_until:
            MinisterialCertification.objects.filter(pk=one.pk).update(
                granted_on=min(one.granted_on, today), valid_until=max(one.valid_until, today + CERTIFIED)
            )


def _along(begin: datetime, end: datetime, before: datetime, after: datetime) -> timedelta:
    if after > before:
        return after - before if begin <= before < end else timedelta()
    return min(after - begin, timedelta())


def _take_phones_along(realm: Realm, before: datetime, after: datetime) -> None:
    """Let phones be heard of as long ago as they were; backwards, none is heard of in the future."""
    phones, silent = (
        Phone.objects.filter(realm=realm),
        Incident.objects.filter(enrolment__realm=realm, signal=measures.Signal.SILENT, closed_at__isnull=True),
    )
    if after > before:
        by = after - before
        phones.update(
            heard_at=Coalesce("heard_at", "last_seen_at", "created_at") + by, last_seen_at=F("last_seen_at") + by
        )
        silent.update(since=F("since") + by)
        return
    phones.filter(heard_at__gt=after).update(heard_at=after)
    phones.filter(last_seen_at__gt=after).update(last_seen_at=after)
    silent.filter(since__gt=after).update(since=after)
