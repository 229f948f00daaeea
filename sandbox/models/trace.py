"""What happened in a workspace, as its live trace shows it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy

from ca.models import Realm


class TraceEvent(models.Model):
    """One thing that somebody would like to have seen. Written by `sandbox.trace.note`; the oldest go when many are.

    It is no record: the journal is. It holds no secret, and nothing is decided by it.
    """

    class Lane(models.TextChoices):
        SERVICE = "service", gettext_lazy("サービス")
        API = "api", gettext_lazy("API")
        WEB = "web", gettext_lazy("画面")
        PHONE = "phone", gettext_lazy("スマホ")
        ELEMENT = "element", gettext_lazy("チップ")
        TSM = "tsm", gettext_lazy("TSM")
        CA = "ca", gettext_lazy("認証局")
        OCSP = "ocsp", gettext_lazy("OCSP")
        WEBHOOK = "webhook", gettext_lazy("Webhook")

    realm = models.ForeignKey(Realm, on_delete=models.CASCADE, related_name="trace_events", db_index=False)
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()  # the machine's time: a workspace's clock may be moved while things happen
    realm_at = models.DateTimeField()  # the same moment by the workspace's clock
    lane = models.CharField(max_length=8, choices=Lane.choices)
    what = models.CharField(max_length=64)  # "handoff.shown"
    title_ja = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    # References, not rows: what is traced may be of any room, and may be gone before its trace is.
    hand_off = models.UUIDField(null=True)
    enrolment = models.UUIDField(null=True)
    phone = models.UUIDField(null=True)
    failed = models.BooleanField(default=False)

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(fields=["realm", "id"], name="trace_of_a_realm"),
            models.Index(fields=["realm", "hand_off", "id"], name="trace_of_a_hand_off"),
            models.Index(fields=["realm", "enrolment", "id"], name="trace_of_an_enrolment"),
        )

    def __str__(self) -> str:
        return f"{self.lane} {self.what}"
