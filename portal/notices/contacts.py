"""Where a holder wants notices: a mail address, confirmed by a code that was sent there; or none, and then letters."""

import hmac
import secrets
import unicodedata
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from ca import clock, journal
from ca.models import Holder
from portal import problems
from portal.notices import mail, outbox
from portal.notices.errors import (
    AddressMalformed,
    CodeOver,
    CodesTooMany,
    CodeWrong,
    MailNotAvailable,
    MailNotSent,
    NoticesError,
)
from portal.notices.models import Contact, ContactCode, Happening

DIGITS = 6
TRIES = 5
LIFETIME = timedelta(minutes=10)
# From one code to the next, and how many in an hour.
PAUSE = timedelta(seconds=30)
HOUR = timedelta(hours=1)
AN_HOUR = 6
LONGEST = 254  # RFC 5321 4.5.3.1.3, without the brackets

CHANGED = "contact.changed"
REMOVED = "contact.removed"


def of(holder: Holder) -> Contact | None:
    """Return the holder's confirmed address, or None."""
    return Contact.objects.filter(holder=holder).first()


def pending(holder: Holder) -> ContactCode | None:
    """Return the code that is under way for a holder, or None when there is none that could still be entered."""
    return ContactCode.objects.filter(holder=holder, tries_left__gt=0, expires_at__gt=clock.machine()).first()


def send_code(holder: Holder, address: str) -> None:
    """Send a new code to an address that the holder gives; an earlier code is worth nothing any more.

    Raise `MailNotAvailable`, `AddressMalformed`, `CodesTooMany`, `MailNotSent`.
    """
    if not outbox.mails():
        raise MailNotAvailable("this site sends no mail")
    address = _checked(address)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    salt = secrets.token_hex(16)
    now = clock.machine()
    values = {
        "address": address,
        "salt": salt,
        "digest": _digest(salt, code),
        "tries_left": TRIES,
        "sent_at": now,
        "expires_at": now + LIFETIME,
    }
    # Claimed before it is sent: of two requests at once, one sends.
    row, made = ContactCode.objects.get_or_create(holder=holder, defaults={**values, "counted_from": now})
    if not made:
        fresh = row.counted_from <= now - HOUR
        if row.sent_at > now - PAUSE or (row.sent_count >= AN_HOUR and not fresh):
            raise CodesTooMany("wait before the next code")
        counted = {"sent_count": 1, "counted_from": now} if fresh else {"sent_count": F("sent_count") + 1}
        if not ContactCode.objects.filter(pk=row.pk, digest=row.digest, sent_at=row.sent_at).update(
            **values, **counted
        ):
            raise CodesTooMany("another code is being sent")
    subject = "【スマホ用電子証明書】確認コード / Your code"
    body = (
        f"確認コード： {code}\n\n"
        "お知らせの送り先としてこのアドレスを使うには、スマートフォンの画面に、10分以内に入力してください。\n"
        "心当たりがないときは、何もしないでください。このアドレスは使われません。\n\n"
        f"{'-' * 40}\n\n"
        f"Your code: {code}\n\n"
        "To get your notices at this address, enter it on the phone within 10 minutes.\n"
        "If you don't know what this is about, do nothing: the address will not be used.\n"
    )
    try:
        # Sent from here and not from the outbox: no table and no broker ever holds the code.
        get_connection().send_messages([mail.plain(address, subject, body, secrets.token_hex(16))])
    except OSError as error:  # smtplib's errors are of this kind, too
        ContactCode.objects.filter(pk=row.pk, salt=salt).update(tries_left=0)
        raise MailNotSent("the code could not be sent") from error


def confirm(holder: Holder, code: str) -> Contact:
    """Take the code that was sent: once, and after few wrong ones no more. Raise `CodeWrong`, `CodeOver`.

    An address that was confirmed before is told that the next notices go elsewhere.
    """
    code = unicodedata.normalize("NFKC", "".join(code.split()))
    row = pending(holder)
    if row is None:
        raise CodeOver("no code can be entered now")
    # The try is paid for before it is looked at, so that many at once can't have more of them.
    paid = ContactCode.objects.filter(pk=row.pk, salt=row.salt, tries_left__gt=0).update(tries_left=F("tries_left") - 1)
    if not paid:
        raise CodeOver("no tries left")
    if not hmac.compare_digest(row.digest, _digest(row.salt, code)):
        left = ContactCode.objects.filter(pk=row.pk).values_list("tries_left", flat=True).first() or 0
        if not left:
            raise CodeOver("that was the last try")
        raise CodeWrong("not the code that was sent", tries_left=left)
    with transaction.atomic():
        journal.take(holder.realm)
        # Used: whoever comes second with the same code finds it worth nothing.
        if not ContactCode.objects.filter(pk=row.pk, salt=row.salt).update(salt="", digest="", tries_left=0):
            raise CodeOver("the code was used")
        now = clock.now(holder.realm)
        before = of(holder)
        contact, _made = Contact.objects.update_or_create(
            holder=holder, defaults={"address": row.address, "confirmed_at": now}
        )
        journal.record(holder.realm, CHANGED, str(holder.reference), first=before is None)
        if before is not None and before.address != contact.address:
            _tell_old(before, Happening.Kind.CONTACT_CHANGED)
    return contact


def remove(holder: Holder) -> None:
    """Forget the holder's address: notices are letters from now on. The address is told."""
    with transaction.atomic():
        journal.take(holder.realm)
        contact = of(holder)
        if contact is None:
            return
        contact.delete()
        ContactCode.objects.filter(holder=holder).update(salt="", digest="", tries_left=0)
        journal.record(holder.realm, REMOVED, str(holder.reference))
        _tell_old(contact, Happening.Kind.CONTACT_REMOVED)


def sentence(error: NoticesError) -> str:
    """Return what the citizen reads: the catalogue's sentence, or how often a code may still be tried."""
    if isinstance(error, CodeWrong):
        told = _("確認コードが違います。メールの6桁の数字を入力してください。あと{left}回試せます。")
        return told.format(left=error.data["tries_left"])
    return problems.sentence(error.code)


def _checked(address: str) -> str:
    address = address.strip()
    try:
        validate_email(address)
        address.encode("ascii")
    except (ValidationError, UnicodeEncodeError):
        raise AddressMalformed("no mail address") from None
    if len(address) > LONGEST:
        raise AddressMalformed("too long for a mail address")
    return address


def _digest(salt: str, code: str) -> str:
    return salted_hmac("portal.notices.code", f"{salt}:{code}", algorithm="sha256").hexdigest()


def _tell_old(contact: Contact, kind: Happening.Kind) -> None:
    holder = contact.holder
    now = clock.now(holder.realm)
    happening = Happening.objects.create(realm=holder.realm, holder=holder, kind=kind, at=now)
    outbox.put(happening, now=now, address=contact.address)
