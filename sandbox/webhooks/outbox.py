"""The outbox: which delivery of a webhook is next, and what became of it.

One attempt at a time, the oldest first: first attempts go out in the order of the events. Who can open the secret signs
an attempt and writes it down; who has no secret sends it. While an address fails it rests, longer each time, so that
one that is away costs everybody else little; each delivery comes again by WEBHOOKS_RETRY_SECONDS.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from ca import clock, journal, messages
from sandbox import trace
from sandbox.models import Webhook, WebhookAttempt, WebhookDelivery
from sandbox.webhooks import signing

State = WebhookDelivery.State
# A signed attempt is sent within this, or not at all: receivers take no old timestamps (the specification: 5 minutes).
FRESH = timedelta(seconds=60)
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
LONGEST_WISH = timedelta(hours=1)  # of a Retry-After
GONE = 410


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: a status with the first octets of the answer, or a finding: why it isn't taken."""

    milliseconds: int
    status: int | None = None
    finding: str = ""
    answer: str = ""
    retry_after: timedelta | None = None  # what the receiver wishes

    @property
    def is_taken(self) -> bool:
        """Return whether the receiver has it."""
        return not self.finding and self.status is not None and 200 <= self.status < 300


def message_id(delivery: WebhookDelivery) -> str:
    """Return what `webhook-id` says: the event's, the same however often and wherever it is sent."""
    return f"msg_{delivery.event.reference.hex}"


def sweep() -> int:
    """Sign what is due for every webhook that is free; return how many attempts."""
    now = clock.machine()
    waiting = WebhookDelivery.objects.filter(state=State.WAITING, next_at__lte=now).order_by()
    found = _free(now).filter(pk__in=waiting.values("webhook_id")).order_by("pk").values_list("pk", flat=True)
    return sum(sign_next(pk) is not None for pk in list(found))


def sign_next(webhook_id: int) -> WebhookAttempt | None:
    """Sign the webhook's next delivery that is due, if nobody else has the webhook in hand. Needs the seal key."""
    now = clock.machine()
    lease = now + FRESH + timedelta(seconds=2 * settings.WEBHOOKS_SECONDS)
    with transaction.atomic():
        if not _free(now).filter(pk=webhook_id).update(lease_until=lease):
            return None
        webhook = Webhook.objects.get(pk=webhook_id)
        due = WebhookDelivery.objects.filter(webhook=webhook, state=State.WAITING, next_at__lte=now)
        delivery = due.select_related("event").order_by("next_at", "pk").first()
        if delivery is None:
            Webhook.objects.filter(pk=webhook_id).update(lease_until=None)
            return None
        # Whoever had one in hand died with it, or it was too old to be sent.
        left = WebhookAttempt.objects.filter(delivery__webhook=webhook).exclude(state=WebhookAttempt.State.OVER)
        left.update(state=WebhookAttempt.State.OVER, finding="lost")
        attempt = WebhookAttempt.objects.create(
            delivery=delivery,
            url=webhook.url,
            at=now,
            signature=signing.signature(signing.keys(webhook, now), message_id(delivery), now, delivery.event.body),
        )
        transaction.on_commit(lambda: messages.send("sandbox.send_webhook", attempt.pk))
    return attempt


def begin(attempt_id: int) -> WebhookAttempt | None:
    """Take a signed attempt in hand to send it, once; None when it is too old, or another has it."""
    fresh = WebhookAttempt.objects.filter(
        pk=attempt_id, state=WebhookAttempt.State.SIGNED, at__gt=clock.machine() - FRESH
    )
    if not fresh.update(state=WebhookAttempt.State.SENDING):
        return None
    return WebhookAttempt.objects.select_related("delivery__event", "delivery__webhook").get(pk=attempt_id)


