"""The organisation's people are told by mail that one of their webhooks was disabled, and not by them."""

import logging
import smtplib

from django.core.mail import get_connection

from ca import clock
from portal.notices import outbox
from portal.providers.models import Workspace
from portal.review import telling
from portal.review.telling import Text
from sandbox.models import Webhook

logger = logging.getLogger(__name__)

WHY = {
    Webhook.Ending.FAILING: (
        "長いあいだ、一度も受け取られなかったためです。",
        "For a long time nothing was taken there.",
    ),
    Webhook.Ending.GONE: (
        "宛先が「もうない」（410）と答えたためです。",
        "The address answered that it is gone (410).",
    ),
}


def tell_waiting() -> int:
    """Tell of webhooks that were disabled and that nobody was told of; return of how many.

    Each is claimed before its mails go; what can't be sent is put back.
    """
    if not outbox.mails():
        return 0
    told = 0
    waiting = Webhook.objects.filter(state=Webhook.State.DISABLED, told_at=None, ending__in=WHY)
    for webhook in waiting.order_by("pk")[:100]:
        if not Webhook.objects.filter(pk=webhook.pk, told_at=None).update(told_at=clock.machine()):
            continue
        try:
            _tell(webhook)
        except (OSError, smtplib.SMTPException) as error:
            Webhook.objects.filter(pk=webhook.pk).update(told_at=None)
            logger.warning("mail about webhook %s could not be sent: %s", webhook.reference, type(error).__name__)
            break
        told += 1
    return told


def _tell(webhook: Webhook) -> None:
    workspace = Workspace.objects.select_related("organisation").get(realm_id=webhook.realm_id)
    ja, en = WHY[Webhook.Ending(webhook.ending)]
    text = Text(
        "Webhook を止めました",
        "A webhook was disabled",
        f"ワークスペースの Webhook（{webhook.url}）への送信を止めました。{ja}\n"
        "宛先を直したら、API またはワークスペースの画面で有効に戻してください。"
        "止まっていたあいだのできごとも送り直せます。",
        f"Nothing more is sent to your workspace's webhook ({webhook.url}). {en}\n"
        "When the address works again, enable it by the API or on the workspace's page; what happened meanwhile can be "
        "sent, too.",
        "workspace/",
    )
    organisation = workspace.organisation
    mails = [
        telling.message(text, f"webhook-{webhook.reference}-{webhook.failures}", organisation, one)
        for one in telling.readers(organisation)
    ]
    if mails:
        get_connection().send_messages(mails)
