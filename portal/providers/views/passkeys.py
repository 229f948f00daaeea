"""What the scripts of passkeys ask: JSON in, JSON or a problem out."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import access, passkeys, sessions
from portal.accounts import views as accounts
from portal.accounts.errors import AccountError
from portal.accounts.models import Account
from portal.providers.access import PersonRequest, signed_in
from portal.providers.views.answers import confirm_both, factors, problem, refused

registering = partial(accounts.enrolling, door="providers:register")


def told(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer what a view refuses with a problem."""

    def guarded(request: HttpRequest, *arguments: object) -> HttpResponseBase:
        try:
            return view(request, *arguments)
        except AccountError as error:
            return problem(error)

    return never_cache(ensure_csrf_cookie(require_POST(guarded)))


def _answer(request: HttpRequest) -> dict[str, object]:
    return passkeys.read(request.body.decode(errors="replace"))


@told
def ask(request: HttpRequest) -> HttpResponseBase:
    """Give options to sign in with any passkey."""
    return JsonResponse(passkeys.ask(request))


@told
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Take a passkey's answer and begin a session: {next}."""
    account = passkeys.sign_in(request, _answer(request))
    response = JsonResponse({"next": accounts.safe(request, request.GET.get("next", "")) or access.home(account)})
    sessions.begin(request, response, account)
    return response


@registering
@require_POST
def enrol_ask(request: HttpRequest, account: Account) -> HttpResponseBase:
    """Give options to make the passkey by which an account is enrolled."""
    try:
        return JsonResponse(passkeys.offer(account))
    except AccountError as error:
        return problem(error)


@registering
@require_POST
def enrol(request: HttpRequest, account: Account) -> HttpResponseBase:
    """Take the new passkey, and with it the account is active: {next}."""
    try:
        passkeys.enrol(account, _answer(request))
    except AccountError as error:
        return problem(error)
    response = JsonResponse({"next": access.home(account)})
    accounts.end_enrolment(response)
    sessions.begin(request, response, account)
    return response


@signed_in
@require_POST
def confirm_ask(request: PersonRequest) -> HttpResponseBase:
    """Give options for a gesture before a dangerous act."""
    return JsonResponse(passkeys.ask_again(request.staff))


@signed_in
@require_POST
def add_ask(request: PersonRequest) -> HttpResponseBase:
    """Give options to make another passkey."""
    try:
        return JsonResponse(passkeys.offer(request.staff))
    except AccountError as error:
        return problem(error)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: PersonRequest) -> HttpResponseBase:
    """Add a passkey to one's account: signed in anew, with a name, and the new passkey's answer."""
    if request.staff.role != Account.Role.PROVIDER:
        return redirect("accounts:account")
    context = {"name": request.POST.get("name", ""), **factors(request.staff)}
    if request.method != "POST":
        return render(request, "providers/passkey_add.html", context)
    try:
        confirm_both(request, request.staff)
        passkeys.add(request.staff, passkeys.read(request.POST.get("created", "")), name=context["name"])
    except AccountError as error:
        return refused(request, "providers/passkey_add.html", context, error)
    return redirect("providers:account")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PersonRequest, passkey: int) -> HttpResponse | HttpResponseBase:
    """Ask whether a passkey shall go; signed in anew."""
    found = next((one for one in passkeys.of(request.staff) if one.pk == passkey), None)
    if found is None:
        return redirect("providers:account")
    context = {"passkey": found, **factors(request.staff)}
    if request.method != "POST":
        return render(request, "providers/passkey_remove.html", context)
    try:
        confirm_both(request, request.staff)
        passkeys.remove(request.staff, found.pk)
    except AccountError as error:
        return refused(request, "providers/passkey_remove.html", context, error)
    return redirect("providers:account")
