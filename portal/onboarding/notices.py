"""Telling the other side of a message by mail: that there is one, and where. What it says stays on the site."""

import logging

from django.conf import settings
from django.core.mail import get_connection
from django.urls import reverse

from ca import clock
from portal import hosts
from portal.notices import mail
from portal.onboarding.access import EDITORS
from portal.providers.models import Membership
from whitelist.models import Case, CaseMessage

logger = logging.getLogger(__name__)

LIMIT = 200  # messages a run: the next one goes on
SUBJECT = "【スマホ用電子証明書】申請に新しいメッセージがあります / A new message on your case"


def tell_waiting() -> int:
    """Tell of the messages that nobody was told of yet; return of how many.

    Each is claimed before its mails go, so that two at once tell once. What can't be sent is put back; whoever dies
    in between leaves one untold, and the mark on the site stands all the same.
    """
    told = 0
    waiting = CaseMessage.objects.filter(told_at=None).select_related("case__organisation")
    for message in waiting.order_by("pk")[:LIMIT]:
        now = clock.machine()
        if not CaseMessage.objects.filter(pk=message.pk, told_at=None).update(told_at=now):
            continue
        try:
            _tell(message)
        except OSError as error:  # smtplib's errors are of this kind, too
            CaseMessage.objects.filter(pk=message.pk).update(told_at=None)
            logger.warning("mail about message %d could not be sent: %s", message.pk, type(error).__name__)
            break
        told += 1
    return told


def recipients(message: CaseMessage) -> list[str]:
    """Return the addresses of the other side: the members who write cases, or the office whose turn it is."""
    if message.side == CaseMessage.Side.OFFICERS:
        members = Membership.objects.filter(organisation=message.case.organisation, role__in=EDITORS)
        return list(members.order_by("pk").values_list("account__user__username", flat=True))
    office = settings.CASE_OFFICERS_MAIL.get(message.case.authority or Case.Authority.REGISTRAR, "")
    return [office] if office else []


def _tell(message: CaseMessage) -> None:
    case = message.case
    # Officers know their own desk's address; the applicant's people are led to the thread.
    address = hosts.home(hosts.Area.STAFF)
    if message.side == CaseMessage.Side.OFFICERS:
        address = hosts.home(hosts.Area.PROVIDERS) + reverse(
            "onboarding:messages", args=[case.organisation.reference, case.reference]
        )
    body = (
        "申請に、新しいメッセージが届いています。サインインしてお読みください。\n\n"
        f"{address}\n\n"
        f"{'-' * 40}\n\n"
        "There is a new message on a registration case. Please sign in to read it.\n\n"
        f"{address}\n"
    )
    mails = [
        mail.plain(to, SUBJECT, body, f"case-message-{message.pk}-{number}")
        for number, to in enumerate(recipients(message))
    ]
    if mails:
        get_connection().send_messages(mails)
