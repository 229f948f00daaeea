"""A run's life: begun, each case armed and its verdict told, finished. Rows are the truth.

    run = runs.begin(relying_party)
    runs.arm(run, "signature-wrong")          # the service asks its hand-off now, and the sandbox's phone answers it
    runs.tell(run, "signature-wrong", accepted=False)
    runs.finish(run)                          # a `ca` worker signs the report

One case is armed at a time: arming the next takes the faults of the one before away.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from ca import clock, messages
from ca.models import Certificate, Realm
from portal.handoff.models import HandOff
from sandbox import faults
from sandbox.conformance import catalogue
from sandbox.conformance.catalogue import CASES, Case
from sandbox.conformance.errors import CaseUnknown, NoPhone, NotArmed, RunOver, RunsItself, RunUnknown, ServiceUnfit
from sandbox.conformance.judging import Outcome, Seen, Why, judge
from sandbox.driver.links import allowed_in
from sandbox.faults.catalogue import CATALOGUE
from sandbox.models import ConformanceRun, ConformanceTry, Fault
from tsm.models import Enrolment, Phone
from whitelist.models import RelyingParty, VerificationLog

State = ConformanceRun.State
Step = ConformanceTry.State
SIGN = "sandbox.sign_conformance"
DRIVE = "sandbox.drive_conformance"


def begin(
    relying_party: RelyingParty,
    *,
    cases: Sequence[str] = (),
    start_url: str = "",
    signature_url: str = "",
    phone: Phone | None = None,
) -> ConformanceRun:
    """Begin a run for a workspace's service: of all cases, or those named, in the catalogue's order.

    With `start_url` workers go through it by themselves: a citizen begins there, and at `signature_url` to sign.
    `phone` answers; without one, the newest that could. An open run of the service is abandoned. Raises CaseUnknown,
    ServiceUnfit, NoPhone.
    """
    chosen = _chosen(cases)
    realm = relying_party.realm
    for url in filter(None, (start_url, signature_url)):
        _require_registered(realm, url)
    if start_url:
        phone = phone or _phone(realm)
    for row in ConformanceRun.objects.filter(relying_party=relying_party, state=State.OPEN):
        _abandon(row)
    try:
        with transaction.atomic():
            run = ConformanceRun.objects.create(
                realm=realm,
                relying_party=relying_party,
                start_url=start_url,
                signature_url=signature_url,
                phone=phone if start_url else None,
                begun_at=clock.machine(),
            )
            ConformanceTry.objects.bulk_create(
                ConformanceTry(run=run, case=case.id, position=number) for number, case in enumerate(chosen)
            )
            if start_url:
                transaction.on_commit(lambda: messages.send(DRIVE, str(run.pk)))
    except IntegrityError:
        # Two began at once: the other's is the open one.
        raise RunOver("another run was begun at this moment", state=State.ABANDONED) from None
    return run


def find(realm: Realm, reference: Any) -> ConformanceRun:
    """Return a run of the realm. Raises RunUnknown."""
    rows = ConformanceRun.objects.select_related("realm", "relying_party__realm", "phone", "report")
    found = rows.filter(realm=realm, pk=reference).first()
    if found is None:
        raise RunUnknown("no such run in this workspace")
    return found


def arm(run: ConformanceRun, case_id: str) -> ConformanceTry:
    """Let a case stand ready for the service's next hand-off. Raises CaseUnknown, RunOver, RunsItself."""
    _require_open(run, by_hand=True)
    return arm_case(run, case_id)


def tell(run: ConformanceRun, case_id: str, *, accepted: bool) -> ConformanceTry:
    """Take the service's verdict on the armed case. Raises CaseUnknown, NotArmed, RunOver, RunsItself."""
    _require_open(run, by_hand=True)
    row = _row(run, case_id)
    if row.state != Step.ARMED:
        armed = run.tries.filter(state=Step.ARMED).values_list("case", flat=True).first()
        raise NotArmed("arm the case first", armed=armed)
    hand_off = _asked_since(run, row)
    return conclude(run, row, hand_off=hand_off, accepted=accepted)


