"""A run against a service: a citizen with a virtual phone begins there, answers, and comes back, case by case.

Each case is one task, so that a run holds no worker, and goes on after whoever died. How the service judged is read off
the last page to which the return led: below 400 it accepted, from 400 on it rejected.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.db.models import Q

from ca import clock, messages
from ca.profiles import Purpose
from portal.handoff.models import HandOff
from sandbox import driver
from sandbox.conformance import catalogue, runs
from sandbox.conformance.catalogue import Case, Visit
from sandbox.conformance.errors import NoPhone
from sandbox.conformance.journeys import Journey, NotReached
from sandbox.conformance.judging import Why
from sandbox.driver import links
from sandbox.errors import NoneExpired, SandboxError
from sandbox.models import ConformanceRun, ConformanceTry, VirtualCard
from tsm.models import Phone
from whitelist.probes.errors import ProbeError

logger = logging.getLogger(__name__)

# One case: the service's pages, the phone's, the chip, the responder; all with limits of their own.
LEASE = timedelta(minutes=3)
# So long certificates are waited for that workers issue for a case.
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True)
class Came:
    """How a visit ended: whether the service accepted (None: it was never come back to), and what was seen."""

    accepted: bool | None
    seen: dict[str, Any]


def drive(run: ConformanceRun, *, outside: httpx.BaseTransport | None = None) -> bool:
    """Try the run's next case; return whether there may be another. Nothing happens where somebody else is at it."""
    now = clock.machine()
    free = Q(busy_until=None) | Q(busy_until__lt=now)
    if not ConformanceRun.objects.filter(free, pk=run.pk, state=runs.State.OPEN).update(busy_until=now + LEASE):
        return False
    try:
        row = run.tries.exclude(state=runs.Step.DONE).order_by("position").first()
        if row is None:
            runs.finish(run)
            return False
        _try(run, row, outside)
        return True
    finally:
        ConformanceRun.objects.filter(pk=run.pk).update(busy_until=None)


def step(run_id: str) -> None:
    """Try one case of a run and wake a worker for the next. Safe to run twice. Needs the seal key."""
    run = ConformanceRun.objects.select_related("realm", "relying_party__realm", "phone__realm").get(pk=run_id)
    # A case that is still armed waits for certificates; the sweep comes back to it.
    if drive(run) and not run.tries.filter(state=runs.Step.ARMED).exists():
        messages.send(runs.DRIVE, run_id)


def _try(run: ConformanceRun, row: ConformanceTry, outside: httpx.BaseTransport | None) -> None:
    case = catalogue.find(row.case)
    if case is None:  # The catalogue has changed since the run was begun.
        runs.leave_out(row, Why.SKIPPED)
        return
    if row.state != runs.Step.ARMED:
        try:
            row = runs.arm_case(run, case.id)
        except NoneExpired:  # no fault of the service's
            runs.leave_out(row, Why.NOT_IN_THIS_WORLD)
            return
    if not runs.is_ready(row):
        if row.armed_at is not None and clock.machine() - row.armed_at > PATIENCE:
            runs.conclude(run, row, hand_off=None, accepted=None, why=Why.NOT_READY)
        return
    journey = Journey(run.realm, outside=outside)
    try:
        link = _begin(run, row, case, journey)
        hand_off = links.find(run.realm, httpx.URL(link))
        if hand_off is None:
            raise NotReached("the link is no hand-off's")
    except (NotReached, SandboxError) as error:
        runs.conclude(run, row, hand_off=None, accepted=None, why=Why.NOT_REACHED, seen={"detail": str(error)})
        return
    found = hand_off.hand_off
    if not catalogue.applies(case, found):
        runs.conclude(run, row, hand_off=found, accepted=None)
        return
    try:
        came = _visit(run, case, journey, link, found)
    except (SandboxError, ProbeError, httpx.HTTPError, OSError) as error:
        came = Came(None, {"problem": str(getattr(error, "code", "") or getattr(error, "finding", "unreachable"))})
    runs.conclude(run, row, hand_off=found, accepted=came.accepted, seen=came.seen)


def _begin(run: ConformanceRun, row: ConformanceTry, case: Case, journey: Journey) -> str:
    """Return the link to which the service sends the citizen for this case. Raises NotReached, SandboxError.

    A signature is asked for by a service that knows who signs: there the citizen signs in first, and nothing is wrong.
    """
    if case.purposes != catalogue.SIGNING or not run.signature_url:
        return journey.begin(run.start_url)
    runs.rest(row)
    link = journey.begin(run.start_url)
    found = links.find(run.realm, httpx.URL(link))
    if found is None or found.hand_off.purpose != Purpose.USER_AUTHENTICATION:
        raise NotReached("the start doesn't lead to a sign-in")
    journey.awaits(found.hand_off.return_url, Visit.ANSWER)
    came = _came(driver.answer(_phone(run), link, outside=journey).callback)
    if not came.accepted:
        raise NotReached("the sign-in before the signature was refused")
    runs.arm_case(run, case.id)
    row.refresh_from_db()
    return journey.begin(run.signature_url)


def _visit(run: ConformanceRun, case: Case, journey: Journey, link: str, hand_off: HandOff) -> Came:
    journey.awaits(hand_off.return_url, case.visit)
    if case.visit == Visit.TIME_OUT:
        session = driver.start(_phone(run), link, outside=journey)
        session = driver.act(session, "time_out", outside=journey)
        return _came(driver.act(session, "continue", outside=journey).told["callback"])
    card = VirtualCard.objects.filter(realm=run.realm, ready=True).order_by("pk").first() if case.card else None
    refuse = case.visit == Visit.DECLINE
    came = _came(driver.answer(_phone(run), link, outside=journey, refuse=refuse, card=card).callback)
    if case.visit == Visit.TWICE and came.accepted:
        second = journey.come_again()
        return Came(second.status_code < 400, {"status": second.status_code, "url": _shown(str(second.request.url))})
    # Who doesn't accept the first time shows nothing about a second.
    return Came(None, came.seen) if case.visit == Visit.TWICE else came


def _phone(run: ConformanceRun) -> Phone:
    if run.phone is None:
        raise NoPhone("the run has no phone")
    return run.phone


def _came(callback: dict[str, Any] | None) -> Came:
    final = (callback or {}).get("final") or {}
    if not final.get("status"):
        return Came(None, {"finding": (callback or {}).get("finding")})
    return Came(final["status"] < 400, {"status": final["status"], "url": final["url"]})


def _shown(address: str) -> str:
    return links.without_query(address)
