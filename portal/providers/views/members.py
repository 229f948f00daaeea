"""Who belongs to an organisation: the list, invitations, another role, the end of a membership, another owner."""

import uuid
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.providers import invitations, organisations
from portal.providers.access import MemberRequest, member
from portal.providers.errors import MemberGone
from portal.providers.models import Invitation, Membership
from portal.providers.views.answers import REFUSALS, confirm, factors, refused
from portal.providers.words import MAY, ROLES

OWNER = Membership.Role.OWNER
FORM = ["GET", "HEAD", "POST"]


@member()
@require_safe
def members(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Show the members, and to owners whom they may change and who is invited."""
    own = request.membership
    rows = Membership.objects.filter(organisation=own.organisation).select_related("account__user")
    owner = own.role == OWNER
    context = {
        "organisation": own.organisation,
        "owner": owner,
        "members": [{"member": one, "role": ROLES[one.role], "self": one.pk == own.pk} for one in rows],
        "invitations": [
            {"invitation": one, "role": ROLES[one.role]}
            for one in (invitations.open_of(own.organisation) if owner else [])
        ],
    }
    return render(request, "providers/members.html", context)


@member(OWNER)
@require_http_methods(FORM)
def invite(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Ask for a mail address and a role, and send an invitation."""
    found = request.membership.organisation
    typed = {"address": request.POST.get("address", ""), "role": request.POST.get("role", "")}
    context = {"organisation": found, "choices": _choices(), **typed}
    if request.method != "POST":
        return render(request, "providers/invite.html", context)
    if typed["role"] not in organisations.ROLES:
        return render(request, "providers/invite.html", context | {"role_missing": True}, status=400)
    try:
        invitations.invite(found, typed["address"], typed["role"], by=request.staff)
    except REFUSALS as error:
        return refused(request, "providers/invite.html", context, error, field="address")
    return redirect("providers:members", organisation)


@member(OWNER)
@require_POST
def withdraw(request: MemberRequest, organisation: uuid.UUID, invitation: uuid.UUID) -> HttpResponseBase:
    """Make an invitation worth nothing."""
    rows = Invitation.objects.select_related("organisation__realm")
    found = rows.filter(organisation=request.membership.organisation, reference=invitation).first()
    if found is None:
        raise Http404("no such invitation")
    invitations.withdraw(found, by=request.staff)
    return redirect("providers:members", organisation)


@member(OWNER)
@require_http_methods(FORM)
def role(request: MemberRequest, organisation: uuid.UUID, person: uuid.UUID) -> HttpResponseBase:
    """Ask for another role of a member."""
    found, context = _member(request, person)
    context |= {"choices": _choices(), "chosen": request.POST.get("role", found.role)}
    if request.method != "POST":
        return render(request, "providers/member_role.html", context)
    if context["chosen"] not in organisations.ROLES:
        return render(request, "providers/member_role.html", context | {"role_missing": True}, status=400)
    try:
        _require_unchanged(request, found)
        organisations.change_role(found, context["chosen"], by=request.staff)
    except REFUSALS as error:
        return refused(request, "providers/member_role.html", context, error)
    # Who is no owner any more finds the list, too, without the buttons.
    return redirect("providers:members", organisation)


@member(OWNER)
@require_http_methods(FORM)
def remove(request: MemberRequest, organisation: uuid.UUID, person: uuid.UUID) -> HttpResponseBase:
    """Ask whether a member shall be removed."""
    found, context = _member(request, person)
    if found.pk == request.membership.pk:
        return redirect("providers:leave", organisation)
    if request.method != "POST":
        return render(request, "providers/member_remove.html", context)
    try:
        _require_unchanged(request, found)
        organisations.remove(found, by=request.staff)
    except REFUSALS as error:
        return refused(request, "providers/member_remove.html", context, error)
    return redirect("providers:members", organisation)


@member(OWNER)
@sensitive_post_parameters("code")
@require_http_methods(FORM)
def hand_over(request: MemberRequest, organisation: uuid.UUID, person: uuid.UUID) -> HttpResponseBase:
    """Make a member an owner, and ask as what the person stays; the second factor anew."""
    found, context = _member(request, person)
    if found.pk == request.membership.pk or found.role == OWNER:
        return redirect("providers:members", organisation)
    stays = request.POST.get("stays", OWNER)
    context |= {"stays": stays, "choices": [("owner", ROLES[OWNER], MAY[OWNER]), *_choices()], **factors(request.staff)}
    if request.method != "POST":
        return render(request, "providers/hand_over.html", context)
    if stays not in Membership.Role.values:
        return render(request, "providers/hand_over.html", context | {"role_missing": True}, status=400)
    try:
        _require_unchanged(request, found)
        confirm(request, request.staff)
        organisations.hand_over(request.membership, found, stays_as=stays)
    except REFUSALS as error:
        return refused(request, "providers/hand_over.html", context, error)
    return redirect("providers:members", organisation)


def _member(request: MemberRequest, person: uuid.UUID) -> tuple[Membership, dict[str, Any]]:
    rows = Membership.objects.select_related("account__user", "organisation__realm")
    found = rows.filter(organisation=request.membership.organisation, reference=person).first()
    if found is None:
        raise Http404("no such member")
    return found, {"organisation": found.organisation, "person": found, "role": ROLES[found.role]}


def _require_unchanged(request: MemberRequest, found: Membership) -> None:
    """Refuse a form that was opened when the member had another role. Raises MemberGone."""
    if request.POST.get("was", found.role) != found.role:
        raise MemberGone("another role by now")


def _choices() -> list[tuple[str, object, object]]:
    return [(str(one), ROLES[one], MAY[one]) for one in organisations.ROLES]
