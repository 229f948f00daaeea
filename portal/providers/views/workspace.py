"""The workspace's pages: asked for with one click, found again while it is made, and what to do with it."""

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.handoff.api import token_endpoint
from portal.handoff.shapes import ASSERTION_TYPE
from portal.providers import keys, workspaces
from portal.providers.access import MemberRequest, member
from portal.providers.models import Membership, Workspace
from portal.providers.views.answers import REFUSALS, problem, refused
from whitelist.errors import KeyPrivate

Role = Membership.Role
MAKERS = (Role.OWNER, Role.DEVELOPER)
FORM = ["GET", "HEAD", "POST"]


@member()
@require_safe
def workspace(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Show the workspace: not there yet, being made, or ready with its keys and the lines to try it with."""
    return render(request, "providers/workspace.html", _context(request))


@member(*MAKERS)
@require_POST
def make(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Have the workspace made."""
    try:
        workspaces.ask(request.membership.organisation, by=request.staff)
    except REFUSALS as error:
        return refused(request, "providers/workspace.html", _context(request), error)
    return redirect("providers:workspace", organisation)


@member()
@require_safe
def state(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Tell the page that waits how far it is: {"state"}."""
    return JsonResponse({"state": _found(request).state})


@member(*MAKERS)
@require_http_methods(FORM)
def callbacks(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Ask for the callback addresses, one a line."""
    found = _found(request)
    context = {"organisation": request.membership.organisation, "callbacks": "\n".join(workspaces.callbacks(found))}
    if request.method != "POST":
        return render(request, "providers/callbacks.html", context)
    typed = request.POST.get("callbacks", "")
    try:
        workspaces.change_callbacks(found, typed, by=request.staff)
    except REFUSALS as error:
        return refused(request, "providers/callbacks.html", context | {"callbacks": typed}, error, field="callbacks")
    return redirect("providers:workspace", organisation)


@member(*MAKERS)
@require_http_methods(FORM)
@sensitive_post_parameters("jwk")
@sensitive_variables("typed", "context")
def add_key(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Take a public key: pasted in a form, or sent by the script that made the pair in the browser."""
    found = _found(request)
    typed = request.POST.get("jwk", "")
    context: dict[str, Any] = {"organisation": request.membership.organisation, "jwk": typed}
    script = "application/json" in request.headers.get("Accept", "")
    if request.method != "POST":
        return render(request, "providers/key.html", context)
    try:
        row = keys.add(found, typed, by=request.staff)
    except REFUSALS as error:
        if isinstance(error, KeyPrivate):  # it isn't shown once more
            context["jwk"] = ""
        return problem(error) if script else refused(request, "providers/key.html", context, error, field="jwk")
    address = f"{reverse('providers:workspace', args=[organisation])}?key={row.key_id}"
    return JsonResponse({"key_id": row.key_id, "next": address}) if script else redirect(address)


@member(*MAKERS)
@require_POST
@sensitive_variables("pem")
def make_key(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Make a key pair and show the private key, this once."""
    context: dict[str, Any] = {"organisation": request.membership.organisation}
    try:
        row, pem = keys.make(_found(request), by=request.staff)
    except REFUSALS as error:
        return refused(request, "providers/key.html", context, error)
    return render(request, "providers/key_made.html", context | {"key_id": row.key_id, "pem": pem})


def _found(request: MemberRequest) -> Workspace:
    found = workspaces.of(request.membership.organisation)
    if found is None:
        raise Http404("no workspace yet")
    return found


def _context(request: MemberRequest) -> dict[str, Any]:
    own = request.membership
    found = workspaces.of(own.organisation)
    context: dict[str, Any] = {
        "organisation": own.organisation,
        "workspace": found,
        "maker": own.role in MAKERS,
        "open": settings.WORKSPACES,
    }
    if found is None or found.state != workspaces.State.READY:
        return context
    rows = keys.of(found)
    wanted = request.GET.get("key", "")
    chosen = next((row for row in rows if row.key_id == wanted), rows[-1] if rows else None)
    addresses = workspaces.callbacks(found)
    return context | {
        "client_id": workspaces.relying_party(found).client_id,
        "callbacks": addresses,
        "keys": rows,
        "key": chosen,
        "token_endpoint": token_endpoint(),
        "handoffs": settings.PUBLIC_URL + reverse("handoff_api:handoffs"),
        "assertion_type": ASSERTION_TYPE,
    }
