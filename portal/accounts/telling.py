"""Whoever signs in is told by mail of what changed in the way they do: a row in the change's transaction, sent once.

The row holds the address that was theirs when it happened, and nothing that was set. Who died between a mail and the
note that it went leaves it to be sent again under the same Message-ID, by which mail programs know it.
"""

import logging
import smtplib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.utils import timezone

from ca import clock
from portal import hosts
from portal.accounts.models import Account, AccountChange
from portal.notices import mail, outbox
from whitelist.register import Text

logger = logging.getLogger(__name__)

Kind = AccountChange.Kind
LEASE = timedelta(minutes=5)
LIMIT = 200  # mails a run: the next one goes on
SHOWN = 10

WHAT: Mapping[str, Text] = {
    Kind.ENROLLED: Text("サインインの方法が登録されました", "A way to sign in was set up"),
    Kind.PASSWORD: Text("パスワードが変わりました", "The password was changed"),
    Kind.PASSKEY_ADDED: Text("パスキーが追加されました", "A passkey was added"),
    Kind.PASSKEY_REMOVED: Text("パスキーが外されました", "A passkey was removed"),
    Kind.RESET: Text(
        "運営者が、パスワードと認証アプリ、パスキーを消しました",
        "The operator took password, authenticator and passkeys away",
    ),
    Kind.DISABLED: Text("運営者が、アカウントを止めました", "The operator shut the account"),
    Kind.ADDRESS: Text(
        "このお知らせの送り先が変わりました", "These notices go to another address from now on"
    ),
}  # fmt: skip


def address_of(account: Account) -> str:
    """Return where the account's person is told; empty where nobody knows. A provider's name is an address."""
    return account.user.email or (account.name if "@" in account.name else "")


def note(account: Account, kind: Kind, *, address: str | None = None) -> None:
    """Note in the transaction at hand what changed, to be told at the address of now or the one given."""
    AccountChange.objects.create(
        account=account, kind=kind, at=clock.machine(), address=address_of(account) if address is None else address
    )


def latest(account: Account, language: str | None) -> list[tuple[datetime, str]]:
    """Return when what changed last, the newest first, for one's own page: also what no mail could tell."""
    rows = AccountChange.objects.filter(account=account).order_by("-pk")[:SHOWN]
    return [(row.at, WHAT[row.kind].in_language(language)) for row in rows]


def send_waiting() -> int:
    """Send what nobody was told of yet; return how many mails went. Stops when the server is away."""
    if not outbox.mails():
        return 0
    sent = 0
    for _ in range(LIMIT):
        row = _take()
        if row is None:
            break
        try:
            get_connection().send_messages([message(row)])
        except smtplib.SMTPRecipientsRefused:
            logger.warning("mail %s: the server knows no such address", row.reference)
        except OSError as error:  # smtplib's errors are of this kind, too
            # It waits until its lease is over; the others would fare alike.
            logger.warning("mail %s could not be sent: %s", row.reference, type(error).__name__)
            break
        else:
            sent += 1
        AccountChange.objects.filter(pk=row.pk, told_at=None).update(told_at=clock.machine(), lease_until=None)
    return sent


def message(row: AccountChange) -> EmailMessage:
    """Return the mail: what, when, whose, and what to do if it wasn't you. Japanese, then English."""
    what, name = WHAT[row.kind], row.account.name
    when = f"{timezone.localtime(row.at, clock.JAPAN):%Y-%m-%d %H:%M}"
    area = hosts.Area.PROVIDERS if row.account.role == Account.Role.PROVIDER else hosts.Area.STAFF
    page = f"{hosts.home(area)}/staff/account/sessions"
    body = (
        f"{name} さんのアカウントで、次の変更がありました。\n\n"
        f"{what.ja}\n{when}（日本時間）\n\n"
        "ご自身でしたこと、頼んだことなら、何もする必要はありません。\n"
        "心当たりがないときは、すぐにこのサイトの運営者に知らせてください。サインインできるときは、次のページで、\n"
        f"ほかのサインインをすべて終わらせてください： {page}\n\n"
        f"{'-' * 40}\n\n"
        f"Something changed in the account of {name}:\n\n"
        f"{what.en}\n{when} (Japan)\n\n"
        "If you did it, or asked for it, there is nothing to do.\n"
        "If you didn't, tell whoever operates this site at once; if you can still sign in, end every other session on\n"
        f"this page: {page}\n"
    )
    return mail.plain(row.address, f"【スマホ用電子証明書】{what.ja} / {what.en}", body, str(row.reference))


def _take() -> AccountChange | None:
    """Take the oldest that is free in hand; two at once never get the same. What is a day old is told by nobody."""
    now = clock.machine()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    since = now - timedelta(hours=settings.NOTICES_MAIL_HOURS)
    waiting = AccountChange.objects.filter(free, told_at=None, at__gt=since).exclude(address="")
    # How somebody signs in is nothing that a process which sends mails may read (docs/rights.md).
    rows = waiting.select_related("account__user").order_by("pk")
    rows = rows.only(*(one.name for one in AccountChange._meta.fields), "account__role", "account__user__username")
    while (found := rows.first()) is not None:
        mine = AccountChange.objects.filter(pk=found.pk, told_at=None, lease_until=found.lease_until)
        if mine.update(lease_until=now + LEASE):
            return found
    return None
