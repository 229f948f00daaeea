"""Faults that are armed in a workspace, and what was told instead of the truth."""

import uuid

from django.db import models
from django.db.models import Q

from ca.models import Realm


class Fault(models.Model):
    """One named fault (`sandbox.faults.catalogue`), and whom it is for. Claimed by a conditional UPDATE at each hit."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.CASCADE, related_name="faults", db_index=False)
    name = models.CharField(max_length=48)
    place = models.CharField(max_length=16)  # where it acts: `sandbox.faults.catalogue.Place`
    parameters = models.JSONField(default=dict)
    # The scope; empty: whatever comes.
    requests_left = models.PositiveIntegerField(null=True)
    client_id = models.CharField(max_length=64, blank=True)
    hand_off = models.UUIDField(null=True)
    rate = models.FloatField(null=True)
    seen = models.PositiveIntegerField(default=0)  # so often it might have acted
    hits = models.PositiveIntegerField(default=0)  # so often it did
    created_at = models.DateTimeField()  # the machine's time
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(fields=["realm", "place"], condition=Q(ended_at__isnull=True), name="armed_faults"),
            models.Index(fields=["realm", "id"], name="faults_of_a_realm"),
        )

    def __str__(self) -> str:
        return self.name


class FaultTold(models.Model):
    """What a fault told of one subject, so that it tells the same again: a lie that changes is no test."""

    fault = models.ForeignKey(Fault, on_delete=models.CASCADE, related_name="told")
    subject = models.CharField(max_length=80, db_index=True)  # the hand-off's id, and what of it
    told = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fault", "subject"], name="told_once")]

    def __str__(self) -> str:
        return self.subject
