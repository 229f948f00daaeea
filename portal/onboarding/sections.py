"""One page of a draft: as a form that works by its button, and as a table that is saved while it is typed."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal import api_errors, problems
from portal.onboarding import drawing, forms, preview, words
from portal.onboarding.access import EDITORS, CaseRequest, of_case
from whitelist import probes
from whitelist.cases import attachments, drafts, sections, shapes, submitting
from whitelist.cases.drafts import Saved
from whitelist.cases.errors import AttachmentRefused, CaseNotEditable
from whitelist.cases.fields import Kind
from whitelist.cases.sections import Page, Section
from whitelist.errors import WhitelistError
from whitelist.models import Attachment


@of_case()
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: CaseRequest, page: str) -> HttpResponseBase:
    """Show a page of the draft; save it."""
    section, found = _find(page)
    if request.method == "POST" and request.membership.role in EDITORS:
        return _save(request, section, found)
    checked = "check" in request.GET
    return drawing.answer(request, section, found, checked=checked, saved="saved" in request.GET)


@of_case(*EDITORS)
@require_POST
def save(request: CaseRequest, page: str) -> HttpResponseBase:
    """Save what was typed: JSON {"edition", "changes": {path: answer}, "bases": {path: edition}, "settled": [path]}.

    Answers with {"edition", "conflicts": [{"field", "theirs", "shown", "by"}], "others": {path: answer}, "preview",
    "like"}; an error is a problem (RFC 9457).
    """
    section, found = _find(page)
    try:
        told = json.loads(request.body)
        edition, changes = int(told["edition"]), dict(told["changes"])
        bases = {str(path): int(at) for path, at in dict(told.get("bases", {})).items()}
        settled = [str(path) for path in told.get("settled", [])]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return _problem("case_field_unknown", "the body isn't what is expected")
    try:
        saved = drafts.save(
            request.case, section.name, edition, changes, request.staff.name, bases=bases, settled=settled
        )
    except WhitelistError as error:
        return _problem(error.code, str(error), **error.data)
    _probe(request, section, saved)
    return JsonResponse(_answer(request, section, found, saved, changes))


@of_case(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: CaseRequest) -> HttpResponseBase:
    """Add an application."""

    def act() -> str:
        return f"#{drafts.add_application(request.case, request.POST.get('kind', ''), request.staff.name)}"

    return _with_the_form(request, act)


@of_case(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: CaseRequest, block: str) -> HttpResponseBase:
    """Take an application out."""

    def act() -> str:
        drafts.remove_application(request.case, block, request.staff.name)
        return ""

    return _with_the_form(request, act)


def _save(request: CaseRequest, section: Section, found: Page) -> HttpResponseBase:
    """Save a form that came by its button, and lead on."""
    case = request.case
    try:
        saved = _take_in(request, section, found)
    except WhitelistError as error:
        return _refused(request, section, found, error)
    if saved.conflicts:
        return drawing.answer(request, section, found, conflicts=saved.conflicts, status=409)
    answers = drafts.answers(case)
    if "later" in request.POST:
        return redirect("onboarding:tasks", case.organisation.reference, case.reference)
    if "stay" in request.POST:
        return redirect(f"{_address(request, found.name)}?saved")
    if any(one.page == found.name for one in submitting.missing(case, answers)):
        return drawing.answer(request, section, found, checked=True, status=400)
    _before, after = forms.neighbours(found, answers)
    if not after:
        return redirect("onboarding:check", case.organisation.reference, case.reference)
    return redirect(_address(request, after))


def _take_in(request: CaseRequest, section: Section, found: Page) -> Saved:
    """Save what was changed in a form, field by field and file by file. Raise `WhitelistError`."""
    case = request.case
    answers = drafts.answers(case)
    edition, read, bases = forms.base(request)
    typed = forms.posted(request, section, found, answers, read)
    # Only what was changed on the page: the rest of a page that is old isn't meant.
    changes = {path: value for path, value in typed.items() if path not in read or read[path] != value}
    changes |= _files(request, section, found, answers)
    settled = request.POST.getlist("settle")
    saved = drafts.save(case, section.name, edition, changes, request.staff.name, bases=bases, settled=settled)
    _probe(request, section, saved)
    return saved


def _with_the_form(request: CaseRequest, act: Callable[[], str]) -> HttpResponseBase:
    """Do something with the applications, after what is typed on their page was saved; `act` returns an anchor."""
    section, found = _find(shapes.APPLICATIONS)
    anchor = ""
    if request.method == "POST":
        try:
            saved = _take_in(request, section, found) if "edition" in request.POST else None
            anchor = act()
        except WhitelistError as error:
            return _refused(request, section, found, error)
        if saved is not None and saved.conflicts:
            return drawing.answer(request, section, found, conflicts=saved.conflicts, status=409)
    return redirect(_address(request, shapes.APPLICATIONS) + anchor)


def _probe(request: CaseRequest, section: Section, saved: Saved) -> None:
    """Have the service looked at from outside when something changed that can be seen there."""
    if section.name in drawing.PROBED and saved.changed:
        probes.request(request.case, request.staff.name)


def _files(request: CaseRequest, section: Section, found: Page, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Take in the files that came with the form, and return the answers that name them."""
    changes: dict[str, Any] = {}
    for path, field in forms.asked(section, found, answers):
        if field.kind is not Kind.FILE:
            continue
        given = request.FILES.get(path)
        if given is not None:
            if (given.size or 0) > settings.CASE_ATTACHMENT_BYTES:  # before it is read
                raise AttachmentRefused("larger than is taken", why="large", field=path)
            logo = path == "logo"
            made = attachments.put(request.case, given.name or "", given.read(), request.staff.name, logo=logo)
            changes[path] = str(made.reference)
        elif f"remove:{path}" in request.POST:
            changes[path] = ""
    return changes


