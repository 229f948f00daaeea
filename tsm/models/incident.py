"""Something that says that a phone may have left its holder without saying so."""

from django.db import models

from tsm.models.enrolment import Enrolment


class Incident(models.Model):
    """One signal about one active enrolment, and how many stages of the policy were carried out for it."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="incidents")
    signal = models.CharField(max_length=32)
    source = models.CharField(max_length=64)
    # The policy's delays count from here, by the realm's clock.
    since = models.DateTimeField()
    stages_done = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "signal"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_incident_of_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.signal} {self.enrolment_id}"
