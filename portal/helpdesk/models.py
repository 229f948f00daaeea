"""Rows of the help desk: a call, what the caller was asked, and a release that two people decide."""

import uuid

from django.db import models

from ca.models import Holder, Realm
from portal.accounts.models import Account
from tsm.models import Enrolment


class Call(models.Model):
    """One agent's work for one holder: the reason for which the holder's page stands open, and until when."""

    class Reason(models.TextChoices):
        LOST = "lost"
        STOLEN = "stolen"
        FOUND = "found"
        QUESTION = "question"
        OBJECTION = "objection"
        OTHER = "other"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="calls")
    holder = models.ForeignKey(Holder, on_delete=models.PROTECT, related_name="calls")
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="calls")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    note = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()  # by the realm's clock, for the history
    ends_at = models.DateTimeField()  # by the machine's, as sessions
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("opened_at", "pk")

    def __str__(self) -> str:
        return f"{self.id} {self.reason}"


class IdentityCheck(models.Model):
    """Which questions a caller was asked, and which of them the agent found answered right. Never an answer."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="checks")
    at = models.DateTimeField()
    asked = models.JSONField()  # {question's code: whether the answer was right}

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.call_id} {self.asked}"


class Release(models.Model):
    """The release of a hold: one agent proposes it, another decides, within a time."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"
        LAPSED = "lapsed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="releases")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="releases")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    ground = models.CharField(max_length=200)
    proposed_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="proposed_releases")
    proposed_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="decided_releases")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("proposed_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"], condition=models.Q(state="proposed"), name="one_proposed_release_an_enrolment"
            ),
            # Two people, by the database.
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("proposed_by")),
                name="a_release_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | models.Q(decided_by__isnull=False),
                name="an_approved_release_was_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"
