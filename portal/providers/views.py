"""The screens of providers: the way in, and an organisation's home. Parse, one call, answer."""

import uuid

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts import views as accounts
from portal.providers import membership
from portal.providers.access import MemberRequest, PersonRequest, member, signed_in


@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    """Show what this is, and where to begin."""
    return render(request, "providers/start.html")


def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Ask for e-mail address, password and code, as staff is asked."""
    return accounts.sign_in(request, template="providers/sign_in.html")


@signed_in
@require_safe
def organisations(request: PersonRequest) -> HttpResponseBase:
    """Show the organisations that the account belongs to."""
    return render(request, "providers/organisations.html", {"memberships": membership.of(request.staff)})


@member()
@require_safe
def organisation(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Show one organisation."""
    return render(request, "providers/organisation.html", {"membership": request.membership})
