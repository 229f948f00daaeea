"""The screens of accounts: sign in, sign out, enrol, one's own account. Parse, one call, answer."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import cookies, problems
from portal.accounts import access, attempts, authenticators, sessions, signing_in, staff, telling
from portal.accounts.access import StaffRequest, requires
from portal.accounts.errors import AccountError, EnrolmentCodeWrong, PasswordUnfit, SignInLocked
from portal.accounts.models import Account

# While somebody enrols, the code's digest, signed. Not in Django's session: its row has the key that opens it.
ENROLLING = "jpki_staff_enrolling"


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, template: str = "accounts/sign_in.html") -> HttpResponseBase:
    """Ask for name, password and code; go where the person was going, or where their work begins."""
    back = request.POST.get("next", request.GET.get("next", ""))
    context: dict[str, Any] = {"next": back, "over": "over" in request.GET}
    if request.method != "POST":
        return render(request, template, context)
    name, password, code = (request.POST.get(field, "") for field in ("name", "password", "code"))
    if not name.strip() or not password or not code.strip():
        context |= {"problem": _("名前、パスワード、確認コードの3つとも入力してください。"), "name": name}
        return render(request, template, context, status=400)
    try:
        account = signing_in.check(request, name, password, code)
    except AccountError as error:
        context |= {"problem": sentence(error), "name": name}
        return render(request, template, context, status=problems.CATALOGUE[error.code].status)
    response = redirect(safe(request, back) or access.home(account))
    sessions.begin(request, response, account)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    session = sessions.of(request)
    provider = session is not None and session.account.role == Account.Role.PROVIDER
    response = redirect("providers:sign-in" if provider else "accounts:sign-in")
    if request.method == "POST":
        sessions.end(request, response)
    return response


@requires(None)
def home(request: StaffRequest) -> HttpResponseBase:
    """Lead to where the account's work begins."""
    return redirect(access.home(request.staff))


@requires(None)
def account(request: StaffRequest) -> HttpResponseBase:
    """Show one's own account: role, rights, recovery codes that are left."""
    if request.staff.role == Account.Role.PROVIDER:
        return redirect("providers:account")
    context = {
        "role": access.ROLE_NAMES[request.staff.role],
        "recovery_codes": authenticators.recovery_codes_left(request.staff),
        "changes": telling.latest(request.staff, get_language()),
        "address": telling.address_of(request.staff),
    }
    return render(request, "accounts/account.html", context)


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Ask for the enrolment code."""
    if request.method != "POST":
        return render(request, "accounts/enrol.html")
    digest, heading = staff.digest(request.POST.get("code", "")), f"enrolment:{signing_in.address_of(request)}"
    try:
        attempts.take(heading, limit=settings.STAFF_ADDRESS_TRIES)
        authenticators.prepare(staff.invited(digest))
    except AccountError as error:
        status = problems.CATALOGUE[error.code].status
        return render(request, "accounts/enrol.html", {"problem": sentence(error)}, status=status)
    attempts.give_back(heading)
    response = redirect("accounts:enrol-authenticator")
    begin_enrolment(response, digest)
    return response


def begin_enrolment(response: HttpResponseBase, digest: str) -> None:
    """Keep in the browser with which enrolment code it goes on: its digest, signed."""
    cookies.keep(response, ENROLLING, digest, same_site="Strict", signed=True)


def end_enrolment(response: HttpResponseBase) -> None:
    """Forget the enrolment code: it is used up."""
    cookies.forget(response, ENROLLING)


def enrolling(
    view: Callable[[HttpRequest, Account], HttpResponseBase], door: str = "accounts:enrol"
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give a view the account whose enrolment code this browser has shown; without one, lead to where one is got."""

    @never_cache
    @ensure_csrf_cookie
    @sensitive_post_parameters("code", "password", "again")
    @require_http_methods(["GET", "HEAD", "POST"])
    def guarded(request: HttpRequest) -> HttpResponseBase:
        try:
            found = staff.invited(cookies.signed_of(request, ENROLLING))
        except EnrolmentCodeWrong:
            return redirect(door)
        return view(request, found)

    return guarded


@enrolling
def enrol_authenticator(request: HttpRequest, account: Account) -> HttpResponseBase:
    """Show the secret as a picture and as text, and ask for the first code."""
    device = authenticators.prepared(account) or authenticators.prepare(account)
    problem = ""
    if request.method == "POST":
        if authenticators.accepts(device, request.POST.get("code", "")):
            return redirect("accounts:enrol-password")
        problem = _("確認コードが違います。アプリにいま表示されている6桁を入力してください。")
    context = {
        "account": account,
        "picture": authenticators.picture(device),
        "secret": authenticators.secret(device),
        "problem": problem,
    }
    return render(request, "accounts/enrol_authenticator.html", context, status=403 if problem else 200)


@enrolling
def enrol_password(request: HttpRequest, account: Account) -> HttpResponseBase:
    """Ask for the password, make the account active, and show the recovery codes, once."""
    device = authenticators.prepared(account)
    if device is None or not authenticators.has_shown_a_code(device):
        return redirect("accounts:enrol-authenticator")
    context: dict[str, Any] = {"account": account, "rules": password_validators_help_texts()}
    if request.method != "POST":
        return render(request, "accounts/enrol_password.html", context)
    password = request.POST.get("password", "")
    wrong: list[str] = []
    if password != request.POST.get("again", ""):
        context["again_problem"] = _("2つのパスワードが違います。同じものを入力してください。")
    else:
        try:
            codes = staff.enrol(account, password)
        except PasswordUnfit as error:
            wrong = error.data["reasons"]
        except EnrolmentCodeWrong:
            return redirect("accounts:enrol")
        else:
            shown = {"account": account, "codes": codes, "home": access.home(account)}
            response = render(request, "accounts/recovery_codes.html", shown)
            end_enrolment(response)
            sessions.begin(request, response, account)
            return response
    return render(request, "accounts/enrol_password.html", context | {"wrong": wrong}, status=400)


def sentence(error: AccountError) -> str:
    """Return what a person reads about a refusal."""
    if isinstance(error, SignInLocked):
        return _("続けて間違えたため、しばらく受け付けません。{minutes}分ほど待って、もう一度お試しください。").format(
            minutes=error.data["minutes"]
        )
    return problems.sentence(error.code)


def safe(request: HttpRequest, address: str) -> str:
    """Return the address when it is one of ours; never lead a person who just signed in elsewhere."""
    fits = address.startswith("/") and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if fits and address not in (reverse("accounts:sign-in"), reverse("providers:sign-in")) else ""
