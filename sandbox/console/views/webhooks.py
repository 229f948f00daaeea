"""Webhooks: where the workspace's events go, each delivery with its attempts, by hand once more."""

import uuid
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from sandbox.console import words
from sandbox.console.access import WorkspaceRequest, page, shown, typed
from sandbox.errors import SandboxError
from sandbox.models import Webhook, WebhookDelivery
from sandbox.webhooks import catalogue, endpoints

NEWEST = 30
STATES: dict[str, tuple[str, Promise]] = {
    WebhookDelivery.State.WAITING: ("key", gettext_lazy("待っている")),
    WebhookDelivery.State.DELIVERED: ("success", gettext_lazy("届いた")),
    WebhookDelivery.State.FAILED: ("error", gettext_lazy("あきらめた")),
}


@page()
def listing(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the workspace's webhooks."""
    return _listing(request, {})


@page("POST", acts=True)
@sensitive_variables("secret")
def make(request: WorkspaceRequest) -> HttpResponseBase:
    """Make a webhook; its secret is shown this once."""
    url = typed(request, "url", 2000)
    types = [one for one in request.POST.getlist("type") if one in _types()]
    try:
        made, secret = endpoints.make(request.workspace.realm, url, event_types=types, by=request.staff.name)
    except SandboxError as error:
        context = {"problem": words.sentence(error.code), "url": url, "url_problem": words.sentence(error.code)}
        return _listing(request, context, status=400)
    return shown(request, "workspace/webhook_secret.html", {"webhook": made, "secret": secret})


@page()
def one(request: WorkspaceRequest, webhook: uuid.UUID) -> HttpResponseBase:
    """Show a webhook with its newest deliveries."""
    return _one(request, _found(request, webhook), {})


@page("POST", acts=True)
@sensitive_variables("secret")
def act(request: WorkspaceRequest, webhook: uuid.UUID) -> HttpResponseBase:
    """Do what was asked: ping, enable, disable, delete, or a new secret, which is shown this once."""
    found, by = _found(request, webhook), request.staff.name
    action = request.POST.get("action", "")
    try:
        if action == "ping":
            endpoints.ping(found)
        elif action == "enable":
            endpoints.enable(found, by=by)
        elif action == "disable":
            endpoints.change(found, {"enabled": False}, by=by)
        elif action == "secret":
            secret = endpoints.new_secret(found, by=by)
            return shown(request, "workspace/webhook_secret.html", {"webhook": found, "secret": secret})
        elif action == "delete":
            endpoints.delete(found, by=by)
            return redirect("workspace:webhooks", request.membership.organisation.reference)
        else:
            raise Http404("no such action")
    except SandboxError as error:
        return _one(request, found, {"problem": words.sentence(error.code)}, status=409)
    return redirect("workspace:webhook", request.membership.organisation.reference, found.reference)


@page("POST", acts=True)
def replay(request: WorkspaceRequest, delivery: uuid.UUID) -> HttpResponseBase:
    """Deliver once more."""
    try:
        found = endpoints.find_delivery(request.workspace.realm, delivery)
    except SandboxError:
        raise Http404("no such delivery") from None
    try:
        endpoints.replay(found)
    except SandboxError as error:
        return _one(request, found.webhook, {"problem": words.sentence(error.code)}, status=409)
    return redirect("workspace:webhook", request.membership.organisation.reference, found.webhook.reference)


def _found(request: WorkspaceRequest, reference: uuid.UUID) -> Webhook:
    try:
        return endpoints.find(request.workspace.realm, reference)
    except SandboxError:
        raise Http404("no such webhook in this workspace") from None


def _types() -> list[str]:
    return list(dict.fromkeys(one.name for one in catalogue.BY_KIND.values()))


def _listing(request: WorkspaceRequest, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    rows = Webhook.objects.filter(realm=request.workspace.realm)
    context = {"webhooks": list(rows), "types": _types(), **context}
    return shown(request, "workspace/webhooks.html", context, status=status)


def _one(request: WorkspaceRequest, found: Webhook, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    rows = endpoints.deliveries(found).order_by("-pk")[:NEWEST]
    deliveries = [
        {"row": row, "tone": STATES[row.state][0], "state": STATES[row.state][1], "attempts": list(row.attempts.all())}
        for row in rows
    ]
    context = {"webhook": found, "deliveries": deliveries, **context}
    return shown(request, "workspace/webhook.html", context, status=status)