def finish(run: ConformanceRun) -> ConformanceRun:
    """Take no more; have the report signed. What wasn't tried counts as not exercised. Safe to repeat.

    Raises RunOver for one that was abandoned.
    """
    if run.state == State.ABANDONED:
        raise RunOver("another run was begun", state=run.state)
    with transaction.atomic():
        if ConformanceRun.objects.filter(pk=run.pk, state=State.OPEN).update(
            state=State.FINISHED, finished_at=clock.machine()
        ):
            _disarm_all(run)
            run.tries.exclude(state=Step.DONE).update(
                state=Step.DONE, outcome=Outcome.NOT_EXERCISED, why=Why.SKIPPED, done_at=clock.machine()
            )
        transaction.on_commit(lambda: messages.send(SIGN, str(run.pk)))
    run.refresh_from_db()
    return run


def sweep() -> int:
    """Wake the workers for runs that were left on their way; return how many."""
    now = clock.machine()
    rows = ConformanceRun.objects.filter(state=State.FINISHED).values_list("pk", flat=True)
    sent = sum(messages.send(SIGN, str(pk)) for pk in rows)
    driven = ConformanceRun.objects.filter(state=State.OPEN).exclude(start_url="")
    left = driven.filter(busy_until__lt=now) | driven.filter(busy_until=None)
    return sent + sum(messages.send(DRIVE, str(pk)) for pk in left.values_list("pk", flat=True))


# --- cases, whoever tries them -----------------------------------------------------------------------------
def arm_case(run: ConformanceRun, case_id: str) -> ConformanceTry:
    """Arm a case's faults for the run's service. Raises CaseUnknown, and what arming the fault does."""
    row, case = _row(run, case_id), _case(case_id)
    _disarm_all(run)
    made = [faults.arm(run.realm, name, client=_client(run, name)) for name in case.faults]
    row.state, row.armed_at, row.faults = Step.ARMED, clock.machine(), [str(one.reference) for one in made]
    row.accepted, row.outcome, row.why, row.hits, row.hand_off, row.seen = None, "", "", {}, None, {}
    row.done_at = None
    row.save()
    return row


def is_ready(row: ConformanceTry) -> bool:
    """Tell whether the certificates that the case's faults lie with are there: workers issue them when it is armed."""
    return all(faults.ready(one) for one in Fault.objects.filter(reference__in=row.faults))


def conclude(
    run: ConformanceRun,
    row: ConformanceTry,
    *,
    hand_off: HandOff | None,
    accepted: bool | None,
    why: Why | None = None,
    seen: dict[str, Any] | None = None,
) -> ConformanceTry:
    """Write down what came of a case, and take its faults away.

    `accepted` is what the service did, None where it couldn't be seen; then `why` says why not.
    """
    case = _case(row.case)
    hits = {one.name: one.hits for one in Fault.objects.filter(reference__in=row.faults)}
    if hand_off is None and why is None:
        outcome, why = Outcome.NOT_EXERCISED, Why.NO_HAND_OFF
    elif hand_off is not None and not catalogue.applies(case, hand_off):
        outcome, why = Outcome.NOT_APPLICABLE, Why.OTHER_REQUEST
    elif accepted is None:
        outcome, why = Outcome.NOT_EXERCISED, why or Why.NOT_BACK
    else:
        outcome, why = judge(case, Seen(accepted, hits, _asked_records(run, row)))
    row.state, row.done_at = Step.DONE, clock.machine()
    row.accepted, row.outcome, row.why, row.hits = accepted, outcome, why, hits
    row.hand_off, row.seen = hand_off.pk if hand_off else None, seen or {}
    row.save()
    _disarm(row)
    return row


def rest(row: ConformanceTry) -> None:
    """Take the faults of an armed case away for a while; arming it again puts them back."""
    _disarm(row)


def leave_out(row: ConformanceTry, why: Why) -> None:
    """Write down that a case can't be tried at all, whatever the service does."""
    row.state, row.outcome, row.why = Step.DONE, Outcome.NOT_APPLICABLE, why
    row.done_at = clock.machine()
    row.save()


