"""One page of a draft, drawn: its fields with what was answered, refused and remarked, and what stands beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from portal.onboarding import forms, preview, words
from portal.onboarding.access import CaseRequest, may
from portal.onboarding.words import said
from whitelist.cases import drafts, lookalikes, shapes, submitting
from whitelist.cases.drafts import Conflict
from whitelist.cases.sections import Page, Section
from whitelist.cases.states import EDITABLE
from whitelist.models import CaseRemark, CaseSection

# Sections with addresses that can be looked at from outside.
PROBED = frozenset({"applications", "handoff"})


def answer(
    request: CaseRequest,
    section: Section,
    found: Page,
    *,
    checked: bool = False,
    saved: bool = False,
    typed: Mapping[str, Any] | None = None,
    wrong: Mapping[str, str] | None = None,
    conflicts: Sequence[Conflict] = (),
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Return the page as it stands: what was typed and not taken is kept in its fields, and what is wrong is told."""
    case = request.case
    row = CaseSection.objects.get(case=case, name=section.name)
    answers = drafts.answers(case)
    files = words.files(case)
    errors = dict(wrong or {})
    if checked:
        errors |= {one.field: said(one.sentence) for one in submitting.missing(case, answers) if one.page == found.name}
    remarks = list(CaseRemark.objects.filter(case=case, section=section.name, settled_at=None))
    typed = {one.field: one.mine for one in conflicts} | dict(typed or {})
    rows = forms.shown(
        section, found, row, answers, typed=typed, wrong=errors, conflicts=conflicts, remarks=remarks, files=files
    )
    before, after = forms.neighbours(found, answers)
    can = may(request, case)
    context = {
        "case": case,
        "membership": request.membership,
        "title": words.title(case, answers),
        "section": section,
        "section_title": said(section.title),
        "page": found,
        "page_title": said(found.title),
        "lead": said(found.lead),
        "fields": rows,
        "blocks": _blocks(found, answers, rows) if found.blocks else [],
        "kinds": [(code, said(label)) for code, label in found.fields[0].choices] if found.blocks else [],
        "remarks": [one for one in remarks if not one.field],
        "errors": [(one["id"], one["error"]) for one in rows if one["error"]]
        + [("main", sentence) for path, sentence in errors.items() if not path],
        "conflicts": conflicts,
        "conflicting": [one for one in rows if one["conflict"]],
        "edition": row.edition,
        "read": forms.read(section, found, answers),
        "may": can,
        "editable": case.state in EDITABLE and can["edit"],
        "problem": problem,
        "saved": saved,
        "before": before,
        "after": after,
        "preview": preview.drawn(case, found.name, answers, files) if found.preview else [],
        "like": like(request, found, answers),
        "probed": section.name in PROBED,
        "has_files": any(one["kind"] == "file" for one in rows),
    }
    return render(request, "onboarding/page.html", context, status=status)


def _blocks(found: Page, answers: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    kinds = dict(found.fields[0].choices)
    return [
        {
            "id": block["id"],
            "kind": said(kinds[block["kind"]]) if block.get("kind") in kinds else "",
            "fields": [one for one in rows if one["path"].startswith(f"{block['id']}.")],
        }
        for block in shapes.blocks(answers.get(shapes.APPLICATIONS))
    ]


def like(request: CaseRequest, found: Page, answers: Mapping[str, Any]) -> list[lookalikes.Imitated]:
    """Return what is registered already and has a name like the service's; of the page of names alone."""
    if found.name != "service":
        return []
    names = [answers["service"].get(name) or "" for name in ("name_ja", "name_en")]
    return lookalikes.imitated(request.case.organisation, *names)
