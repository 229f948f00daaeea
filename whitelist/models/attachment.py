"""An attachment: a file of a case, looked through before it was taken in."""

import uuid

from django.db import models

from whitelist.models.case import Case


class Attachment(models.Model):
    """One file. Answers name it by its reference; a version keeps naming it, so it is never thrown away."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    # As its owner called it, without what a name could do to a reader; its type is told by the content.
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    # SHA-256 of the content, in hex.
    digest = models.CharField(max_length=64)
    # What looked through it, by its dotted path.
    scanned_by = models.CharField(max_length=200)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.media_type} {self.digest[:12]}"
