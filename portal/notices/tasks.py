"""Tasks of the `notices` queue: one call each, safe to run twice and at once; no secret but the mail server's."""

from celery import shared_task

from ca.models import Realm
from portal.accounts import telling
from portal.notices import mail, outbox, reading


@shared_task(name="portal.sweep_notices")
def sweep_notices() -> int:
    """Read what happened in every realm, give up what is overdue, send what waits; return how many mails went.

    What befell accounts of staff and providers is sent besides.
    """
    for realm in Realm.objects.order_by("pk"):
        reading.read(realm)
        outbox.give_up_overdue(realm)
    return mail.send_waiting() + telling.send_waiting()
