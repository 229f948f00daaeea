"""The thread between the applicant's people and the officers."""

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import problems
from portal.onboarding import words
from portal.onboarding.access import EDITORS, CaseRequest, may, of_case
from whitelist.cases import drafts, messages
from whitelist.cases.errors import MessageUnfit
from whitelist.models import CaseMessage

Side = CaseMessage.Side


@of_case()
@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: CaseRequest) -> HttpResponseBase:
    """Show the messages, which are read by this; send one."""
    case, text, problem = request.case, request.POST.get("text", ""), ""
    if request.method == "POST" and request.membership.role in EDITORS:
        try:
            sent = messages.send(case, Side.APPLICANT, text, request.staff.name)
        except MessageUnfit as error:
            problem = problems.sentence(error.code)
        else:
            address = reverse("onboarding:messages", args=[case.organisation.reference, case.reference])
            return redirect(f"{address}#message-{sent.pk}")
    unread = messages.unread(case, Side.APPLICANT, request.staff.name)
    found = list(messages.thread(case))
    others = [one.pk for one in found if one.side != Side.APPLICANT]
    context = {
        "case": case,
        "membership": request.membership,
        "title": words.title(case, drafts.answers(case)),
        "state": words.state(case),
        "messages": found,
        "first_unread": others[-unread] if unread else None,
        "text": text,
        "problem": problem,
        "may": may(request, case),
        "longest": messages.LONGEST,
    }
    messages.read(case, request.staff.name, found[-1] if found else None)
    return render(request, "onboarding/messages.html", context, status=400 if problem else 200)
