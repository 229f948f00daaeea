"""The guard before every page of the console: a member, of an organisation whose workspace is ready."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.providers import workspaces
from portal.providers.access import MemberRequest, member
from portal.providers.models import Membership, Workspace
from sandbox.console.rooms import rooms_of

ACTORS = (Membership.Role.OWNER, Membership.Role.DEVELOPER)


class WorkspaceRequest(MemberRequest):
    """A request of a member of the organisation whose workspace the page shows."""

    workspace: Workspace


def page(
    *methods: str, acts: bool = False
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let members see a page of the workspace; with `acts` only those who may change something in it.

    A workspace that isn't there, or not ready, leads to the page that makes it.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(
            request: WorkspaceRequest, organisation: uuid.UUID, *arguments: object, **named: object
        ) -> HttpResponseBase:
            found = workspaces.of(request.membership.organisation)
            if found is None or found.state != Workspace.State.READY:
                if arguments or named:
                    raise Http404("the organisation has no such thing")
                return redirect("providers:workspace", organisation)
            request.workspace = found
            return view(request, *arguments, **named)

        return member(*(ACTORS if acts else ()))(require_http_methods(list(methods or ("GET", "HEAD")))(guarded))

    return decorate


def shown(request: WorkspaceRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Return a page of the console, with what each of them needs."""
    organisation = request.membership.organisation
    return render(
        request,
        template,
        {
            "organisation": organisation,
            "workspace": request.workspace,
            "acts": request.membership.role in ACTORS,
            "rooms": rooms_of(organisation.reference, request.path),
            **context,
        },
        status=status,
    )


def typed(request: HttpRequest, name: str, most: int = 200) -> str:
    """Return what was typed into a field: no spaces around it, not too long, nothing that no database keeps."""
    return request.POST.get(name, "").replace("\0", "").strip()[:most]
