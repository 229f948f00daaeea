"""How a service provider's person comes to an account: a mail address, confirmed by a code that was sent there.

Whether somebody has an account is nobody's to know: an address that is known gets a mail that says so, and the page
answers as it answers to any other, in the same time.
"""

import hmac
import secrets
import unicodedata
import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from ca import clock, journal
from ca.models import Realm
from portal import hosts
from portal.accounts import attempts, staff
from portal.accounts.errors import RegistrationClosed, RegistrationOver, SignInLocked
from portal.accounts.models import Account, Registration
from portal.accounts.signing_in import find, plain_name
from portal.notices import mail, outbox
from portal.notices.errors import AddressMalformed, CodeOver, CodesTooMany, CodeWrong, MailNotSent

DIGITS = 6
TRIES = 5
LIFETIME = timedelta(minutes=10)
KEPT = timedelta(days=1)
LONGEST = 150  # an account's name


def begin(address: str, *, client: str) -> uuid.UUID:
    """Send a code to an address, or tell its owner that it has an account; return what the browser goes on with.

    `client` is where the request comes from. Raises AddressMalformed, CodesTooMany, RegistrationClosed, MailNotSent.
    """
    if not outbox.mails() or not Realm.objects.filter(slug=settings.DEFAULT_REALM).exists():
        raise RegistrationClosed("this site sends no mail, or has no realm")
    address = checked(address)
    try:
        attempts.take(f"registration:{client}", limit=settings.PROVIDER_ADDRESS_CODES)
        attempts.take(f"registration:{address}", limit=settings.PROVIDER_CODES)
    except SignInLocked as locked:
        raise CodesTooMany("too many codes to this address, or from there", **locked.data) from None
    known = _is_known(address)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    salt, now = secrets.token_hex(16), clock.machine()
    Registration.objects.filter(sent_at__lt=now - KEPT).delete()
    row = Registration.objects.create(
        address=address,
        salt=salt,
        # Nobody has a code whose digest is random.
        digest=secrets.token_hex(32) if known else _digest(salt, code),
        tries_left=TRIES,
        sent_at=now,
        expires_at=now + LIFETIME,
    )
    subject, body = _known() if known else _asked(code)
    try:
        # Sent from here and not from the outbox: no table and no broker ever holds the code.
        get_connection().send_messages([mail.plain(address, subject, body, str(row.reference))])
    except OSError as error:  # smtplib's errors are of this kind, too
        Registration.objects.filter(pk=row.pk).delete()
        raise MailNotSent("the code could not be sent") from error
    return row.reference


def under_way(reference: str) -> Registration:
    """Return the registration that a browser has begun. Raises RegistrationOver."""
    try:
        found = Registration.objects.filter(
            reference=uuid.UUID(reference), expires_at__gt=clock.machine(), tries_left__gt=0
        ).first()
    except ValueError:
        found = None
    if found is None:
        raise RegistrationOver("none, or too long ago")
    return found


def confirm(row: Registration, code: str) -> str:
    """Take the code, once; return the digest by which `staff.invited` finds the account that is to be enrolled.

    Raises CodeWrong, CodeOver.
    """
    code = unicodedata.normalize("NFKC", "".join(code.split()))
    # The try is paid for before it is looked at, so that many at once can't have more of them.
    paid = Registration.objects.filter(pk=row.pk, tries_left__gt=0, expires_at__gt=clock.machine())
    if not paid.update(tries_left=F("tries_left") - 1):
        raise CodeOver("no tries left, or too late")
    if not hmac.compare_digest(row.digest, _digest(row.salt, code)):
        left = Registration.objects.filter(pk=row.pk).values_list("tries_left", flat=True).first() or 0
        raise CodeWrong("not the code that was sent", tries_left=left) if left else CodeOver("that was the last try")
    realm = Realm.objects.get(slug=settings.DEFAULT_REALM)
    with transaction.atomic():
        # The realm's turn: two browsers that confirm one address make one account.
        journal.take(realm)
        if not Registration.objects.filter(pk=row.pk, digest=row.digest).update(digest="", salt="", tries_left=0):
            raise CodeOver("the code was used")
        account = find(row.address)
        if account is None:
            user = get_user_model().objects.create_user(username=row.address)  # without a password
            account = Account.objects.create(
                user=user, realm=realm, role=Account.Role.PROVIDER, created_at=clock.machine()
            )
        elif _is_known(row.address):
            raise CodeOver("somebody enrolled with this address meanwhile")
        journal.record(realm, "provider.address_confirmed", account.name)
        return staff.digest(staff.new_code(account))


def checked(address: str) -> str:
    """Return a mail address as accounts have it. Raises AddressMalformed."""
    address = plain_name(address)
    try:
        validate_email(address)
        address.encode("ascii")
    except (ValidationError, UnicodeEncodeError):
        raise AddressMalformed("no mail address") from None
    if len(address) >= LONGEST:
        raise AddressMalformed("too long for a mail address")
    return address


def _is_known(address: str) -> bool:
    """Tell whether an account may not be enrolled by who reads the address's mail alone.

    One that never came to its end may: it has nothing yet. One that an operator has reset belongs to somebody.
    """
    account = find(address)
    if account is None:
        return False
    fresh = account.state == Account.State.INVITED and account.role == Account.Role.PROVIDER
    return not fresh or account.memberships.exists()


def _digest(salt: str, code: str) -> str:
    return salted_hmac("portal.accounts.registration", f"{salt}:{code}", algorithm="sha256").hexdigest()


def _asked(code: str) -> tuple[str, str]:
    return "【スマホ用電子証明書】事業者登録の確認コード / Your code", (
        f"確認コード： {code}\n\n"
        "サービス事業者の登録を続けるには、登録の画面に、10分以内に入力してください。\n"
        "心当たりがないときは、何もしないでください。登録は進みません。\n\n"
        f"{'-' * 40}\n\n"
        f"Your code: {code}\n\n"
        "To go on registering as a service provider, enter it on the page within 10 minutes.\n"
        "If you don't know what this is about, do nothing: nothing will be registered.\n"
    )


def _known() -> tuple[str, str]:
    page = f"{hosts.home(hosts.Area.PROVIDERS)}/providers/sign-in"
    return "【スマホ用電子証明書】登録済みのアドレスです / You have an account", (
        "このメールアドレスでの事業者登録の申込みがありましたが、アカウントはすでにあります。\n"
        f"サインインはこちらです： {page}\n"
        "サインインできないときは、このサイトの運営者に、登録のやり直しを頼んでください。\n"
        "心当たりがないときは、何もしないでください。アカウントは変わりません。\n\n"
        f"{'-' * 40}\n\n"
        "Somebody asked to register with this mail address, but there is an account already.\n"
        f"Sign in here: {page}\n"
        "If you can't, ask whoever operates this site to let you enrol anew.\n"
        "If it wasn't you, do nothing: the account stays as it is.\n"
    )
