"""Mail: what waits is sent, a holder's in its order, over one connection.

SMTP can't promise that a mail arrives once: whoever dies between the server's answer and our note leaves it to be sent
again, under the same Message-ID, by which mail programs know it. Everything else is told once.
"""

import logging
import smtplib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F

from ca import clock
from portal.notices import outbox, texts
from portal.notices.models import MailServer, Notice

logger = logging.getLogger(__name__)

LIMIT = 500  # mails a run: the next one goes on
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
SERVER = 1


def send_waiting() -> int:
    """Send what waits; return how many mails were taken by the server. Stops when the server is away."""
    if not _server_may_be_tried():
        return 0
    connection = get_connection()
    sent = 0
    try:
        for _ in range(LIMIT):
            notice = outbox.take(Notice.Channel.MAIL)
            if notice is None:
                break
            reached = False
            try:
                connection.open()
                reached = True
                connection.send_messages([message(notice)])
            except smtplib.SMTPRecipientsRefused as refused:
                _refused(notice, *next(iter(refused.recipients.values())))
            except smtplib.SMTPDataError as refused:
                _refused(notice, refused.smtp_code, refused.smtp_error)
            except (OSError, smtplib.SMTPException) as error:
                # A server that can't be reached isn't this mail's fault: it goes first when the server is back. One
                # that breaks off over a mail may do so again, and the others shall not wait for it.
                outbox.put_back(notice, _said(error), later=reached)
                _server_is_away(error)
                break
            else:
                sent += outbox.finish(notice)
                _server_is_there()
    finally:
        try:
            connection.close()
        except (OSError, smtplib.SMTPException) as error:
            logger.info("the mail server ended the connection: %s", _said(error))
    return sent


def message(notice: Notice) -> EmailMessage:
    """Return the mail of a notice: plain text, Japanese and English."""
    letter = texts.of(notice.happening)
    return plain(notice.address, letter.subject, texts.mail(letter, notice.holder.name), str(notice.reference))


def plain(address: str, subject: str, body: str, reference: str) -> EmailMessage:
    """Return a mail that no program answers (RFC 3834), known by its reference."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    headers = {"Message-ID": f"<{reference}@{domain}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [address], headers=headers)


def _refused(notice: Notice, code: int, reason: bytes | str) -> None:
    """Deal with a mail that the server doesn't take: 4xx is tried again, 5xx never (RFC 5321 4.2.1)."""
    trouble = f"{code} {reason.decode(errors='replace') if isinstance(reason, bytes) else reason}"
    logger.warning("mail %s refused with %s", notice.reference, code)
    if code >= 500:
        outbox.give_up(notice, trouble)
    else:
        outbox.put_back(notice, trouble)


def _server_may_be_tried() -> bool:
    server = MailServer.objects.filter(pk=SERVER).first()
    return server is None or server.next_at is None or server.next_at <= clock.machine()


def _server_is_there() -> None:
    MailServer.objects.filter(pk=SERVER, failures__gt=0).update(failures=0, next_at=None, trouble="")


def _server_is_away(error: Exception) -> None:
    server, _ = MailServer.objects.get_or_create(pk=SERVER)
    wait = min(FIRST_WAIT * 2 ** min(server.failures, 16), LONGEST_WAIT)
    values: dict[str, Any] = {"next_at": clock.machine() + wait, "trouble": _said(error)}
    MailServer.objects.filter(pk=SERVER).update(failures=F("failures") + 1, **values)
    logger.warning("the mail server is away, tried again in %d s: %s", wait.total_seconds(), _said(error))


def _said(error: Exception) -> str:
    """Return what happened without a word of the server's, which may name an address."""
    said = getattr(error, "smtp_code", None) or getattr(error, "strerror", None) or ""
    return f"{type(error).__name__} {said}".rstrip()