# --- the rest ------------------------------------------------------------------------------------------------
def _chosen(names: Sequence[str]) -> list[Case]:
    unknown = sorted(name for name in names if catalogue.find(name) is None)
    if unknown:
        raise CaseUnknown(f"no such case: {', '.join(unknown)}", cases=unknown)
    return [case for case in CASES if not names or case.id in names]


def _case(case_id: str) -> Case:
    found = catalogue.find(case_id)
    if found is None:
        raise CaseUnknown(f"no such case: {case_id}", cases=[case_id])
    return found


def _row(run: ConformanceRun, case_id: str) -> ConformanceTry:
    found = run.tries.filter(case=case_id).first()
    if found is None:
        raise CaseUnknown(f"the run has no such case: {case_id}", cases=[case_id])
    return found


def _client(run: ConformanceRun, fault: str) -> str:
    """Return for whom a fault is armed: this service, where one sees whose request it is; else whoever asks."""
    return run.relying_party.client_id if CATALOGUE[fault].place in ("result", "return") else ""


def _require_open(run: ConformanceRun, *, by_hand: bool) -> None:
    run.refresh_from_db(fields=["state"])
    if run.state != State.OPEN:
        raise RunOver("the run takes no more", state=run.state)
    if by_hand and run.start_url:
        raise RunsItself("this run goes against a service by itself")


def _require_registered(realm: Realm, url: str) -> None:
    import httpx

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ServiceUnfit("not an address", url=url) from None
    if not allowed_in(realm)(parsed):
        raise ServiceUnfit("no registered application of the workspace stands there", url=url)


def _phone(realm: Realm) -> Phone:
    """Return the newest phone that could answer: its certificates hold, and its passwords are known here.

    One whose holder chose them on the page can't: nobody else knows them. Raises NoPhone.
    """
    rows = Enrolment.objects.filter(
        phone__realm=realm,
        phone__virtual_phone__sealed_passwords__isnull=False,
        phone__virtual_phone__gone_at__isnull=True,
        signature_certificate__status=Certificate.Status.VALID,
        authentication_certificate__status=Certificate.Status.VALID,
        state=Enrolment.State.ACTIVE,
    )
    found = rows.select_related("phone__realm").order_by("-pk").first()
    if found is None:
        raise NoPhone("enrol a phone first: POST /sandbox/api/v1/enrolments")
    return found.phone


def _asked_since(run: ConformanceRun, row: ConformanceTry) -> HandOff | None:
    """Return the newest hand-off that the service asked for since the case was armed.

    The realm's clock counts there, so it is asked what it showed when the case was armed.
    """
    if row.armed_at is None:
        return None
    since = row.armed_at + run.realm.clock_offset
    rows = HandOff.objects.filter(relying_party=run.relying_party, created_at__gte=since)
    return rows.order_by("-created_at").first()


def _asked_records(run: ConformanceRun, row: ConformanceTry) -> bool:
    if row.armed_at is None:
        return False
    since = row.armed_at + run.realm.clock_offset
    kind = VerificationLog.Kind.STATUS
    return VerificationLog.objects.filter(relying_party=run.relying_party, kind=kind, at__gte=since).exists()


def _abandon(run: ConformanceRun) -> None:
    if ConformanceRun.objects.filter(pk=run.pk, state=State.OPEN).update(
        state=State.ABANDONED, finished_at=clock.machine()
    ):
        _disarm_all(run)


def _disarm_all(run: ConformanceRun) -> None:
    for row in run.tries.filter(state=Step.ARMED):
        _disarm(row)
        ConformanceTry.objects.filter(pk=row.pk, state=Step.ARMED).update(state=Step.WAITING)


def _disarm(row: ConformanceTry) -> None:
    references = [uuid.UUID(one) for one in row.faults]
    for fault in Fault.objects.filter(reference__in=references, ended_at__isnull=True):
        faults.disarm(fault)
