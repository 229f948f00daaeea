"""A look at how things stand: the measures held against the table of findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from portal.observing import measures
from portal.observing.findings import FINDINGS, Finding
from portal.observing.measures import Reading

RUNBOOK = "docs/alerts.md"


@dataclass(frozen=True)
class Found:
    """A finding that struck: what it is about, and the figure that did it."""

    finding: Finding
    labels: Mapping[str, str]
    value: float

    @property
    def about(self) -> str:
        """What it is about, by name: empty where there is only one of it."""
        return ", ".join(f"{name} {value}" for name, value in self.labels.items())

    @property
    def figure(self) -> str:
        """The figure and the limit, in words of the present language."""
        told, limit = (_told(number, self.finding.unit) for number in (self.value, self.finding.limit()))
        return (_("{told}（{limit}以上であること）") if self.finding.below else _("{told}（{limit}まで）")).format(
            told=told, limit=limit
        )

    @property
    def anchor(self) -> str:
        """The place in the runbook."""
        return anchor(self.finding)

    def as_json(self) -> dict[str, Any]:
        """Return it for machines, its words in the present language."""
        return {
            "id": self.finding.id,
            "severity": self.finding.severity.value,
            "labels": dict(self.labels),
            "measure": self.finding.measure,
            "value": self.value,
            "limit": self.finding.limit(),
            "title": str(self.finding.title),
            "remedy": str(self.finding.remedy),
            "runbook": self.anchor,
        }


def anchor(finding: Finding) -> str:
    """Return the place of a finding in the runbook, as its heading is linked to."""
    return f"{RUNBOOK}#{finding.id.replace('.', '')}"


def look() -> list[Found]:
    """Read all measures and return what is wrong, in the table's order."""
    return judge(measures.read())


def judge(readings: Iterable[Reading], findings: Iterable[Finding] = FINDINGS) -> list[Found]:
    """Return what of these readings is beyond a limit."""
    by_name = {reading.measure.name: reading.samples for reading in readings}
    return [
        Found(finding, sample.labels, sample.value)
        for finding in findings
        for sample in by_name.get(finding.measure, ())
        if finding.concerns(sample.labels) and finding.strikes(sample.value)
    ]


def _told(number: float, unit: str) -> str:
    if unit == "share":
        return f"{number:.0%}"
    if unit == "seconds":
        return _span(number)
    return f"{number:g}"


def _span(seconds: float) -> str:
    whole = timedelta(seconds=round(abs(seconds)))
    sign = "-" if seconds < 0 else ""
    if whole >= timedelta(days=2):
        return sign + _("{count}日").format(count=whole.days)
    if whole >= timedelta(hours=2):
        return sign + _("{count}時間").format(count=whole // timedelta(hours=1))
    if whole >= timedelta(minutes=2):
        return sign + _("{count}分").format(count=whole // timedelta(minutes=1))
    return sign + _("{count}秒").format(count=whole // timedelta(seconds=1))
