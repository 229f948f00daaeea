"""A workspace's phone in a browser: a member of its organisation takes it up, and answers hand-offs with it."""

import uuid

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal.phone import session
from portal.providers import workspaces
from portal.providers.access import MemberRequest, member
from portal.providers.models import Membership
from sandbox import phones

Role = Membership.Role


@member(Role.OWNER, Role.DEVELOPER)
@require_POST
def phone(request: MemberRequest, organisation: uuid.UUID, reference: uuid.UUID) -> HttpResponseBase:
    """Make this browser stand in for the workspace's phone; go to the phone's first page, or to `next` on this site."""
    found = workspaces.of(request.membership.organisation)
    row = phones.find(found.realm, reference) if found is not None else None
    if row is None:
        raise Http404("no such phone in the workspace")
    session.take_up(request, row.phone)
    wanted = request.POST.get("next", "")
    return redirect(wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "phone:home")
