"""Checking one's answers, and submitting them with the second factor shown anew."""

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import problems
from portal.accounts.errors import AccountError
from portal.onboarding import versions as shown
from portal.onboarding import words
from portal.onboarding.access import SUBMITTERS, CaseRequest, may, of_case
from portal.onboarding.words import said
from portal.providers.views.answers import confirm, factors, sentence
from whitelist.cases import conformance, drafts, lookalikes, sections, shapes, submitting, versions
from whitelist.cases.states import EDITABLE
from whitelist.errors import ArrowGone, WhitelistError


@of_case()
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: CaseRequest) -> HttpResponseBase:
    """Show all answers and what is missing; submit them."""
    case, problem, status = request.case, "", 200
    home = reverse("onboarding:tasks", args=[case.organisation.reference, case.reference])
    if request.method == "POST" and request.membership.role in SUBMITTERS:
        try:
            if case.state in EDITABLE:
                confirm(request, request.staff)
            submitting.submit(case, request.staff.name, seen=request.POST.get("seen", ""))
        except ArrowGone:
            return redirect(home)  # it was submitted meanwhile: by the same form, or by somebody else
        except AccountError as error:
            problem, status = sentence(error), problems.CATALOGUE[error.code].status
        except WhitelistError as error:
            problem, status = problems.sentence(error.code), problems.CATALOGUE[error.code].status
        else:
            return redirect(f"{home}?submitted")
        case.refresh_from_db(fields=["state"])
    if case.state not in EDITABLE:
        return redirect(home)
    answers = drafts.answers(case)
    missing = submitting.missing(case, answers)
    base = versions.baseline(case)
    names = [answers["service"].get(name) or "" for name in ("name_ja", "name_en")]
    context = {
        "case": case,
        "membership": request.membership,
        "title": words.title(case, answers),
        "missing": [
            {"page": one.page, "sentence": said(one.sentence), "title": said(sections.PAGES[one.page][1].title)}
            for one in missing
        ],
        "groups": shown.summary(case, answers),
        "changes": shown.differences(case, versions.compare(base.answers, shapes.submitted(answers))) if base else None,
        "like": lookalikes.imitated(case.organisation, *names),
        "report": conformance.latest(case.organisation),
        "seen": submitting.digest(answers),
        "may": may(request, case),
        "problem": problem,
        **factors(request.staff),
    }
    return render(request, "onboarding/check.html", context, status=status)
