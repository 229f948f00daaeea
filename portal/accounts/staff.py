"""The life of a staff account: invited by an operator of the machine, enrolled by the person, changed, disabled.

Nobody registers by himself. An invitation is a code that is good once, for an hour, and only its digest is kept.
"""

import hashlib
import re
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from ca import clock, journal
from ca.models import Realm
from portal.accounts import attempts, authenticators, codes, sessions, telling
from portal.accounts.errors import AccountExists, AccountUnknown, EnrolmentCodeWrong, PasswordUnfit, PasswordWrong
from portal.accounts.models import Account, AccountChange, Passkey
from portal.accounts.signing_in import find, forget_tries, plain_name
from portal.notices import outbox

State = Account.State
Kind = AccountChange.Kind
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


def invite(name: str, *, role: str, realm: Realm, by: str, address: str = "") -> str:
    """Make an account and return its enrolment code. Raises AccountExists, ValueError (not a name, not an address).

    At `address` the person is told of what changes in the way they sign in.
    """
    name = plain_name(name)
    _require_address(address)
    if not NAME.fullmatch(name):
        raise ValueError("a name is 2 to 63 of a-z, 0-9, dot, hyphen and underscore, and begins with a letter or digit")
    now = clock.machine()
    try:
        with transaction.atomic():
            user = get_user_model().objects.create_user(username=name, email=address)  # without a password
            account = Account.objects.create(user=user, realm=realm, role=Account.Role(role), created_at=now)
            journal.record(realm, "staff.added", name, role=account.role, by=by)
            return new_code(account)
    except IntegrityError:
        raise AccountExists(f"there is an account {name!r}") from None


def reset(name: str, *, by: str) -> str:
    """Take password, authenticator and sessions from an account, and return a new enrolment code."""
    account = _named(name)
    with transaction.atomic():
        _shut(account, State.INVITED)
        telling.note(account, Kind.RESET)
        journal.record(account.realm, "staff.reset", account.name, by=by)
        return new_code(account)


def disable(name: str, *, by: str) -> None:
    """Shut an account at once: sessions, password, authenticator, codes. `reset` opens it again."""
    account = _named(name)
    with transaction.atomic():
        _shut(account, State.DISABLED)
        telling.note(account, Kind.DISABLED)
        journal.record(account.realm, "staff.disabled", account.name, by=by)


def change_address(name: str, address: str, *, by: str) -> None:
    """Set where a staff account's person is told; told at both addresses. Raises ValueError: not one, or not theirs."""
    account, kind = _named(name), Kind.ADDRESS
    if "@" in account.name:
        raise ValueError("this account's name is its address")
    _require_address(address)
    before = telling.address_of(account)
    with transaction.atomic():
        account.user.email = address
        account.user.save(update_fields=["email"])
        for one in {before, address} - {""}:
            telling.note(account, kind, address=one)
        journal.record(account.realm, "staff.address_changed", account.name, by=by)


def without_address() -> list[str]:
    """Return the names of staff that nobody can tell by mail of a change, where this site sends mail at all."""
    if not outbox.mails():
        return []
    rows = Account.objects.filter(state=State.ACTIVE, user__email="").exclude(user__username__contains="@")
    return list(rows.order_by("user__username").values_list("user__username", flat=True))


def change_role(name: str, role: str, *, by: str) -> None:
    """Give an account another role; whoever is signed in signs in anew."""
    account = _named(name)
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(role=Account.Role(role))
        sessions.end_all(account)
        journal.record(account.realm, "staff.role_changed", account.name, before=account.role, after=role, by=by)


def require_current(account: Account, current: str) -> None:
    """Have a signed-in person show the password of now. Raises PasswordWrong.

    SignInLocked after too many, and then every session of the account is over.
    """
    heading = f"password:{account.name}"
    left = attempts.take(heading, limit=settings.STAFF_TRIES)
    if not account.user.check_password(current):
        with transaction.atomic():
            journal.record(account.realm, "staff.password_wrong", account.name)
            if left == 0:
                journal.record(account.realm, "staff.locked", account.name)
                sessions.end_all(account)
        raise PasswordWrong("not the password of now")
    attempts.forget(heading)