def note(attempt: WebhookAttempt, outcome: Outcome) -> None:
    """Write down what an attempt came to, when the next one is, and whether the webhook goes on."""
    delivery, now = attempt.delivery, clock.machine()
    with transaction.atomic():
        in_hand = WebhookAttempt.objects.filter(pk=attempt.pk, state=WebhookAttempt.State.SENDING)
        ours = in_hand.update(
            state=WebhookAttempt.State.OVER,
            status=outcome.status,
            finding=outcome.finding,
            milliseconds=outcome.milliseconds,
            answer=outcome.answer,
        )
        if not ours:
            return
        waiting = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        if outcome.is_taken:
            waiting.update(state=State.DELIVERED, tries=F("tries") + 1, ended_at=now)
        else:
            waiting.update(tries=F("tries") + 1, **_again(delivery, now))
        webhook = Webhook.objects.get(pk=delivery.webhook_id)
        Webhook.objects.filter(pk=webhook.pk).update(lease_until=None, **_standing(webhook, outcome, now))
        if not outcome.is_taken:
            _end_if_hopeless(webhook, outcome, now)
        _trace(webhook, attempt, outcome)
        transaction.on_commit(lambda: messages.send("sandbox.sign_webhook", webhook.pk))


def disable(webhook: Webhook, ending: Webhook.Ending, now: datetime, *, by: str) -> bool:
    """Disable a webhook; what waits for it waits on. Return whether it was enabled."""
    with transaction.atomic():
        journal.take(webhook.realm)
        enabled = Webhook.objects.filter(pk=webhook.pk, state=Webhook.State.ENABLED)
        if not enabled.update(state=Webhook.State.DISABLED, ending=ending, disabled_at=now, told_at=None):
            return False
        journal.record(webhook.realm, "webhook.disabled", str(webhook.reference), ending=str(ending), by=by)
    return True


def _free(now: datetime) -> Any:
    return Webhook.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now),
        Q(rests_until=None) | Q(rests_until__lte=now),
        state=Webhook.State.ENABLED,
    )


def _again(delivery: WebhookDelivery, now: datetime) -> dict[str, Any]:
    """Return what a delivery that failed once more becomes."""
    waits = settings.WEBHOOKS_RETRY_SECONDS
    if delivery.tries >= len(waits):
        return {"state": State.FAILED, "ended_at": now}
    return {"next_at": now + timedelta(seconds=waits[delivery.tries] * _jitter())}


def _standing(webhook: Webhook, outcome: Outcome, now: datetime) -> dict[str, Any]:
    if outcome.is_taken:
        return {"failures": 0, "failing_since": None, "rests_until": None}
    rest = min(FIRST_REST * 2 ** min(webhook.failures, 16), LONGEST_REST) * _jitter()
    if outcome.retry_after is not None:
        rest = max(rest, min(outcome.retry_after, LONGEST_WISH))
    return {
        "failures": webhook.failures + 1,
        "failing_since": webhook.failing_since or now,
        "rests_until": now + rest,
    }


def _end_if_hopeless(webhook: Webhook, outcome: Outcome, now: datetime) -> None:
    since = webhook.failing_since or now
    if outcome.status == GONE:
        disable(webhook, Webhook.Ending.GONE, now, by="delivery")
    elif now - since >= timedelta(hours=settings.WEBHOOKS_DISABLE_HOURS):
        disable(webhook, Webhook.Ending.FAILING, now, by="delivery")


def _jitter() -> float:
    # A fifth more or less, so that what failed together doesn't come back together.
    return random.uniform(0.8, 1.2)  # noqa: S311


def _trace(webhook: Webhook, attempt: WebhookAttempt, outcome: Outcome) -> None:
    event = attempt.delivery.event
    came = str(outcome.status) if outcome.status is not None else outcome.finding
    trace.note(
        webhook.realm_id,
        trace.Lane.WEBHOOK,
        "webhook.delivered" if outcome.is_taken else "webhook.failed",
        title=(f"Webhook {event.type}: {came}", f"Webhook {event.type}: {came}"),
        data={
            "webhook": str(webhook.reference),
            "event": event.type,
            "delivery": str(attempt.delivery.reference),
            "attempt": attempt.delivery.tries + 1,
            "status": outcome.status,
            "finding": outcome.finding,
            "milliseconds": outcome.milliseconds,
        },
        failed=not outcome.is_taken,
    )
