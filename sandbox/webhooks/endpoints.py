"""The integrator's addresses: made, changed, disabled and enabled, which the journal has; a ping; a delivery again."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from ca import clock, journal, messages
from ca.models import Realm
from sandbox.errors import DeliveryUnknown, TooManyWebhooks, WebhookAddressUnfit, WebhookDisabled, WebhookUnknown
from sandbox.models import Webhook, WebhookDelivery, WebhookEvent, WebhookSecret
from sandbox.webhooks import catalogue, events, outbox, sending, signing
from whitelist.probes import urls
from whitelist.probes.errors import Refused

AT_ONCE = 3  # secrets in use


def find(realm: Realm, reference: uuid.UUID) -> Webhook:
    """Return the workspace's webhook. Raises WebhookUnknown."""
    found = Webhook.objects.select_related("realm").filter(realm=realm, reference=reference).first()
    if found is None:
        raise WebhookUnknown("the workspace has no such webhook")
    return found


def find_delivery(realm: Realm, reference: uuid.UUID) -> WebhookDelivery:
    """Return the workspace's delivery. Raises DeliveryUnknown."""
    rows = WebhookDelivery.objects.select_related("webhook__realm", "event")
    found = rows.filter(webhook__realm=realm, reference=reference).first()
    if found is None:
        raise DeliveryUnknown("the workspace has no such delivery")
    return found


def make(realm: Realm, url: str, *, event_types: list[str], description: str = "", by: str) -> tuple[Webhook, str]:
    """Make a webhook; return it with its secret, which is told once. Raises WebhookAddressUnfit, TooManyWebhooks."""
    checked(url)
    now = clock.machine()
    events.read(realm)  # what happened before isn't told to it
    with transaction.atomic():
        journal.take(realm)
        if Webhook.objects.filter(realm=realm).count() >= settings.WEBHOOKS_MOST:
            raise TooManyWebhooks("the workspace has that many webhooks", most=settings.WEBHOOKS_MOST)
        made = Webhook.objects.create(
            realm=realm, url=url, event_types=event_types, description=description, made_at=now
        )
        secret = signing.make(made, now)
        journal.record(realm, "webhook.made", str(made.reference), url=url, event_types=event_types, by=by)
    return made, secret


def change(webhook: Webhook, changes: dict[str, Any], *, by: str) -> Webhook:
    """Change `url`, `event_types`, `description`; with `enabled` false, disable. Raises WebhookAddressUnfit.

    With `enabled` true it is enabled as `enable` does.
    """
    if "url" in changes:
        checked(changes["url"])
    values = {name: changes[name] for name in ("url", "event_types", "description") if name in changes}
    with transaction.atomic():
        journal.take(webhook.realm)
        if values:
            Webhook.objects.filter(pk=webhook.pk).update(**values)
            journal.record(webhook.realm, "webhook.changed", str(webhook.reference), by=by, **values)
        if changes.get("enabled") is False:
            outbox.disable(webhook, Webhook.Ending.BY_HAND, clock.machine(), by=by)
        elif changes.get("enabled"):
            enable(webhook, by=by)
    webhook.refresh_from_db()
    return webhook


def delete(webhook: Webhook, *, by: str) -> None:
    """Delete a webhook with its secrets and its log."""
    with transaction.atomic():
        journal.take(webhook.realm)
        journal.record(webhook.realm, "webhook.deleted", str(webhook.reference), by=by)
        webhook.delete()


def enable(webhook: Webhook, *, since: datetime | None = None, by: str) -> int:
    """Enable a webhook, and let it rest no longer; return how many events of since then are now on their way to it.

    Events of the time when it was disabled are told when `since` (the machine's time) asks for them.
    """
    events.read(webhook.realm)
    with transaction.atomic():
        journal.take(webhook.realm)
        Webhook.objects.filter(pk=webhook.pk).update(
            state=Webhook.State.ENABLED, ending="", disabled_at=None, failures=0, failing_since=None, rests_until=None
        )
        webhook.refresh_from_db()
        journal.record(webhook.realm, "webhook.enabled", str(webhook.reference), by=by)
        again = 0
        if since is not None:
            missed = WebhookEvent.objects.filter(realm=webhook.realm, made_at__gte=since).exclude(type=catalogue.PING)
            again = len(events.address(webhook, missed.exclude(deliveries__webhook=webhook).order_by("pk")))
        _wake(webhook)
    return again


def new_secret(webhook: Webhook, *, overlap: timedelta | None = None, by: str) -> str:
    """Give a webhook a new secret, told once; the one before it signs beside it for WEBHOOKS_OVERLAP_HOURS."""
    now = clock.machine()
    until = now + (timedelta(hours=settings.WEBHOOKS_OVERLAP_HOURS) if overlap is None else overlap)
    with transaction.atomic():
        journal.take(webhook.realm)
        rows = WebhookSecret.objects.filter(webhook=webhook)
        rows.filter(ends_at__lte=now).delete()
        rows.filter(ends_at=None).update(ends_at=until)
        rows.filter(ends_at__gt=until).update(ends_at=until)
        secret = signing.make(webhook, now)
        kept = list(rows.order_by("-pk").values_list("pk", flat=True)[:AT_ONCE])
        rows.exclude(pk__in=kept).delete()
        journal.record(webhook.realm, "webhook.secret_replaced", str(webhook.reference), until=until.isoformat(), by=by)
    return secret


def ping(webhook: Webhook) -> WebhookDelivery:
    """Send a test event to this webhook alone. Raises WebhookDisabled."""
    _require_enabled(webhook)
    with transaction.atomic():
        data = {"webhook": str(webhook.reference)}
        event = events.make(webhook.realm, catalogue.PING, data, clock.now(webhook.realm))
        event.save(force_insert=True)
        delivery = WebhookDelivery.objects.create(webhook=webhook, event=event, next_at=event.made_at)
        # Who asks doesn't wait for a rest to be over.
        Webhook.objects.filter(pk=webhook.pk).update(rests_until=None)
        _wake(webhook)
    return delivery


def replay(delivery: WebhookDelivery) -> WebhookDelivery:
    """Deliver once more, whatever came of it, under the same id. Raises WebhookDisabled."""
    _require_enabled(delivery.webhook)
    with transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=WebhookDelivery.State.WAITING, tries=0, next_at=clock.machine(), ended_at=None
        )
        Webhook.objects.filter(pk=delivery.webhook_id).update(rests_until=None)
        _wake(delivery.webhook)
    delivery.refresh_from_db(fields=["state", "tries", "next_at", "ended_at"])
    return delivery


def deliveries(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """Return a webhook's deliveries with their attempts."""
    return WebhookDelivery.objects.filter(webhook=webhook).select_related("event").prefetch_related("attempts")


def checked(url: str) -> None:
    """Hold that an address is one that a webhook may have. Raises WebhookAddressUnfit.

    Where its name leads is looked at when something is sent.
    """
    try:
        urls.checked(url, own=sending.own())
    except Refused as refused:
        raise WebhookAddressUnfit("webhooks go to https addresses with a public name", reason=refused.finding) from None


def _require_enabled(webhook: Webhook) -> None:
    if webhook.state != Webhook.State.ENABLED:
        raise WebhookDisabled("the webhook is disabled; enable it first", ending=webhook.ending)


def _wake(webhook: Webhook) -> None:
    transaction.on_commit(lambda: messages.send("sandbox.sign_webhook", webhook.pk))
