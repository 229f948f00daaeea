"""One's own account: another password, and the sessions that one has. Parse, one call, answer."""

from typing import Any

from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts import sessions, staff
from portal.accounts.access import StaffRequest, requires
from portal.accounts.errors import AccountError, PasswordUnfit
from portal.providers.views.answers import confirm, factors, refused

FORM = ["GET", "HEAD", "POST"]


@requires(None)
@sensitive_post_parameters("current", "password", "again", "code")
@require_http_methods(FORM)
def password(request: StaffRequest) -> HttpResponseBase:
    """Set another password: the one of now, the new one twice, and the second factor anew."""
    account, template = request.staff, "accounts/password.html"
    if not account.user.has_usable_password():
        return redirect("accounts:account")
    context: dict[str, Any] = {"rules": password_validators_help_texts(), **factors(account)}
    if request.method != "POST":
        return render(request, template, context)
    new = request.POST.get("password", "")
    if new != request.POST.get("again", ""):
        context["again_problem"] = _("2つのパスワードが違います。同じものを入力してください。")
        return render(request, template, context, status=400)
    try:
        # The code last: what can't be taken shall not use one up.
        staff.require_fit(account, new)
        staff.require_current(account, request.POST.get("current", ""))
        confirm(request, account)
        staff.change_password(account, new)
    except PasswordUnfit as error:
        return render(request, template, context | {"wrong": error.data["reasons"]}, status=400)
    except AccountError as error:
        return refused(request, template, context, error)
    response = redirect("accounts:account")
    sessions.begin(request, response, account)
    return response


@requires(None)
@sensitive_post_parameters("code")
@require_http_methods(FORM)
def own_sessions(request: StaffRequest) -> HttpResponseBase:
    """Show where one is signed in, and end every session but this one, with the second factor anew."""
    template = "accounts/sessions.html"
    here = sessions.of(request)
    context: dict[str, Any] = {"sessions": sessions.running(request.staff), "here": here, **factors(request.staff)}
    if request.method != "POST":
        return render(request, template, context)
    try:
        confirm(request, request.staff)
    except AccountError as error:
        return refused(request, template, context, error)
    sessions.end_others(request.staff, here)
    return redirect("accounts:sessions")
