"""The guard before every view below an organisation's address."""

import uuid
from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from ca import journal
from portal.accounts import sessions
from portal.accounts.access import AREAS, Right, StaffRequest, allowed, areas, to_sign_in
from portal.accounts.models import Account
from portal.providers import membership
from portal.providers.models import Membership

SIGN_IN = "providers:sign-in"


class PersonRequest(StaffRequest):
    """A request of somebody who is signed in, whatever their role: `staff` is the account."""


class MemberRequest(PersonRequest):
    """A request of a member of the organisation in its address."""

    membership: Membership


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let only those see a view who are signed in, whatever their role; others are led to the providers' sign-in."""

    @wraps(view)
    def guarded(request: PersonRequest, *arguments: object, **named: object) -> HttpResponseBase:
        account = _account(request)
        return to_sign_in(request, SIGN_IN) if account is None else view(request, *arguments, **named)

    return never_cache(ensure_csrf_cookie(guarded))


def member(*roles: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let only members of the organisation see a view, with one of `roles` where there are any.

    The view's first argument after the request is `organisation`, the reference; `request.membership` has the rest.
    Strangers get 404, whether the organisation exists or not; members whose role is too small a page that says so.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(
            request: MemberRequest, organisation: uuid.UUID, *arguments: object, **named: object
        ) -> HttpResponseBase:
            account = _account(request)
            if account is None:
                return to_sign_in(request, SIGN_IN)
            try:
                request.membership = membership.require(account, organisation, *roles)
            except PermissionDenied:
                journal.record(account.realm, "provider.denied", account.name, organisation=str(organisation))
                return render(request, "providers/denied.html", {"organisation": organisation}, status=403)
            return view(request, organisation, *arguments, **named)

        return never_cache(ensure_csrf_cookie(guarded))

    return decorate


def _account(request: PersonRequest) -> Account | None:
    """Return who is signed in, and put the account where views and templates of staff look for it."""
    session = sessions.of(request)
    if session is None:
        return None
    menu = areas(session.account)
    if not allowed(session.account, Right.REPRESENT):
        menu += [area for area in AREAS if area.right is Right.REPRESENT]  # staff that is a member, too
    request.staff, request.areas = session.account, menu
    return session.account
