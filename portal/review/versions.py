"""What was submitted of a case: any two versions compared, and the conformance report that went with one."""

import json
import uuid

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.access import Right, StaffRequest, requires
from portal.onboarding.versions import differences
from portal.review import officers, showing
from portal.review.cases import over
from portal.review.errors import CaseUnknown, ReviewError
from whitelist.cases import versions
from whitelist.models import Case, CaseVersion
from whitelist.review import reviewing


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def listing(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """List the versions and compare two, `?before=1&after=2`; never the draft, which is the applicant's alone."""
    try:
        found = _looked(request, reference)
    except ReviewError as error:
        return over(request, error.code)
    rows = {str(row.number): row for row in found.versions.select_related("conformance")}
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    if before not in rows or after not in rows:
        before, after = list(rows)[-2:] if len(rows) > 1 else ("", "")
    context = {
        "case": found,
        "versions": [row for row in rows.values() if row.number],
        "choices": [(number, _label(row)) for number, row in rows.items()],
        "before": before,
        "after": after,
    }
    if before:
        compared = versions.compare(rows[before].answers, rows[after].answers)
        labels = {"before_label": _label(rows[before]), "after_label": _label(rows[after])}
        context |= {"groups": differences(found, compared), **labels}
    return render(request, "review/versions.html", context)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def conformance(request: StaffRequest, reference: uuid.UUID, number: int) -> HttpResponseBase:
    """Show the whole conformance report that went with a version."""
    try:
        found = _looked(request, reference)
        row = found.versions.select_related("conformance").filter(number=number).first()
        report = row.conformance if row is not None else None
        if row is None or report is None:
            raise CaseUnknown("no report went with such a version")
    except ReviewError as error:
        return over(request, error.code)
    context = {
        "case": found,
        "version": row,
        "label": _label(row),
        "conformance": report,
        "report": json.dumps(report.report, ensure_ascii=False, indent=2),
    }
    return render(request, "review/conformance.html", context)


def _looked(request: StaffRequest, reference: uuid.UUID) -> Case:
    found = showing.find(request.staff, reference)
    if request.method == "GET":
        reviewing.look(found, by=officers.of(request.staff))
    return found


def _label(row: CaseVersion) -> str:
    return _("第{number}版").format(number=row.number) if row.number else _("いま登録されている内容")
