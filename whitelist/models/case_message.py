"""Messages on a case, between the applicant's people and the officers."""

from django.db import models

from whitelist.models.case import Case


class CaseMessage(models.Model):
    """One message; nothing changes it."""

    class Side(models.TextChoices):
        APPLICANT = "applicant"
        OFFICERS = "officers"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    side = models.CharField(max_length=12, choices=Side.choices)
    text = models.TextField(max_length=4000)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    # When the other side was told, by a mail without the text. By the machine's clock.
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["id"], condition=models.Q(told_at=None), name="case_message_untold")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.side} {self.pk}"


class CaseReading(models.Model):
    """How far somebody has read a case's messages."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="readings")
    reader = models.CharField(max_length=150)
    # The newest message that was on the page.
    until = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["case", "reader"], name="one_reading_a_reader")]

    def __str__(self) -> str:
        return f"{self.case_id} until {self.until}"
