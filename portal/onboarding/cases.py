"""The list of cases, one case's task list, and taking a case back."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal import problems
from portal.onboarding import words
from portal.onboarding.access import EDITORS, SUBMITTERS, CaseRequest, may, of_case
from portal.onboarding.words import said
from portal.providers.access import MemberRequest, member
from whitelist import probes
from whitelist.cases import drafts, lookalikes, messages, sections, shapes, states, submitting, versions
from whitelist.cases.errors import CaseOpenAlready
from whitelist.cases.states import EDITABLE, OPEN
from whitelist.errors import ArrowGone, WhitelistError
from whitelist.models import Case, CaseMessage, CaseRemark, CaseSection, ProbeResult, RelyingParty
from whitelist.register import Text

Side = CaseMessage.Side
PAGE = 100  # newest first


@member()
@require_safe
def listing(request: MemberRequest, organisation: object) -> HttpResponseBase:
    """List the organisation's cases and what it has in the register."""
    return _listing(request)


@member(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def open_(request: MemberRequest, organisation: object) -> HttpResponseBase:
    """Open a case: for a new entry, or for a change of one."""
    if request.method != "POST":
        return redirect("onboarding:cases", organisation)
    owner, by = request.membership.organisation, request.staff.name
    client_id = request.POST.get("entry", "").replace("\0", "")
    try:
        if client_id:
            entry = RelyingParty.objects.select_related("organisation__realm", "realm").filter(
                organisation=owner, client_id=client_id
            )
            found = entry.first()
            if found is None:
                return _listing(request, code="case_entry_not_changeable")
            case = drafts.open_change(found, by)
        else:
            case = drafts.open(owner, by)
    except CaseOpenAlready as error:
        return redirect("onboarding:tasks", organisation, error.data["reference"])
    except WhitelistError as error:
        return _listing(request, code=error.code)
    return redirect("onboarding:tasks", organisation, case.reference)


@of_case()
@require_safe
def tasks(request: CaseRequest) -> HttpResponseBase:
    """Show where a case stands and what is still to be done."""
    case = request.case
    answers = drafts.answers(case)
    missing = submitting.missing(case, answers) if case.state in EDITABLE else []
    remarks = list(CaseRemark.objects.filter(case=case, settled_at=None))
    names = [answers["service"].get(name) or "" for name in ("name_ja", "name_en")]
    context = {
        "case": case,
        "membership": request.membership,
        "title": words.title(case, answers),
        "state": words.state(case),
        "may": may(request, case),
        "editable": case.state in EDITABLE,
        "groups": _groups(answers, missing, remarks),
        "left": len(missing),
        "versions": versions.of(case),
        "unread": messages.unread(case, Side.APPLICANT, request.staff.name),
        "like": lookalikes.imitated(case.organisation, *names) if case.state in OPEN else [],
        "probed": _probed(case),
        "remarks": remarks,
        "submitted": "submitted" in request.GET,
    }
    return render(request, "onboarding/tasks.html", context)


@of_case(*SUBMITTERS)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: CaseRequest) -> HttpResponseBase:
    """Ask whether a case is to be taken back, and take it back."""
    case, problem = request.case, ""
    if case.state not in OPEN:
        return redirect("onboarding:tasks", case.organisation.reference, case.reference)
    if request.method == "POST":
        try:
            states.move(case, "withdraw", by=request.staff.name, changes={"due_on": None})
        except ArrowGone as error:
            problem = problems.sentence(error.code)
        else:
            return redirect("onboarding:tasks", case.organisation.reference, case.reference)
    context = {
        "case": case,
        "membership": request.membership,
        "title": words.title(case, drafts.answers(case)),
        "problem": problem,
    }
    return render(request, "onboarding/withdraw.html", context, status=409 if problem else 200)


def _listing(request: MemberRequest, *, code: str = "") -> HttpResponseBase:
    owner = request.membership.organisation
    rows = Case.objects.filter(organisation=owner).select_related("relying_party")
    rows = messages.counted(rows, Side.APPLICANT, request.staff.name)
    found = list(rows.order_by("-opened_at", "-pk")[:PAGE])
    services = dict(
        CaseSection.objects.filter(case__in=[case.pk for case in found], name="service").values_list("case", "answers")
    )
    open_changes = {case.relying_party_id for case in found if case.changes_entry and case.state in OPEN}
    # What stands in the workspace's own register came without a case and goes without one.
    entries = RelyingParty.objects.filter(organisation=owner, realm=owner.realm_id).exclude(
        state__in=[RelyingParty.State.DRAFT, RelyingParty.State.REMOVED]
    )
    context = {
        "membership": request.membership,
        "may": may(request),
        "problem": problems.sentence(code) if code else "",
        "rows": [
            {"case": case, "state": words.state(case), "title": words.title(case, {"service": services.get(case.pk)})}
            for case in found
        ],
        "entries": [
            {"entry": entry, "name": said(Text(entry.name_ja, entry.name_en)), "changing": entry.pk in open_changes}
            for entry in entries
        ],
    }
    return render(request, "onboarding/cases.html", context, status=problems.CATALOGUE[code].status if code else 200)


def _probed(case: Case) -> dict[str, int] | None:
    """Return how many addresses of the case were looked at from outside, and how many aren't right; None before."""
    found = probes.latest(case)
    wrong = sum(one.outcome != ProbeResult.Outcome.PASSED for one in found)
    return {"all": len(found), "wrong": wrong} if found else None


def _groups(
    answers: Mapping[str, Any], missing: Sequence[submitting.Missing], remarks: Sequence[CaseRemark]
) -> list[dict[str, Any]]:
    """Return the sections with their pages, each with how far it is."""
    return [
        {
            "name": section.name,
            "title": said(section.title),
            "pages": [
                _task(section, page, answers, missing, remarks) for page in section.pages if page.asked(answers, {})
            ],
        }
        for section in sections.SECTIONS
        if any(page.asked(answers, {}) for page in section.pages)
    ]


def _task(
    section: sections.Section,
    page: sections.Page,
    answers: Mapping[str, Any],
    missing: Sequence[submitting.Missing],
    remarks: Sequence[CaseRemark],
) -> dict[str, Any]:
    wrong = [one for one in missing if one.page == page.name]
    flat = shapes.flat(section, answers.get(section.name))
    begun = bool(flat) if page.blocks else any(flat[field.name] for field in page.fields)
    said_of = [one for one in remarks if one.section == section.name and _on(page, one.field)]
    if said_of:
        name, colour = _("指摘があります"), "warning"
    elif not wrong:
        name, colour = (_("入力済み"), "success") if begun else (_("任意"), "quiet")
    else:
        name, colour = (_("入力中"), "key") if begun else (_("未入力"), "quiet")
    return {"name": page.name, "title": said(page.title), "status": name, "colour": colour}


def _on(page: sections.Page, field: str) -> bool:
    """Tell whether a remark on a field is shown on the page; one on the section, on each of its pages."""
    return not field or page.blocks or field in {one.name for one in page.fields}
