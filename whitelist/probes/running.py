"""Runs of probes: asked for, claimed by one worker, written down. The rows are the truth; messages only wake."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ca import clock, messages
from whitelist.errors import ProbesTooOften
from whitelist.models import Case, ProbeResult, ProbeRun, RelyingParty
from whitelist.probes import kinds, targets
from whitelist.probes.errors import ProbeError
from whitelist.probes.fetching import Fetcher
from whitelist.probes.targets import Target

Trigger = ProbeRun.Trigger
State = ProbeRun.State
# An entry that is not in the register any more is nobody's to look after.
LOOKED_AFTER = (RelyingParty.State.REGISTERED, RelyingParty.State.SUSPENDED)


def request(about: Case | RelyingParty, by: str, *, trigger: Trigger = Trigger.SAVE) -> ProbeRun:
    """Ask for a run over a case, or an entry of the register, as it stands when the run begins.

    Whoever asks while one waits gets that one. After a saving it waits for PROBES_SETTLE_SECONDS, so that somebody who
    types makes one run. On demand it begins at once; raise `ProbesTooOften` for more than PROBES_AN_HOUR in an hour.
    """
    if isinstance(about, Case):
        return _request({"case": about, "entry": None}, by, trigger)
    return _request({"case": None, "entry": about}, by, trigger)


def _request(about: dict[str, Case | RelyingParty | None], by: str, trigger: Trigger) -> ProbeRun:
    now = clock.machine()
    if trigger == Trigger.DEMAND:
        hour = ProbeRun.objects.filter(**about, trigger=trigger, asked_at__gt=now - timedelta(hours=1))
        if hour.count() >= settings.PROBES_AN_HOUR:
            raise ProbesTooOften("too many runs within an hour", most=settings.PROBES_AN_HOUR)
    settle = timedelta(seconds=settings.PROBES_SETTLE_SECONDS if trigger == Trigger.SAVE else 0)
    values = {"trigger": trigger, "asked_by": by, "asked_at": now, "due_at": now + settle}
    try:
        with transaction.atomic():
            run = ProbeRun.objects.create(**about, **values)
    except IntegrityError:
        waiting = ProbeRun.objects.filter(**about, state=State.WAITING)
        # What would have come in a moment comes now, and counts as asked for.
        sooner = trigger == Trigger.DEMAND and waiting.exclude(trigger=trigger).update(**values)
        found = waiting.first()
        if found is not None and sooner:
            transaction.on_commit(partial(_wake, found))
        # Begun in between: it may have read what was there before.
        return found if found is not None else _request(about, by, trigger)
    transaction.on_commit(lambda: _wake(run))
    return run


def _wake(run: ProbeRun) -> None:
    if run.due_at <= clock.machine():
        messages.send("whitelist.run_probes", run.pk)


def run(case: Case, by: str, *, fetcher: Fetcher | None = None) -> list[ProbeResult]:
    """Probe a case here and now; return the results. For workers and commands: it takes the seconds that it takes."""
    now = clock.machine()
    made = ProbeRun.objects.create(
        case=case, trigger=Trigger.DEMAND, state=State.RUNNING, asked_by=by, asked_at=now, due_at=now,
        lease_until=now + timedelta(seconds=settings.PROBES_LEASE_SECONDS),
    )  # fmt: skip
    _go_round(made, fetcher or Fetcher())
    return list(made.results.all())


def carry_out(run_id: int, *, fetcher: Fetcher | None = None) -> bool:
    """Carry out a run that is due, if nobody else has it; return whether it was ours."""
    now = clock.machine()
    free = Q(state=State.WAITING, due_at__lte=now) | Q(state=State.RUNNING, lease_until__lte=now)
    lease = now + timedelta(seconds=settings.PROBES_LEASE_SECONDS)
    if not ProbeRun.objects.filter(free, pk=run_id).update(state=State.RUNNING, lease_until=lease):
        return False
    _go_round(ProbeRun.objects.select_related("case", "entry").get(pk=run_id), fetcher or Fetcher())
    return True


def _go_round(run: ProbeRun, fetcher: Fetcher) -> None:
    found = targets.of_case(run.case) if run.case is not None else targets.of_entry(_entry(run))
    results = [_probe(run, target, fetcher) for target in found[: settings.PROBES_MOST_TARGETS]]
    with transaction.atomic():
        # Whoever lost the lease on the way writes nothing: another went round.
        mine = ProbeRun.objects.filter(pk=run.pk, state=State.RUNNING, lease_until=run.lease_until)
        if mine.update(state=State.DONE, ended_at=clock.machine(), lease_until=None):
            ProbeResult.objects.bulk_create(results)


def _probe(run: ProbeRun, target: Target, fetcher: Fetcher) -> ProbeResult:
    at, began = clock.machine(), time.monotonic()
    result = ProbeResult(run=run, case=run.case, entry=run.entry, kind=target.kind, target=target.where, at=at)
    try:
        result.outcome, result.evidence = ProbeResult.Outcome.PASSED, kinds.PROBES[target.kind](target, fetcher, at)
    except ProbeError as error:
        result.outcome, result.finding, result.evidence = error.outcome, error.finding, error.evidence
    result.milliseconds = round((time.monotonic() - began) * 1000)
    return result


def latest_run(about: Case | RelyingParty) -> ProbeRun | None:
    """Return the newest run that came to its end, for a case or for an entry."""
    return _runs(about).filter(state=State.DONE).order_by("-ended_at", "-pk").first()


def open_run(about: Case | RelyingParty) -> ProbeRun | None:
    """Return the run that waits or goes round now."""
    return _runs(about).exclude(state=State.DONE).order_by("pk").first()


def latest(about: Case | RelyingParty) -> list[ProbeResult]:
    """Return the results of the newest run over a case (or an entry): how things stand, by kind."""
    newest = latest_run(about)
    return list(newest.results.all()) if newest is not None else []


def _runs(about: Case | RelyingParty) -> QuerySet[ProbeRun]:
    if isinstance(about, Case):
        return ProbeRun.objects.filter(case=about)
    return ProbeRun.objects.filter(entry=about, case=None)


def _entry(run: ProbeRun) -> RelyingParty:
    assert run.entry is not None, "the table's constraint"  # noqa: S101
    return run.entry


def nightly(by: str = "night") -> int:
    """Ask for a run over every entry that is looked after, spread over PROBES_NIGHT_SECONDS; return how many."""
    entries = list(RelyingParty.objects.filter(state__in=LOOKED_AFTER).order_by("pk").values_list("pk", flat=True))
    now = clock.machine()
    busy = set(ProbeRun.objects.filter(case=None).exclude(state=State.DONE).values_list("entry_id", flat=True))
    todo = [pk for pk in entries if pk not in busy]
    step = settings.PROBES_NIGHT_SECONDS / max(len(todo), 1)
    ProbeRun.objects.bulk_create(
        [
            ProbeRun(
                entry_id=pk, trigger=Trigger.NIGHT, asked_by=by, asked_at=now,
                due_at=now + timedelta(seconds=step * number),
            )
            for number, pk in enumerate(todo)
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return len(todo)


def sweep(*, send: Callable[[int], object] | None = None) -> int:
    """Wake the workers for every run that is due, or that a worker died with; return for how many."""
    now = clock.machine()
    due = Q(state=State.WAITING, due_at__lte=now) | Q(state=State.RUNNING, lease_until__lte=now)
    found = list(ProbeRun.objects.filter(due).values_list("pk", flat=True)[:200])
    for pk in found:
        (send or _send)(pk)
    return len(found)


def _send(run_id: int) -> None:
    messages.send("whitelist.run_probes", run_id)


def forget() -> int:
    """Delete what is older than PROBES_DAYS, but each case's and entry's newest run; return how many runs."""
    done = ProbeRun.objects.filter(state=State.DONE)
    old = done.filter(ended_at__lt=clock.machine() - timedelta(days=settings.PROBES_DAYS))
    newer = done.filter(ended_at__gt=OuterRef("ended_at"))
    count = 0
    for several in (
        old.filter(Exists(newer.filter(case=OuterRef("case")))),
        old.filter(Exists(newer.filter(entry=OuterRef("entry"), case=None)), case=None),
    ):
        count += several.delete()[1].get("whitelist.ProbeRun", 0)
    return count
