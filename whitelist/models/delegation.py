"""A delegation: a service provider leaves its verifying to a platform operator."""

import uuid

from django.db import models

from whitelist.models.case import Case
from whitelist.models.relying_party import RelyingParty


class Delegation(models.Model):
    """The operator may act for the provider, for these purposes, from when until when; and where that is written."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    operator = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="delegations_received")
    provider = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="delegations_given")
    # A list of `ca.profiles.Purpose`.
    purposes = models.JSONField(default=list)
    not_before = models.DateTimeField()
    # The first moment at which it holds no more; none: until somebody ends it.
    not_after = models.DateTimeField(null=True, blank=True)
    # Where it is written: the contract's number, or the case with which it was registered.
    document = models.CharField(max_length=200, blank=True, default="")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="delegations")
    recorded_by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "provider"],
                condition=models.Q(ended_at=None),
                name="one_delegation_in_force_a_pair",
            ),
            models.CheckConstraint(condition=~models.Q(operator=models.F("provider")), name="nobody_acts_for_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.operator_id} for {self.provider_id}"
