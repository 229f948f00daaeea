"""The screens of probes: parse, one call, answer."""

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal import problems
from portal.probes import shown
from portal.providers.access import MemberRequest, member
from portal.providers.models import Membership
from whitelist import probes
from whitelist.errors import ProbesTooOften
from whitelist.models import Case, ProbeRun, RelyingParty

Role = Membership.Role
MAY_RUN = (Role.OWNER, Role.DEVELOPER)


@member()
@require_safe
def overview(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """List what is probed, with how it stands."""
    context = {"membership": request.membership, "subjects": shown.subjects(request.membership.organisation)}
    return render(request, "probes/overview.html", context)


@member()
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: MemberRequest, organisation: uuid.UUID, case: uuid.UUID) -> HttpResponseBase:
    """Show what was seen of a case's addresses; by POST, have them looked at again."""
    found = (
        Case.objects.select_related("organisation__realm", "relying_party")
        .filter(reference=case, organisation=request.membership.organisation)
        .first()
    )
    if found is None:
        raise Http404("no such case")
    return _page(request, found, shown.title_of_case(found))


@member()
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: MemberRequest, organisation: uuid.UUID, client_id: str) -> HttpResponseBase:
    """Show what was seen of a registered service's addresses; by POST, have them looked at again."""
    name = client_id.replace("\0", "")  # PostgreSQL takes no NUL
    rows = RelyingParty.objects.filter(client_id=name, organisation=request.membership.organisation)
    found = rows.select_related("realm").first()
    if found is None:
        raise Http404("no such service")
    return _page(request, found, shown.title_of_entry(found))


def _page(request: MemberRequest, about: Case | RelyingParty, title: str) -> HttpResponseBase:
    may_run = request.membership.role in MAY_RUN
    problem, status = "", 200
    if request.method == "POST":
        if not may_run:
            reference = request.membership.organisation.reference
            return render(request, "providers/denied.html", {"organisation": reference}, status=403)
        try:
            probes.request(about, request.staff.name, trigger=ProbeRun.Trigger.DEMAND)
        except ProbesTooOften as error:
            problem, status = problems.sentence(error.code), problems.CATALOGUE[error.code].status
        else:
            return redirect(request.path)
    context: dict[str, Any] = {
        "membership": request.membership,
        "title": title,
        "may_run": may_run,
        "an_hour": settings.PROBES_AN_HOUR,
        "problem": problem,
        **shown.of(about),
    }
    return render(request, "probes/subject.html", context, status=status)
