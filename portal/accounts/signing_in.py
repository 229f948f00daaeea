"""Signing in: name, password and code in one question, one answer for whatever is wrong, and the journal for all."""

import unicodedata

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest

from ca import journal
from ca.models import Realm
from portal.accounts import attempts, authenticators, sessions
from portal.accounts.errors import CodeWrong, SignInRefused
from portal.accounts.models import Account
from whitelist import texts

UNKNOWN = "unknown"  # whatever was typed where a name belongs isn't written down: it may be a password


def check(request: HttpRequest, name: str, password: str, code: str) -> Account:
    """Return the account that name, password and code belong to. Raises SignInRefused, SignInLocked.

    `code` is the authenticator's, or a recovery code. A name that nobody has takes as long, is answered alike, and
    is locked alike.
    """
    name, address = plain_name(name), f"address:{address_of(request)}"
    known = sessions.knows(request, name)
    heading = f"known:{name}" if known else f"name:{name}"
    if not known:
        attempts.take(address, limit=settings.STAFF_ADDRESS_TRIES)
    left = attempts.take(heading, limit=settings.STAFF_TRIES)
    account = find(name)
    by = _proof(account, password, code)
    if account is None or not by:
        _note_failure(account, locked=left == 0)
        raise SignInRefused("name, password and code don't belong together")
    attempts.forget(heading)
    if not known:
        attempts.give_back(address)
    authenticators.renew_kept(account)
    journal.record(account.realm, "staff.signed_in", account.name, role=account.role, by=by)
    return account


def confirm(account: Account, code: str) -> None:
    """Have a signed-in person show the authenticator's code once more, before a dangerous act.

    Raises CodeWrong; SignInLocked after too many, and then every session of the account is over.
    """
    heading = f"code:{account.name}"
    left = attempts.take(heading, limit=settings.STAFF_TRIES)
    if authenticators.verify(account, code):
        attempts.forget(heading)
        return
    with transaction.atomic():
        journal.record(account.realm, "staff.code_wrong", account.name)
        if left == 0:
            journal.record(account.realm, "staff.locked", account.name)
            sessions.end_all(account)
    raise CodeWrong("the code is wrong or was used before")


def forget_tries(account: Account) -> None:
    """Let an account try again, wherever it was locked for too many tries."""
    for what in ("name", "known", "code", "password"):
        attempts.forget(f"{what}:{account.name}")


def find(name: str) -> Account | None:
    """Return the account of that name."""
    return Account.objects.select_related("user", "realm").filter(user__username=plain_name(name)).first()


def plain_name(name: str) -> str:
    """Return a name as accounts have them: half width, lower case, no space around."""
    return texts.kept(unicodedata.normalize("NFKC", name)).lower()[:150]


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from: the client's address, by the header that a proxy sets where there is one."""
    header = settings.CLIENT_ADDRESS_HEADER
    told = request.headers.get(header, "") if header else ""
    return told.strip() or request.META.get("REMOTE_ADDR", "")


def _proof(account: Account | None, password: str, code: str) -> str:
    """Return what the second factor was when everything is right, and nothing otherwise."""
    if account is None:
        get_user_model()().set_password(password)  # as long as a comparison takes
        right = False
    else:
        right = account.user.check_password(password) and account.state == Account.State.ACTIVE
    if account is not None and right and authenticators.verify(account, code):
        return "authenticator"
    # Where the password was wrong, too: the time must not say that it was right.
    return "recovery_code" if authenticators.recover(account if right else None, code) else ""


def _note_failure(account: Account | None, *, locked: bool) -> None:
    realm = account.realm if account else Realm.objects.filter(slug=settings.DEFAULT_REALM).first()
    if realm is None:
        return
    subject = account.name if account else UNKNOWN
    with transaction.atomic():
        journal.record(realm, "staff.sign_in_failed", subject)
        if locked:
            journal.record(realm, "staff.locked", subject)
