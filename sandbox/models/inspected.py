"""The last requests of a workspace, as the inspector shows them."""

import uuid

from django.db import models

from ca.models import Realm


class InspectedRequest(models.Model):
    """One request to an API, with its answer: secrets masked, lengths cut. Written by `sandbox.inspector`."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted"
        REFUSED = "refused"  # by a problem, or by the register
        FAILED = "failed"  # by us

    realm = models.ForeignKey(Realm, on_delete=models.CASCADE, related_name="inspected_requests", db_index=False)
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()  # the machine's time when it came
    milliseconds = models.PositiveIntegerField()
    method = models.CharField(max_length=16)
    path = models.CharField(max_length=500)
    query = models.TextField(blank=True)
    # The key whose token was shown; empty where none that is known was.
    key_id = models.CharField(max_length=128, blank=True)
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    status = models.PositiveSmallIntegerField()
    answer_headers = models.JSONField(default=dict)
    answer = models.JSONField(null=True)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    # A problem's code, or the register's reason; and in words.
    code = models.CharField(max_length=64, blank=True)
    why = models.TextField(blank=True)
    hand_off = models.UUIDField(null=True)

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["realm", "id"], name="requests_of_a_realm"),)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"
