"""Conformance tests of the models: the newest result counts, and each is due again after a period."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ca import clock
from tsm.compatibility.catalogue import MODELS, find
from tsm.compatibility.requirements import Model, Reason, Result
from tsm.models import ConformanceResult

# 定期的に適合性確認を実施: the briefing doesn't say how often.
DUE_AFTER = timedelta(days=365)


@dataclass(frozen=True)
class Listed:
    """A model as the published list shows it."""

    model: Model
    reason: Reason | None
    result: Result | None
    due_on: date | None
    overdue: bool

    @property
    def supported(self) -> bool:
        return self.reason is None


def record(code: str, result: Result) -> None:
    """Add a conformance result. Raises `ValueError` when no model has that code."""
    if find(code) is None:
        raise ValueError(f"no model {code!r}: the codes are {', '.join(model.code for model in MODELS)}")
    ConformanceResult.objects.create(
        model_code=code,
        tested_on=result.tested_on,
        build=result.build,
        passed=result.passed,
        remark=result.remark,
    )


def newest(model: Model) -> Result | None:
    """Return the model's newest conformance result: one that was recorded, else the one that it was listed with."""
    row = ConformanceResult.objects.filter(model_code=model.code).last()
    recorded = Result(row.tested_on, row.build, row.passed, row.remark) if row is not None else None
    known = [result for result in (model.result, recorded) if result is not None]
    return max(known, key=lambda result: result.tested_on, default=None)


def reason_against(model: Model) -> Reason | None:
    """Return why no certificate is issued to this model: the first requirement that it misses, or its test. Or None.

    A test that is due again is said on the list and refuses nobody: the phone is the same as when it passed.
    """
    if model.unsupported_because is not None:
        return model.unsupported_because
    result = newest(model)
    if result is None:
        return Reason.NOT_TESTED
    return None if result.passed else Reason.CONFORMANCE_FAILED


def listed(now: datetime) -> list[Listed]:
    """Return the published list as of `now`."""
    rows = []
    for model in MODELS:
        result = newest(model)
        due = result.tested_on + DUE_AFTER if result is not None else None
        rows.append(Listed(model, reason_against(model), result, due, due is not None and due < clock.day(now)))
    return rows
