"""An organisation's pages: those one belongs to, making one, its home, its name, leaving it."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.providers import invitations, membership, organisations, workspaces
from portal.providers.access import MemberRequest, PersonRequest, member, signed_in
from portal.providers.models import Invitation, Membership
from portal.providers.rooms import ROOMS
from portal.providers.views.answers import REFUSALS, refused
from portal.providers.words import ROLES
from portal.review import ahead

FORM = ["GET", "HEAD", "POST"]


@signed_in
@require_safe
def mine(request: PersonRequest) -> HttpResponseBase:
    """Show the organisations that the account belongs to, and the invitations that wait for it."""
    rows = [{"member": one, "role": ROLES[one.role]} for one in membership.of(request.staff)]
    waiting = [{"invitation": one, "role": ROLES[one.role]} for one in invitations.waiting_for(request.staff)]
    return render(request, "providers/organisations.html", {"rows": rows, "waiting": waiting})


@signed_in
@require_http_methods(FORM)
def make(request: PersonRequest) -> HttpResponseBase:
    """Ask for a name, and make an organisation of it."""
    typed = _names(request)
    if request.method != "POST":
        return render(request, "providers/organisation_name.html", typed)
    try:
        made = organisations.create(request.staff, **typed)
    except REFUSALS as error:
        return refused(request, "providers/organisation_name.html", typed, error, field="name")
    return redirect("providers:organisation", made.organisation.reference)


@signed_in
@sensitive_post_parameters("code")
@require_http_methods(FORM)
def invitation(request: PersonRequest) -> HttpResponseBase:
    """Ask for an invitation's code; having it, show to what it invites, and take it by the button."""
    template = "providers/invitation.html"
    if request.method != "POST":
        return render(request, template)
    try:
        found = invitations.by_code(request.staff, request.POST.get("code", ""))
        made = invitations.accept(found, request.staff)
    except REFUSALS as error:
        return refused(request, template, {}, error, field="code")
    return redirect("providers:organisation", made.organisation.reference)


@signed_in
@require_POST
def accept(request: PersonRequest, invitation: uuid.UUID) -> HttpResponseBase:
    """Take an invitation to the account's own, confirmed mail address."""
    waiting = {one.reference: one for one in invitations.waiting_for(request.staff)}
    found: Invitation | None = waiting.get(invitation)
    if found is None:
        return redirect("providers:organisations")
    try:
        made = invitations.accept(found, request.staff)
    except REFUSALS as error:
        return refused(request, "providers/invitation.html", {}, error)
    return redirect("providers:organisation", made.organisation.reference)


@member()
@require_safe
def home(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Show an organisation's home: workspace, members, cases, credentials."""
    own = request.membership
    context = {
        "organisation": own.organisation,
        "role": ROLES[own.role],
        "owner": own.role == Membership.Role.OWNER,
        "workspace": workspaces.of(own.organisation),
        "members": Membership.objects.filter(organisation=own.organisation).count(),
        **ahead.of(own.organisation),
        "rooms": [
            {"address": reverse(room.address, args=[organisation]), "title": room.title, "text": room.text}
            for room in ROOMS
        ],
    }
    return render(request, "providers/organisation.html", context)


@member(Membership.Role.OWNER)
@require_http_methods(FORM)
def rename(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Ask for another name."""
    found = request.membership.organisation
    typed = _names(request)
    context: dict[str, Any] = {"organisation": found}
    if request.method != "POST":
        context |= {"name_ja": found.name_ja, "name_en": found.name_en}
        return render(request, "providers/organisation_name.html", context)
    try:
        organisations.rename(found, by=request.staff, **typed)
    except REFUSALS as error:
        return refused(request, "providers/organisation_name.html", context | typed, error, field="name")
    return redirect("providers:organisation", organisation)


@member()
@require_http_methods(FORM)
def leave(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Ask whether the person wants to leave; the last owner can't."""
    context = {"organisation": request.membership.organisation}
    if request.method != "POST":
        return render(request, "providers/leave.html", context)
    try:
        organisations.remove(request.membership, by=request.staff)
    except REFUSALS as error:
        return refused(request, "providers/leave.html", context, error)
    messages.success(request, _("組織を離れました。"))
    return redirect("providers:organisations")


def _names(request: PersonRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in ("name_ja", "name_en")}
