"""A conformance report: how a workspace's integration did in the test suite."""

import uuid

from django.db import models

from ca.models import Realm
from whitelist.models.organisation import Organisation


class ConformanceReport(models.Model):
    """One run of the suite. `report` is what was tried and how it went; `signature` is the suite's, a compact JWS."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="conformance_reports")
    workspace = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="conformance_reports")
    at = models.DateTimeField()
    passed = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    report = models.JSONField(default=dict)
    signature = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.reference)
