"""Where mails of the pretend world go: a mail backend that keeps them for the page /outbox/. No server, no network."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from ca import clock
from portal.notices.models import KeptMail


class EmailBackend(BaseEmailBackend):
    """Keep each mail as a row, once under its Message-ID."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for mail in email_messages:
            for recipient in mail.recipients():
                KeptMail.objects.get_or_create(
                    message_id=mail.extra_headers.get("Message-ID", ""),
                    recipient=recipient,
                    defaults={"at": clock.machine(), "subject": str(mail.subject), "body": str(mail.body)},
                )
        return len(email_messages)
