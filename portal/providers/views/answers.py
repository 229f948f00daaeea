"""What the screens of providers have in common: the sentence of a refusal, and a form that keeps what was typed."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from portal import api_errors, problems
from portal.accounts import passkeys, signing_in, staff
from portal.accounts import views as accounts
from portal.accounts.errors import AccountError, CodeWrong
from portal.accounts.models import Account
from portal.notices import contacts
from portal.notices.errors import NoticesError
from portal.providers.errors import ProviderError
from whitelist.errors import WhitelistError

REFUSALS = (AccountError, NoticesError, ProviderError, WhitelistError)
Refusal = AccountError | NoticesError | ProviderError | WhitelistError


def sentence(error: Refusal) -> str:
    """Return what a person reads about a refusal."""
    if isinstance(error, AccountError):
        return accounts.sentence(error)
    if isinstance(error, NoticesError):
        return contacts.sentence(error)
    return problems.sentence(error.code)


def refused(
    request: HttpRequest, template: str, context: dict[str, Any], error: Refusal, *, field: str = ""
) -> HttpResponse:
    """Show the form again with what was typed and why it wasn't taken; `field` is the one at fault."""
    told = sentence(error)
    status = problems.CATALOGUE[error.code].status
    more = {f"{field}_problem": told} if field else {}
    return render(request, template, context | {"problem": told, "problem_field": field} | more, status=status)


def problem(error: Refusal) -> JsonResponse:
    """Answer a script with the problem (RFC 9457)."""
    body = api_errors.body(error.code, str(error))
    return JsonResponse(body, status=body["status"], content_type="application/problem+json")


def confirm(request: HttpRequest, account: Account) -> None:
    """Have the second factor shown anew: a passkey's answer where the form has one, else the authenticator's code.

    Raises CodeWrong, SignInLocked, PasskeyRefused, PasskeyChallengeOver.
    """
    answer = request.POST.get("passkey", "")
    if answer:
        passkeys.confirm(account, passkeys.read(answer))
    elif request.POST.get("code", "").strip():
        signing_in.confirm(account, request.POST["code"])
    else:
        raise CodeWrong("neither a code nor a passkey")


def confirm_both(request: HttpRequest, account: Account) -> None:
    """Have an account's owner sign in anew, before a factor changes: by a passkey, which is both, or password and code.

    Raises as `confirm`, and PasswordWrong.
    """
    if not request.POST.get("passkey") and account.user.has_usable_password():
        # The code last: what can't be taken shall not use one up.
        staff.require_current(account, request.POST.get("own_password", ""))
    confirm(request, account)


def factors(account: Account) -> dict[str, Any]:
    """Return what the form of a confirmation needs to know: which second factors there are."""
    return {"has_passkey": bool(passkeys.of(account)), "has_authenticator": account.user.has_usable_password()}
