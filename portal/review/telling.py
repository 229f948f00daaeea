"""What an organisation's people are told by mail, once each: decisions, suspensions, and what ends soon.

Each is a row with a lease: one worker has it in hand. Who dies between a mail and the note that all are gone leaves
them to be sent again under the same Message-IDs, by which mail programs know them. What was decided is read on the
pages and in the letter, behind a sign-in: a mail says that there is something, and where.
"""

import logging
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.db.models import Q, QuerySet

from ca import clock
from portal import hosts
from portal.accounts.models import Account
from portal.notices import mail, outbox
from portal.providers.models import Membership
from whitelist.models import EndingNotice, EntryNotice, EntryProposal, Organisation, Proposal, Suspension

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
LIMIT = 100  # of each kind a run
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
DECIDED = {
    Proposal.Kind.CERTIFY: ("申請が主務大臣に認定されました", "your application was certified by the ministers"),
    Proposal.Kind.REGISTER: ("申請のとおり登録されました", "your application was approved and registered"),
    Proposal.Kind.RETURN: ("申請が差し戻されました", "your application was returned to be put right"),
    Proposal.Kind.REFUSE: ("申請は承認されませんでした", "your application was refused"),
}
MOVED = {
    EntryProposal.Kind.LIFT: ("登録の停止が解かれました", "the suspension of your registration was lifted"),
    EntryProposal.Kind.REMOVE: ("登録が抹消されました", "your registration was removed"),
}

PASSED = {
    EntryNotice.Kind.LAPSED: (
        "登録の停止が解かれました",
        "the suspension of your registration was lifted",
        "停止が期限までに確定されなかったためです。利用者のスマートフォンは、このサービスの依頼を再び受け付けます。",
        "It was not confirmed in time. Citizens' phones take its requests again.",
    ),
    EntryNotice.Kind.EXPIRED: (
        "登録の期限が切れました",
        "your registration has expired",
        "利用者のスマートフォンは、このサービスの依頼を断ります。続けて使うには、登録の変更（更新）を申請してください。",
        "Citizens' phones refuse its requests. To go on, please apply for a change (renewal) of the registration.",
    ),
}


@dataclass(frozen=True)
class Text:
    """A mail's subject and body, Japanese and English, and the page that it leads to, below the organisation's."""

    subject_ja: str
    subject_en: str
    ja: str
    en: str
    page: str = ""


@dataclass(frozen=True)
class Kept:
    """One table of things to be told: which of its rows are, whose each is, and in which words."""

    rows: Callable[[], QuerySet[Any]]
    organisation: Callable[[Any], Organisation]
    text: Callable[[Any], Text]


def _ending(row: EndingNotice) -> Text:
    what_ja, what_en = WHAT[Kind(row.kind)]
    do_ja, do_en = TO_DO[Kind(row.kind)]
    on = row.ends_on
    return Text(
        f"{what_ja}の期限が近づいています（{on}）",
        f"{what_en.capitalize()} ends on {on}",
        f"「{row.entry.name_ja}」の{what_ja}（{row.subject}）は、{on.year}年{on.month}月{on.day}日に終わります"
        f"（{row.days}日前のお知らせ）。\n{do_ja}",
        f"The {what_en} ({row.subject}) of {row.entry.name_en} ends on {on} (notice {row.days} days ahead).\n{do_en}",
    )


def _decision(row: Proposal) -> Text:
    ja, en = DECIDED[Proposal.Kind(row.kind)]
    return Text(
        ja,
        f"{en[0].upper()}{en[1:]}",
        f"{ja}。理由と通知書は、次のページでお読みください。",
        f"There is a decision: {en}. Please read the reasons and the letter on this page.",
        f"cases/{row.review.case.reference}/letters/",
    )


def _suspension(row: Suspension) -> Text:
    return Text(
        "登録が停止されました",
        "Your registration is suspended",
        f"「{row.entry.name_ja}」（{row.entry.client_id}）の登録が停止されました。いまから、利用者のスマートフォンはこの"
        "サービスの依頼を断ります。理由と通知書は、次のページからお読みください。",
        f"{row.entry.name_en} ({row.entry.client_id}) is suspended. From now on citizens' phones refuse its requests.\n"
        "Please read the reasons and the letter from this page.",
    )


