"""Notices of endings by mail: to every member of the organisation, once each.

A notice is a row with a lease: one worker has it in hand. Who dies between a mail and the note that all are gone leaves
them to be sent again under the same Message-IDs, by which mail programs know them.
"""

import logging
import smtplib
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q

from ca import clock
from portal.accounts.models import Account
from portal.notices import mail, outbox
from portal.providers.models import Membership
from whitelist.models import EndingNotice

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
LIMIT = 100  # notices a run
Kind = EndingNotice.Kind

WHAT = {
    Kind.CERTIFICATION: ("主務大臣認定", "ministerial certification"),
    Kind.CREDENTIAL: ("接続用の鍵", "connection's key"),
    Kind.ENTRY: ("登録", "registration"),
}
TO_DO = {
    Kind.CERTIFICATION: (
        "続けて使うには、新しい認定の申請が要ります。審査に日数がかかるので、早めに始めてください。",
        "To go on, apply for a new certification. The review takes time, so please begin early.",
    ),
    Kind.CREDENTIAL: (
        "新しい鍵を登録し、重なる期間のうちに切り替えてください。",
        "Please register a new key, and switch to it while both are good.",
    ),
    Kind.ENTRY: (
        "続けて使うには、登録の変更（更新）を申請してください。",
        "To go on, please apply for a change (renewal) of the registration.",
    ),
}


def send_waiting() -> int:
    """Send the notices that nobody was told of yet; return how many went. Stops when the server is away."""
    if not outbox.mails():
        return 0
    sent = 0
    for _ in range(LIMIT):
        notice = _take()
        if notice is None:
            return sent
        try:
            messages = [message(notice, account) for account in readers(notice)]
            with get_connection() as connection:
                connection.send_messages(messages)
        except (OSError, smtplib.SMTPException) as error:
            # It waits until its lease is over; the others would fare alike.
            logger.warning("notice %s could not be sent: %s", notice.reference, type(error).__name__)
            return sent
        told = {"told_at": clock.now(notice.realm), "lease_until": None}
        sent += EndingNotice.objects.filter(pk=notice.pk, told_at__isnull=True).update(**told)
    return sent


def readers(notice: EndingNotice) -> list[Account]:
    """Return whom a notice goes to: the organisation's members who can sign in, each with a mail address for a name."""
    rows = Membership.objects.filter(organisation=notice.organisation, account__role=Account.Role.PROVIDER)
    rows = rows.filter(account__state=Account.State.ACTIVE).select_related("account__user")
    return [one.account for one in rows if "@" in one.account.name]


def message(notice: EndingNotice, account: Account) -> EmailMessage:
    """Return the mail: Japanese, then English."""
    name_ja, name_en = notice.entry.name_ja, notice.entry.name_en
    what_ja, what_en = WHAT[Kind(notice.kind)]
    do_ja, do_en = TO_DO[Kind(notice.kind)]
    on, days = notice.ends_on, notice.days
    address = f"{settings.PUBLIC_URL}/providers/{notice.organisation.reference}/"
    subject = f"【スマホ用電子証明書】{what_ja}の期限が近づいています（{on}） / {what_en.capitalize()} ends on {on}"
    body = (
        f"{notice.organisation.name_ja} 御中\n\n"
        f"「{name_ja}」の{what_ja}（{notice.subject}）は、{on.year}年{on.month}月{on.day}日に終わります"
        f"（{days}日前のお知らせ）。\n{do_ja}\n\n{address}\n\n{'-' * 40}\n\n"
        f"The {what_en} ({notice.subject}) of {name_en} ends on {on} (notice {days} days ahead).\n"
        f"{do_en}\n\n{address}\n"
    )
    return mail.plain(account.name, subject, body, f"{notice.reference}.{account.pk}")


def _take() -> EndingNotice | None:
    now = clock.machine()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    while True:
        rows = EndingNotice.objects.filter(free, told_at__isnull=True).order_by("pk")
        found = rows.select_related("realm", "organisation", "entry").first()
        if found is None:
            return None
        mine = EndingNotice.objects.filter(pk=found.pk, told_at__isnull=True, lease_until=found.lease_until)
        if mine.update(lease_until=now + LEASE):
            return found
