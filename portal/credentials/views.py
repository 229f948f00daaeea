"""The screens of an organisation's keys. Parse, one call, answer; a private key is in one answer and kept nowhere."""

import base64
import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from ca import clock
from portal import problems
from portal.accounts.errors import AccountError
from portal.accounts.views import sentence
from portal.credentials import standing, wishes
from portal.credentials.wishes import Wish
from portal.handoff.api import token_endpoint
from portal.providers.access import MemberRequest, member
from portal.providers.models import Membership
from portal.providers.views.answers import confirm, factors
from whitelist import credentials
from whitelist.errors import WhitelistError
from whitelist.models import Credential, RelyingParty
from whitelist.published import words
from whitelist.register import Text

Role = Membership.Role
MAY_CHANGE = (Role.OWNER, Role.DEVELOPER)


@member()
@require_safe
def listing(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Show the organisation's services with the keys of each."""
    rows = RelyingParty.objects.filter(organisation=request.membership.organisation).select_related(
        "realm", "organisation"
    )
    rows = rows.prefetch_related("credentials__replaced_by").order_by("realm__slug", "client_id")
    context = {
        "services": [_service(row) for row in rows],
        "may_change": request.membership.role in MAY_CHANGE,
        "at_once": settings.CREDENTIALS_AT_ONCE,
        "done": request.GET.get("done", ""),
    }
    return render(request, "credentials/list.html", {**_frame(request), **context})


@member(*MAY_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("key", "code", "passkey")
def issue(request: MemberRequest, organisation: uuid.UUID, client_id: str) -> HttpResponseBase:
    """Issue a key: one that is pasted, or one that is made here and shown once."""
    party = _party(request, client_id)
    return _form(request, party, None)


@member(*MAY_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("key", "code", "passkey")
def rotate(request: MemberRequest, organisation: uuid.UUID, credential: int) -> HttpResponseBase:
    """Issue a successor; the old one goes on until a chosen time."""
    found = _credential(request, credential)
    if request.method != "POST" and not standing.of(found).goes_on:
        return redirect("credentials:list", organisation=organisation)
    return _form(request, found.relying_party, found)


@member(*MAY_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code", "passkey")
def disable(request: MemberRequest, organisation: uuid.UUID, credential: int) -> HttpResponseBase:
    """End a key and its tokens at once."""
    found = _credential(request, credential)
    context: dict[str, Any] = {**_frame(request), "credential": found, "service": _service(found.relying_party)}
    if request.method != "POST":
        return render(request, "credentials/disable.html", context)
    try:
        confirm(request, request.staff)
    except AccountError as error:
        context |= {"wrong": {"code": sentence(error)}}
        return render(request, "credentials/disable.html", context, status=problems.CATALOGUE[error.code].status)
    credentials.disable(found, now=clock.now(found.relying_party.realm), by=request.staff.name)
    return _done(request, "disabled")


@sensitive_variables("wish")
def _form(request: MemberRequest, party: RelyingParty, replaces: Credential | None) -> HttpResponseBase:
    now = clock.now(party.realm)
    if request.method != "POST":
        return _show(request, party, replaces, wishes.blank(now))
    wish, told, status = wishes.read(request.POST.dict(), now=now, replaces=replaces), "", 400
    if wish.wanted is not None:  # a code is used up by asking: not for a form that lacks more
        try:
            confirm(request, request.staff)
            made = _make(request, party, replaces, wish)
        except AccountError as error:
            told, status = wish.refuse(error, sentence(error)), problems.CATALOGUE[error.code].status
        except WhitelistError as error:
            told, status = wish.refuse(error, problems.sentence(error.code)), problems.CATALOGUE[error.code].status
        else:
            return _made(request, made, wish)
    return _show(request, party, replaces, wish, problem=told, status=status)


def _make(request: MemberRequest, party: RelyingParty, replaces: Credential | None, wish: Wish) -> Credential:
    """Issue or rotate, as wished. Raises WhitelistError."""
    seen = int(request.POST["seen"]) if request.POST.get("seen", "").isdecimal() else -1
    assert wish.wanted is not None  # noqa: S101  (the caller saw to it)
    if replaces is None or wish.old_until is None:
        return credentials.issue(party, wish.wanted, by=request.staff.name, seen=seen)
    return credentials.rotate(replaces, wish.wanted, old_until=wish.old_until, by=request.staff.name, seen=seen)


@sensitive_variables("wish", "context", "pem")
def _made(request: MemberRequest, made: Credential, wish: Wish) -> HttpResponseBase:
    if not wish.private_key:
        return _done(request, "rotated" if hasattr(made, "replacement_of") else "issued")
    pem = wish.private_key
    context = {
        **_frame(request),
        "credential": made,
        "pem": pem,
        # So that it can be saved without asking us for it once more: we don't have it any more.
        "file": "data:application/x-pem-file;base64," + base64.b64encode(pem.encode()).decode(),
        "endpoint": token_endpoint(),
    }
    return render(request, "credentials/made.html", context)  # never cached: `access.member`


def _show(
    request: MemberRequest,
    party: RelyingParty,
    replaces: Credential | None,
    wish: Wish,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponseBase:
    context = {
        **_frame(request),
        "service": _service(party),
        "replaces": replaces,
        "said": wish.said,
        "wrong": wish.wrong,
        "problem": problem,
        "seen": Credential.objects.filter(relying_party=party).count(),
        "overlaps": wishes.OVERLAPS,
        "longest": settings.CREDENTIAL_DAYS,
        "longest_overlap": settings.CREDENTIAL_OVERLAP_DAYS,
    }
    return render(request, "credentials/form.html", context, status=status)


def _done(request: MemberRequest, what: str) -> HttpResponseBase:
    address = reverse("credentials:list", args=[request.membership.organisation.reference])
    return redirect(f"{address}?done={what}")


def _frame(request: MemberRequest) -> dict[str, Any]:
    own = request.membership
    return {"organisation": own.organisation, "membership": own, **factors(request.staff)}


def _service(row: RelyingParty) -> dict[str, Any]:
    return {
        "row": row,
        "name": Text(row.name_ja, row.name_en).in_language(get_language()),
        "sandbox": row.organisation is not None and row.realm_id == row.organisation.workspace_id,
        "state": words.STATES[row.state].in_language(get_language()) if row.state in words.STATES else "",
        "credentials": standing.listing(row),
    }


def _party(request: MemberRequest, client_id: str) -> RelyingParty:
    rows = RelyingParty.objects.filter(organisation=request.membership.organisation).select_related(
        "realm", "organisation"
    )
    found = rows.filter(client_id=client_id.replace("\0", "")).first()
    if found is None:
        raise Http404("no such service")
    return found


def _credential(request: MemberRequest, pk: int) -> Credential:
    rows = Credential.objects.filter(relying_party__organisation=request.membership.organisation)
    found = rows.select_related("relying_party__realm", "relying_party__organisation").filter(pk=pk).first()
    if found is None:
        raise Http404("no such key")
    return found
