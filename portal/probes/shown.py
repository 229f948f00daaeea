"""What the pages show of probes: subjects with a count, and results with their sentences. Few queries, however many."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.probes import sentences
from whitelist import probes
from whitelist.cases.states import OPEN
from whitelist.models import Case, Organisation, ProbeResult, ProbeRun, RelyingParty
from whitelist.probes.running import LOOKED_AFTER

Outcome = ProbeResult.Outcome


@dataclass
class Subject:
    """What is probed: a case, or an entry of the register."""

    title: str
    address: str
    at: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> int:
        return self.counts[Outcome.PASSED]

    @property
    def wrong(self) -> int:
        return sum(self.counts.values()) - self.passed


@dataclass(frozen=True)
class Shown:
    """One result in words."""

    result: ProbeResult
    kind: Promise
    outcome: Promise
    tag: str
    told: sentences.Told | None
    note: Promise | None
    evidence: list[tuple[Promise, str, bool]]


def subjects(organisation: Organisation) -> list[Subject]:
    """Return the organisation's open cases and registered services, each with the counts of its newest run."""
    done = ProbeRun.objects.filter(state=ProbeRun.State.DONE).order_by("-ended_at", "-pk")
    cases = Case.objects.filter(organisation=organisation, state__in=OPEN).select_related("relying_party")
    cases = cases.annotate(newest=Subquery(done.filter(case=OuterRef("pk")).values("pk")[:1]))
    entries = RelyingParty.objects.filter(organisation=organisation, state__in=LOOKED_AFTER)
    entries = entries.annotate(newest=Subquery(done.filter(entry=OuterRef("pk"), case=None).values("pk")[:1]))
    found: list[tuple[int | None, Subject]] = []
    reference = organisation.reference
    for case in cases:
        address = reverse("probes:case", args=[reference, case.reference])
        found.append((case.newest, Subject(title_of_case(case), address)))
    for entry in entries:
        address = reverse("probes:entry", args=[reference, entry.client_id])
        found.append((entry.newest, Subject(title_of_entry(entry), address)))
    runs = {run.pk: run.ended_at for run in ProbeRun.objects.filter(pk__in={pk for pk, _each in found if pk})}
    counted = ProbeResult.objects.filter(run__in=runs).order_by().values("run", "outcome").annotate(number=Count("pk"))
    counts: dict[int, Counter[str]] = {}
    for row in counted:
        counts.setdefault(row["run"], Counter())[row["outcome"]] = row["number"]
    for pk, subject in found:
        if pk is not None:
            subject.at, subject.counts = runs[pk], counts.get(pk, Counter())
    return [subject for _pk, subject in found]


def title_of_case(case: Case) -> str:
    """Return what a case is called on these pages."""
    if case.relying_party is not None:
        return _("変更の申請：%(name)s") % {"name": title_of_entry(case.relying_party)}
    return _("%(day)sに始めた申請") % {"day": date_format(timezone.localtime(case.opened_at), "DATE_FORMAT")}


def title_of_entry(entry: RelyingParty) -> str:
    """Return a service's name in the page's language."""
    return entry.name_ja if get_language() == "ja" else entry.name_en


def of(about: Case | RelyingParty) -> dict[str, Any]:
    """Return what `probes/results.html` expects: the newest results of a case or an entry, and what is under way."""
    run = probes.latest_run(about)
    return {
        "probe_run": run,
        "probes": in_words(run.results.all()) if run else [],
        "probe_waits": probes.open_run(about),
    }


def in_words(results: Iterable[ProbeResult]) -> list[Shown]:
    """Return results with their sentences, what is to be done first."""
    order = [Outcome.FAILED, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.PASSED]
    return [_in_words(each) for each in sorted(results, key=lambda one: order.index(Outcome(one.outcome)))]


def _in_words(result: ProbeResult) -> Shown:
    outcome, tag = sentences.OUTCOMES[result.outcome]
    evidence = result.evidence if isinstance(result.evidence, dict) else {}
    note = sentences.OWN if evidence.get("own") else None
    left = evidence.get("days_left")
    if isinstance(left, int) and left < sentences.SOON:
        note = sentences.SOON_TOLD
    return Shown(
        result=result,
        kind=sentences.KINDS[result.kind],
        outcome=outcome,
        tag=tag,
        told=sentences.FINDINGS.get(result.finding),
        note=note,
        evidence=[
            (title, _text(evidence[name]), name in ("sha256", "missing", "usable", "app", "addresses", "names"))
            for name, title in sentences.EVIDENCE.items()
            if evidence.get(name) not in (None, "", [])
        ],
    )


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, str) and (moment := _moment(value)) is not None:
        return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return str(value)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text) if "T" in text else None
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None
