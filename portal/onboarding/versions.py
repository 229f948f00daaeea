"""Versions of a case, and the difference between any two."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.onboarding import words
from portal.onboarding.access import CaseRequest, of_case
from portal.onboarding.words import said
from whitelist.cases import drafts, sections, shapes, versions
from whitelist.cases.versions import Difference
from whitelist.models import Case, CaseVersion

DRAFT = "draft"


@of_case()
@require_safe
def listing(request: CaseRequest) -> HttpResponseBase:
    """List the versions, and compare two of them: `?before=1&after=2`, where `draft` is what is written now."""
    case = request.case
    rows = list(case.versions.select_related("conformance"))
    choices = [(str(row.number), _label(row)) for row in rows] + [(DRAFT, _("いまの下書き"))]
    known = [name for name, _label_ in choices]
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    if before not in known or after not in known:
        before, after = (known[-2], known[-1]) if len(known) > 1 else ("", "")
    answers = {str(row.number): row.answers for row in rows} | {DRAFT: shapes.submitted(drafts.answers(case))}
    found = versions.compare(answers[before], answers[after]) if before else []
    context = {
        "case": case,
        "membership": request.membership,
        "title": words.title(case, answers[DRAFT]),
        "versions": [row for row in rows if row.number],
        "choices": choices,
        "before": before,
        "after": after,
        "labels": dict(choices),
        "before_label": dict(choices).get(before, ""),
        "after_label": dict(choices).get(after, ""),
        "groups": differences(case, found),
    }
    return render(request, "onboarding/versions.html", context)


@of_case()
@require_safe
def version(request: CaseRequest, number: int) -> HttpResponseBase:
    """Show one version as it was submitted."""
    case = request.case
    found = versions.find(case, number)
    if found is None:
        raise Http404("no such version")
    context = {
        "case": case,
        "membership": request.membership,
        "title": words.title(case, found.answers),
        "version": found,
        "label": _label(found),
        "groups": summary(case, found.answers),
    }
    return render(request, "onboarding/version.html", context)


def differences(case: Case, found: list[Difference]) -> list[dict[str, Any]]:
    """Return differences as they are shown, by section: label, before and after."""
    files = words.files(case)
    return [
        {
            "title": said(section.title),
            "rows": [
                {
                    "label": said(sections.label(section.name, one.field)),
                    "before": words.answer(section.name, one.field, one.before, files),
                    "after": words.answer(section.name, one.field, one.after, files),
                }
                for one in rows
            ],
        }
        for name, rows in groupby(found, key=lambda one: one.section)
        if (section := sections.find(name)) is not None
    ]


def summary(case: Case, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all answers as they are read, page by page. Those of the draft's shape or of a version's."""
    files, drafted = words.files(case), answers
    if "asks" not in (answers.get("purposes") or {}):
        drafted = shapes.as_draft(answers)
    return [
        {"name": page.name, "title": said(page.title), "tables": _tables(section, page, drafted, files)}
        for section in sections.SECTIONS
        for page in section.pages
        if page.asked(drafted, {})
    ]


def _tables(section: Any, page: Any, answers: Mapping[str, Any], files: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = answers.get(section.name)
    if page.blocks:
        kinds = dict(page.fields[0].choices)
        return [
            {
                "title": said(kinds[block["kind"]]) if block.get("kind") in kinds else "",
                "rows": [
                    (said(field.label), words.shown(field, block.get(field.name), files), "")
                    for field in page.fields[1:]
                    if field.asked(answers, block)
                ],
            }
            for block in shapes.blocks(given)
        ]
    flat = shapes.flat(section, given)
    rows = [
        (
            said(field.label),
            words.shown(field, flat[field.name], files),
            flat[field.name] if field.kind.value == "file" and flat[field.name] in files else "",
        )
        for field in page.fields
        if field.asked(answers, {})
    ]
    return [{"title": "", "rows": rows}]


def _label(row: CaseVersion) -> str:
    if row.number == 0:
        return _("いま登録されている内容")
    return _("第{number}版").format(number=row.number)
