"""Webhooks: where a workspace's events go, the events, their deliveries and each attempt at one. docs/webhooks.md."""

import uuid

from django.db import models

from ca.models import Realm


class EventCursor(models.Model):
    """How far a workspace's journal became events. Moving it, with the events it read, is the claim."""

    realm = models.OneToOneField(Realm, models.CASCADE, related_name="event_cursor")
    sequence = models.BigIntegerField(default=0)
    # Up to which moment of the realm's time certificates that ended are in the journal (`sandbox.webhooks.expiry`).
    expired_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.realm_id} {self.sequence}"


class Webhook(models.Model):
    """An address of the integrator's that is told of events. Times are the machine's: they are about deliveries."""

    class State(models.TextChoices):
        ENABLED = "enabled"
        DISABLED = "disabled"

    class Ending(models.TextChoices):
        """Why it was disabled."""

        BY_HAND = "by_hand"
        FAILING = "failing"  # nothing was taken for WEBHOOKS_DISABLE_HOURS
        GONE = "gone"  # it answered 410

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    # Types, or beginnings of them ("certificate.*"); none: all.
    event_types = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ENABLED)
    ending = models.CharField(max_length=8, choices=Ending.choices, blank=True)
    made_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)
    # When the organisation was told by mail that it was disabled, and not by hand.
    told_at = models.DateTimeField(null=True)
    # How many attempts failed one after the other, since when, and until when it is left alone for it.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True)
    # One attempt at a time; who died with one in hand is followed by another after this.
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"


class WebhookSecret(models.Model):
    """A secret with which a webhook's messages are signed, sealed. Two are in use while one takes the other's place."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"of {self.webhook_id}"


class WebhookEvent(models.Model):
    """One thing that happened in a workspace, as receivers are told. Its octets are made once and never change."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.CASCADE, related_name="+")
    # The journal's entry that it comes from; None for a ping.
    sequence = models.BigIntegerField(null=True)
    type = models.CharField(max_length=64)
    at = models.DateTimeField()  # by the realm's clock, as the journal says
    body = models.TextField()  # JSON, to the letter as it is signed and sent
    made_at = models.DateTimeField()  # the machine's time

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["realm", "sequence"], name="one_event_an_entry")]
        indexes = [models.Index(fields=["realm", "id"], name="events_of_a_realm")]

    def __str__(self) -> str:
        return f"{self.type} {self.reference}"


class WebhookDelivery(models.Model):
    """One event for one webhook. Times are the machine's."""

    class State(models.TextChoices):
        WAITING = "waiting"  # for its next attempt
        DELIVERED = "delivered"
        FAILED = "failed"  # tried as often as WEBHOOKS_RETRY_SECONDS says; `replay` tries again

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    # Since it was made or replayed.
    tries = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["webhook", "event"], name="one_delivery_a_webhook")]
        indexes = [
            models.Index(
                fields=["webhook", "next_at", "id"], condition=models.Q(state="waiting"), name="deliveries_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"


class WebhookAttempt(models.Model):
    """One attempt: signed by a worker that knows the secret, sent by one that doesn't."""

    class State(models.TextChoices):
        SIGNED = "signed"
        SENDING = "sending"
        OVER = "over"

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    state = models.CharField(max_length=8, choices=State.choices, default=State.SIGNED)
    url = models.CharField(max_length=2000)
    at = models.DateTimeField()  # the machine's time: what `webhook-timestamp` says
    signature = models.TextField()  # what `webhook-signature` says
    status = models.PositiveSmallIntegerField(null=True)
    finding = models.CharField(max_length=32, blank=True)  # why there is no status, or it doesn't count
    milliseconds = models.PositiveIntegerField(null=True)
    answer = models.TextField(blank=True)  # its first octets, as far as they are text

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"of {self.delivery_id} {self.state}"
