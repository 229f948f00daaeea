"""The row of an objection."""

import uuid

from django.db import models

from ca.models import Holder, Realm
from portal.handoff.models import HandOff
from tsm.models import Phone


class Objection(models.Model):
    """A holder says that a use in the history wasn't his. Nobody changes what was said; the help desk answers once."""

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"

    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="objections")
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # One for each use: whoever would say more calls the help desk.
    hand_off = models.OneToOneField(HandOff, on_delete=models.PROTECT, related_name="objection")
    holder = models.ForeignKey(Holder, on_delete=models.PROTECT, related_name="objections")
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, related_name="objections")
    text = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    raised_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    # Who of the staff answered, as the accounts name them.
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("raised_at", "pk")
        indexes = (models.Index(fields=["realm", "state", "raised_at"], name="portal_objection_open"),)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", answered_at__isnull=True, answer="", answered_by="")
                | models.Q(state="answered", answered_at__isnull=False)
                & ~models.Q(answer="")
                & ~models.Q(answered_by=""),
                name="an_answered_objection_has_its_answer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"
