"""The way in: the welcome, registration by a confirmed mail address, sign-in, one's own account."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal import cookies
from portal.accounts import authenticators, passkeys, registration, sessions, telling
from portal.accounts import views as accounts
from portal.accounts.errors import RegistrationOver
from portal.accounts.models import Account
from portal.accounts.signing_in import address_of
from portal.notices.errors import CodeOver
from portal.providers.access import PersonRequest, signed_in
from portal.providers.views.answers import REFUSALS, refused
from portal.providers.views.passkeys import registering

# While somebody registers, which registration is this browser's; signed, as the enrolment's is.
REGISTERING = "jpki_registering"
FORM = ["GET", "HEAD", "POST"]


@never_cache
@ensure_csrf_cookie
@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    """Show what this is, in three steps, and where to begin."""
    session = sessions.of(request)
    context = {"signed_in": session is not None, "workspaces": settings.WORKSPACES}
    return render(request, "providers/start.html", context)


def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Ask for a passkey, or for mail address, password and code, as staff is asked."""
    return accounts.sign_in(request, template="providers/sign_in.html")


@never_cache
@ensure_csrf_cookie
@require_http_methods(FORM)
def register(request: HttpRequest) -> HttpResponseBase:
    """Ask for a mail address and send a code there; known or not, the answer is the same."""
    typed = request.POST.get("address", "")
    if request.method != "POST":
        return render(request, "providers/register.html", {"address": ""})
    try:
        reference = registration.begin(typed, client=address_of(request))
    except REFUSALS as error:
        return refused(request, "providers/register.html", {"address": typed}, error, field="address")
    response = redirect("providers:register-code")
    cookies.keep(response, REGISTERING, str(reference), same_site="Strict", signed=True)
    return response


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("code")
@require_http_methods(FORM)
def register_code(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code that was sent; then the account is enrolled as staff's is."""
    template = "providers/register_code.html"
    try:
        row = registration.under_way(cookies.signed_of(request, REGISTERING))
    except RegistrationOver as error:
        return refused(request, "providers/register.html", {"address": ""}, error)
    context: dict[str, Any] = {"address": row.address}
    if request.method != "POST":
        return render(request, template, context)
    try:
        digest = registration.confirm(row, request.POST.get("code", ""))
    except CodeOver as error:
        return refused(request, "providers/register.html", {"address": row.address}, error)
    except REFUSALS as error:
        return refused(request, template, context, error, field="code")
    response = redirect("providers:register-method")
    cookies.forget(response, REGISTERING)
    accounts.begin_enrolment(response, digest)
    return response


@registering
def register_method(request: HttpRequest, account: Account) -> HttpResponseBase:
    """Ask how the person will sign in: with a passkey, or with password and authenticator."""
    return render(request, "providers/register_method.html", {"account": account})


@signed_in
@require_safe
def account(request: PersonRequest) -> HttpResponseBase:
    """Show one's own account: passkeys, recovery codes that are left."""
    if request.staff.role != Account.Role.PROVIDER:
        return redirect("accounts:account")
    context = {
        "passkeys": passkeys.of(request.staff),
        "recovery_codes": authenticators.recovery_codes_left(request.staff),
        "has_password": request.staff.user.has_usable_password(),
        "changes": telling.latest(request.staff, get_language()),
    }
    return render(request, "providers/account.html", context)
