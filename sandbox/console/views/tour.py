"""The guided tour: from a key to the reader's own request, verified. Each step says what to run, and checks itself."""

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from ca.errors import CaError
from portal.handoff.api import token_endpoint
from portal.handoff.shapes import ASSERTION_TYPE
from portal.phone import session
from portal.providers import workspaces
from sandbox import citizens, issuing, phones
from sandbox.console import tour as tours
from sandbox.console import words
from sandbox.console.access import ACTORS, WorkspaceRequest, page, shown
from sandbox.errors import CardUnderWay, FactoryBusy, SandboxError
from tsm.errors import TsmError

PERSONA, MODEL = "hanako", "sakura-8"


@page()
def tour(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the steps, each with what to run."""
    return _tour(request, {})


@page()
def state(request: WorkspaceRequest) -> HttpResponseBase:
    """Tell the page that waits how far it is: {"state"}."""
    return JsonResponse({"state": tours.of(request.workspace).mark})


@page("POST", acts=True)
@sensitive_variables()
def phone(request: WorkspaceRequest) -> HttpResponseBase:
    """Give the first persona a phone, and have certificates issued into it."""
    realm = request.workspace.realm
    try:
        citizen = citizens.find(realm, PERSONA)
        if citizen is None:
            raise CardUnderWay("the workspace is still being furnished")
        made = phones.order(realm, MODEL)
        row = phones.find(realm, made.reference) if made is not None else None
        if row is None:
            raise FactoryBusy("the factory doesn't answer")
        issuing.enrol(row, citizen)
    except (SandboxError, TsmError, CaError) as error:
        return _tour(request, {"problem": words.sentence(error.code)}, status=409)
    return redirect("workspace:tour", request.membership.organisation.reference)


def _tour(request: WorkspaceRequest, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    workspace = request.workspace
    found = tours.of(workspace)
    active = workspace.realm.enrolments.filter(state="active").select_related("phone").order_by("-pk").first()
    row = phones.find(workspace.realm, active.phone.reference) if active is not None else None
    acts = request.membership.role in ACTORS
    context = {
        "tour": found,
        "client_id": workspaces.relying_party(workspace).client_id,
        "callback": next(iter(workspaces.callbacks(workspace)), ""),
        "token_endpoint": token_endpoint(),
        "assertion_type": ASSERTION_TYPE,
        "handoffs": settings.PUBLIC_URL + reverse("handoff_api:handoffs"),
        "trust": settings.PUBLIC_URL + reverse("handoff_api:trust"),
        "row": row,
        "passwords": phones.passwords(row) if row is not None and acts else None,
        "here": row is not None and session.phone_of(request) == row.phone,
        "under_way": workspace.realm.enrolments.filter(state__in=words.UNDER_WAY).exists(),
        **context,
    }
    return shown(request, "workspace/tour.html", context, status=status)
