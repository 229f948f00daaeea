"""A SERAM conversation with a phone, and its legs."""

import uuid

from django.db import models

from tsm.models.element import SecureElement
from tsm.models.enrolment import Enrolment
from tsm.models.service_order import ServiceOrder


class Conversation(models.Model):
    """One remote management session (SERAM 2.0): its reference is the sessionId that the phone is woken with."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    element = models.ForeignKey(SecureElement, on_delete=models.CASCADE, related_name="conversations")
    opened_at = models.DateTimeField()
    woken_at = models.DateTimeField(null=True)
    last_contact_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    exchanges = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    # What the last survey of the element found; None while nothing was asked.
    findings = models.JSONField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["element"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_conversation_per_element",
            )
        ]
        indexes = (
            # Those that went wrong, the newest at the end: whose element rests for a while.
            models.Index(fields=["closed_at"], condition=models.Q(failures__gt=0), name="tsm_conversation_went_wrong"),
        )

    def __str__(self) -> str:
        return str(self.reference)


class Leg(models.Model):
    """One round trip to the phone: a script of APDUs out, their answers back.

    `plan` holds what the script is computed from (counters and host challenges, no key); whoever checks the
    report computes the script again from it. Plan, commands and answers are emptied some time after (`tsm.trimming`).
    """

    class State(models.TextChoices):
        READY = "ready"
        SENT = "sent"
        REPORTED = "reported"
        CHECKED = "checked"
        FAILED = "failed"
        LOST = "lost"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="legs")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="legs")
    # The service order that it carries out, where it does.
    order = models.ForeignKey(ServiceOrder, on_delete=models.PROTECT, null=True, related_name="legs")
    kind = models.CharField(max_length=24)
    state = models.CharField(max_length=16, choices=State.choices, default=State.READY)
    plan = models.JSONField()
    commands = models.JSONField()
    # Section, label and plain words of each command, in order, noted by the process that had the keys.
    described = models.JSONField(default=list)
    answers = models.JSONField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, default="")
    trimmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state__in=["ready", "sent", "reported"]),
                name="one_open_leg_per_conversation",
            )
        ]
        indexes = (
            # Nothing is to come of them, and they have their commands: the oldest are trimmed.
            models.Index(
                fields=["created_at"],
                condition=models.Q(trimmed_at=None, state__in=["checked", "failed", "lost"]),
                name="tsm_leg_untrimmed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