def _moved(row: EntryProposal) -> Text:
    ja, en = MOVED[EntryProposal.Kind(row.kind)]
    return Text(
        ja,
        f"{en[0].upper()}{en[1:]}",
        f"「{row.entry.name_ja}」（{row.entry.client_id}）の{ja}。",
        f"{row.entry.name_en} ({row.entry.client_id}): {en}.",
    )


def _passed(row: EntryNotice) -> Text:
    ja, en, more_ja, more_en = PASSED[EntryNotice.Kind(row.kind)]
    return Text(
        ja,
        f"{en[0].upper()}{en[1:]}",
        f"「{row.entry.name_ja}」（{row.entry.client_id}）の{ja}。{more_ja}",
        f"{row.entry.name_en} ({row.entry.client_id}): {en}. {more_en}",
    )


KEPT = (
    Kept(
        lambda: Suspension.objects.filter(entry__organisation__isnull=False).select_related(
            "entry__organisation__realm"
        ),
        lambda row: row.entry.organisation,
        _suspension,
    ),
    Kept(
        lambda: EntryProposal.objects.filter(
            entry__organisation__isnull=False, state=Proposal.State.APPROVED
        ).select_related("entry__organisation__realm"),
        lambda row: row.entry.organisation,
        _moved,
    ),
    Kept(
        lambda: EntryNotice.objects.filter(entry__organisation__isnull=False).select_related(
            "entry__organisation__realm"
        ),
        lambda row: row.entry.organisation,
        _passed,
    ),
    Kept(
        lambda: Proposal.objects.filter(state=Proposal.State.APPROVED).select_related(
            "review__case__organisation__realm"
        ),
        lambda row: row.review.case.organisation,
        _decision,
    ),
    Kept(
        lambda: EndingNotice.objects.select_related("organisation__realm", "entry"),
        lambda row: row.organisation,
        _ending,
    ),
)


def send_waiting() -> int:
    """Send what nobody was told of yet; return how many things went. Stops when the server is away."""
    if not outbox.mails():
        return 0
    sent = 0
    for kept in KEPT:
        for row in _waiting(kept):
            organisation = kept.organisation(row)
            try:
                messages = [message(kept.text(row), row.reference, organisation, one) for one in readers(organisation)]
                with get_connection() as connection:
                    connection.send_messages(messages)
            except (OSError, smtplib.SMTPException) as error:
                # It waits until its lease is over; the others would fare alike.
                logger.warning("%s could not be sent: %s", row.reference, type(error).__name__)
                return sent
            told = {"told_at": clock.now(organisation.realm), "lease_until": None}
            sent += type(row).objects.filter(pk=row.pk, told_at__isnull=True).update(**told)
    return sent


def readers(organisation: Organisation) -> list[Account]:
    """Return who is told: the organisation's members who can sign in, each with a mail address for a name."""
    rows = Membership.objects.filter(organisation=organisation, account__role=Account.Role.PROVIDER)
    rows = rows.filter(account__state=Account.State.ACTIVE).select_related("account__user")
    # Names alone: how somebody signs in is nothing that a process which sends mails may read (docs/rights.md).
    rows = rows.only("account_id", "account__user_id", "account__user__username")
    return [one.account for one in rows if "@" in one.account.name]


def message(text: Text, reference: object, organisation: Organisation, account: Account) -> EmailMessage:
    """Return the mail: Japanese, then English."""
    address = f"{hosts.home(hosts.Area.PROVIDERS)}/providers/{organisation.reference}/{text.page}"
    subject = f"【スマホ用電子証明書】{text.subject_ja} / {text.subject_en}"
    body = f"{organisation.name_ja} 御中\n\n{text.ja}\n\n{address}\n\n{'-' * 40}\n\n{text.en}\n\n{address}\n"
    return mail.plain(account.name, subject, body, f"{reference}.{account.pk}")


def _waiting(kept: Kept) -> Iterator[Any]:
    """Take what is free in hand, one row after the other."""
    for _ in range(LIMIT):
        now = clock.machine()
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
        found = kept.rows().filter(free, told_at__isnull=True).order_by("pk").first()
        if found is None:
            return
        mine = type(found).objects.filter(pk=found.pk, told_at__isnull=True, lease_until=found.lease_until)
        if mine.update(lease_until=now + LEASE):
            yield found