def change_password(account: Account, new: str) -> None:
    """Set another password; every session ends. Raises PasswordUnfit."""
    require_fit(account, new)
    with transaction.atomic():
        account.user.set_password(new)
        account.user.save(update_fields=["password"])
        sessions.end_all(account)
        telling.note(account, Kind.PASSWORD)
        journal.record(account.realm, "staff.password_changed", account.name)


def end_sessions(name: str, *, by: str) -> int:
    """End every session of an account, or of everybody where no name is given; return how many."""
    accounts = [_named(name)] if name else list(Account.objects.select_related("user", "realm").order_by("pk"))
    ended = 0
    for account in accounts:
        with transaction.atomic():
            if count := sessions.end_all(account):
                journal.record(account.realm, "staff.sessions_ended", account.name, by=by, sessions=count)
        ended += count
    return ended


def unlock(name: str, *, by: str) -> None:
    """Let an account try again that was locked for too many tries."""
    account = _named(name)
    with transaction.atomic():
        forget_tries(account)
        journal.record(account.realm, "staff.unlocked", account.name, by=by)


def invited(code_digest: str) -> Account:
    """Return the account that an enrolment code's digest opens. Raises EnrolmentCodeWrong."""
    found = Account.objects.filter(code_digest=code_digest, code_until__gt=clock.machine(), state=State.INVITED)
    account = found.exclude(code_digest="").select_related("user", "realm").first()
    if account is None:
        raise EnrolmentCodeWrong("unknown, used, or past its hour")
    return account


def digest(code: str) -> str:
    """Return what is kept of an enrolment code, however it is written."""
    return hashlib.sha256(codes.plain(code).encode()).hexdigest()


def require_fit(account: Account, password: str) -> None:
    """Refuse a password that is too easy. Raises PasswordUnfit."""
    try:
        validate_password(password, user=account.user)
    except ValidationError as error:
        raise PasswordUnfit("; ".join(error.messages), reasons=error.messages) from None


def enrol(account: Account, password: str) -> list[str]:
    """Make the account active with its prepared authenticator and this password; return its recovery codes.

    Uses the enrolment code up: of two who do it at once, one does. Raises PasswordUnfit, EnrolmentCodeWrong.
    """
    require_fit(account, password)
    device = authenticators.prepared(account)
    account.user.set_password(password)
    recovery_codes, kept = authenticators.made()
    with transaction.atomic():
        claimed = Account.objects.filter(
            pk=account.pk, state=State.INVITED, code_digest=account.code_digest, code_until__gt=clock.machine()
        ).update(state=State.ACTIVE, code_digest="", code_until=None)
        if not claimed or device is None:
            raise EnrolmentCodeWrong("used meanwhile")
        account.user.save(update_fields=["password"])
        authenticators.confirm(device)
        sessions.end_all(account)  # of a sign-in that crossed the reset
        authenticators.keep(account, kept)
        telling.note(account, Kind.ENROLLED)
        journal.record(account.realm, "staff.enrolled", account.name, role=account.role)
    account.state = State.ACTIVE
    return recovery_codes


def new_code(account: Account) -> str:
    """Give an account another enrolment code in place of any it had; return it as a person reads it."""
    code = codes.new(30)  # 150 bits: its digest may stand alone
    until = clock.machine() + timedelta(seconds=settings.STAFF_INVITATION_SECONDS)
    Account.objects.filter(pk=account.pk).update(code_digest=digest(code), code_until=until)
    return codes.written(code)


def _shut(account: Account, state: State) -> None:
    Account.objects.filter(pk=account.pk).update(state=state, code_digest="", code_until=None)
    account.user.set_unusable_password()
    account.user.save(update_fields=["password"])
    authenticators.remove(account)
    Passkey.objects.filter(account=account).delete()
    sessions.end_all(account)
    forget_tries(account)


def _require_address(address: str) -> None:
    try:
        if address:
            validate_email(address)
    except ValidationError:
        raise ValueError(f"{address!r} is no mail address") from None


def _named(name: str) -> Account:
    account = find(name)
    if account is None:
        raise AccountUnknown(f"no account {name!r}")
    return account
