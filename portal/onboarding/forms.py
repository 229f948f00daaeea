"""A page's fields as a form shows them, and what a form says when it comes back."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest

from portal.onboarding import words
from portal.onboarding.words import said
from whitelist.cases import fields as kinds
from whitelist.cases import sections, shapes
from whitelist.cases.drafts import Conflict
from whitelist.cases.fields import MANY, Field, Kind
from whitelist.cases.sections import Page, Section
from whitelist.models import Attachment, CaseRemark, CaseSection


def asked(section: Section, page: Page, answers: Mapping[str, Any]) -> list[tuple[str, Field]]:
    """Return the fields that a page asks, each with its path; of the applications, those of each one's kind."""
    if page.blocks:
        return [
            (f"{block['id']}.{field.name}", field)
            for block in shapes.blocks(answers.get(section.name))
            for field in page.fields[1:]
            if field.asked(answers, block)
        ]
    # A field that depends on another of the same page is there, and says when it is needed.
    return [(field.name, field) for field in page.fields]


def shown(
    section: Section,
    page: Page,
    row: CaseSection,
    answers: Mapping[str, Any],
    *,
    typed: Mapping[str, Any] | None = None,
    wrong: Mapping[str, str] | None = None,
    conflicts: Iterable[Conflict] = (),
    remarks: Iterable[CaseRemark] = (),
    files: Mapping[str, Attachment] | None = None,
) -> list[dict[str, Any]]:
    """Return a page's fields as the template shows them; `typed` are answers that aren't what the draft has."""
    flat = shapes.flat(section, answers.get(section.name))
    against = {one.field: one for one in conflicts}
    found = []
    for path, field in asked(section, page, answers):
        value = (typed or {}).get(path, flat.get(path, field.empty))
        name = path.replace(".", "-").replace("_", "-")
        error = (wrong or {}).get(path, "")
        conflict = against.get(path)
        notes = [one for one in remarks if one.field == path]
        said_by = row.disputed.get(path, {}) if conflict is None else {}
        others = [
            {"who": who, "value": words.shown(field, told, files)} for who, told in said_by.items() if told != value
        ]
        described = [f"{name}-hint"] if field.hint.ja else []
        described += [f"{name}-remark-{one.pk}" for one in notes]
        described += [f"{name}-conflict"] if conflict or others else []
        described += [f"{name}-error"] if error else []
        found.append(
            {
                "path": path,
                "id": name,
                "kind": field.kind.value,
                "label": said(field.label),
                "hint": said(field.hint),
                "required": field.required is not kinds.never,
                "value": "\n".join(value) if field.kind is Kind.LIST else value,
                "choices": [(code, said(label)) for code, label in field.choices],
                "file": (files or {}).get(str(value)) if field.kind is Kind.FILE else None,
                "error": error,
                "remarks": notes,
                "conflict": conflict,
                "theirs": words.shown(field, conflict.theirs, files) if conflict else "",
                "others": others,
                "described": " ".join(described),
                "most": field.most if field.kind not in MANY else "",
                "autocomplete": field.autocomplete or "off",
                "language": "ja" if path.endswith("_ja") else "en" if path.endswith("_en") else "",
            }
        )
    return found


def posted(
    request: HttpRequest, section: Section, page: Page, answers: Mapping[str, Any], read: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a form says of the page's fields, {path: answer in its plain form}; files are another matter.

    Those among them that the form was made from and that have gone meanwhile: with an application that was taken out.
    """
    known = asked(section, page, answers)
    gone = [(path, sections.field_of(section, path)) for path in read if path not in dict(known)] if page.blocks else []
    known += [(path, field) for path, field in gone if field is not None]
    found = {}
    for path, field in known:
        if field.kind is Kind.FILE:
            continue
        if field.kind is Kind.CHOICES:
            found[path] = kinds.tidy(field, request.POST.getlist(path))
        elif path in request.POST:
            found[path] = kinds.tidy(field, request.POST[path])
        elif field.kind is Kind.CHOICE and "edition" in request.POST:
            found[path] = ""
    return found


def base(request: HttpRequest) -> tuple[int, dict[str, Any], dict[str, int]]:
    """Return what a form was made from: the edition, the answers that stood in it, and the edition of single fields."""
    try:
        edition = int(request.POST.get("edition", ""))
    except ValueError:
        edition = 0
    read, bases = _table(request.POST.get("read", "")), _table(request.POST.get("bases", ""))
    return edition, read, {path: at for path, at in bases.items() if isinstance(at, int)}


def read(section: Section, page: Page, answers: Mapping[str, Any]) -> str:
    """Return what a form keeps of the answers that stand in it, as JSON."""
    flat = shapes.flat(section, answers.get(section.name))
    kept = {path: flat.get(path, field.empty) for path, field in asked(section, page, answers)}
    return json.dumps(kept, ensure_ascii=False)


def neighbours(page: Page, answers: Mapping[str, Any]) -> tuple[str, str]:
    """Return the pages before and after this one; empty at either end."""
    names = [
        one.name for section in sections.SECTIONS for one in section.pages if one.asked(answers, {}) or one is page
    ]
    at = names.index(page.name)
    return names[at - 1] if at else "", names[at + 1] if at + 1 < len(names) else ""


def _table(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