def _refused(request: CaseRequest, section: Section, found: Page, error: WhitelistError) -> HttpResponseBase:
    """Show a page again that couldn't be saved, with all that was typed in it, and say why."""
    if isinstance(error, CaseNotEditable):
        request.case.refresh_from_db(fields=["state"])
    typed: dict[str, Any] = {}
    for path, field in forms.asked(section, found, drafts.answers(request.case)):
        if path in request.POST and field.kind is not Kind.FILE:
            given = request.POST.getlist(path)
            typed[path] = given if field.kind is Kind.CHOICES else given[-1]
            if field.kind is Kind.LIST:
                typed[path] = given[-1].splitlines()
    wrong = {}
    field_ = error.data.get("field", "")
    if not field_ and error.code.startswith(("attachment", "logo", "scanner")):
        field_ = next((path for path, one in forms.asked(section, found, {}) if one.kind is Kind.FILE), "")
    if field_ in {path for path, _one in forms.asked(section, found, drafts.answers(request.case))}:
        wrong[field_] = problems.sentence(error.code)
    return drawing.answer(
        request, section, found, typed=typed, wrong=wrong, problem=problems.sentence(error.code),
        status=problems.CATALOGUE[error.code].status,
    )  # fmt: skip


def _answer(
    request: CaseRequest, section: Section, found: Page, saved: Saved, changes: Mapping[str, Any]
) -> dict[str, Any]:
    answers = drafts.answers(request.case)
    # The preview is of what stands on the writer's page: of a field in dispute, what they typed themselves.
    flat = shapes.flat(section, answers.get(section.name)) | {one.field: one.mine for one in saved.conflicts}
    own = {**answers, section.name: shapes.nested(section, flat)}
    files: dict[str, Attachment] = words.files(request.case) if found.preview or saved.conflicts else {}
    pictures = preview.drawn(request.case, found.name, own, files) if found.preview else []
    asked = {path for path, _field in forms.asked(section, found, answers)}
    return {
        "edition": saved.edition,
        "conflicts": [
            {
                "field": one.field,
                "theirs": one.theirs,
                "shown": words.answer(section.name, one.field, one.theirs, files) or _("（空）"),
                "by": one.by,
            }
            for one in saved.conflicts
        ],
        "others": {path: value for path, value in saved.others.items() if path in asked},
        "preview": {one["language"]: one["html"] for one in pictures},
        "like": [{"name": one.name, "like": one.like} for one in drawing.like(request, found, own)],
    }


def _find(name: str) -> tuple[Section, Page]:
    if name not in sections.PAGES:
        raise Http404("no such page")
    return sections.PAGES[name]


def _address(request: CaseRequest, name: str) -> str:
    return reverse("onboarding:page", args=[request.case.organisation.reference, request.case.reference, name])


def _problem(code: str, detail: str, **data: Any) -> JsonResponse:
    problem = api_errors.body(code, detail, **data)
    return JsonResponse(problem, status=problem["status"], content_type="application/problem+json")
