"""A ministerial certification: what article 17(1) items 5 and 6 ask of a relying party."""

from django.db import models

from whitelist.models.relying_party import RelyingParty


class MinisterialCertification(models.Model):
    """A certification by the competent ministers, from the day it was granted until it ends or is withdrawn."""

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="ministerial_certifications")
    number = models.CharField(max_length=64)
    granted_on = models.DateField()
    # The last day on which it holds.
    valid_until = models.DateField()
    # What the ministers bound it to, in their words.
    conditions = models.TextField(blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("granted_on", "pk")
        constraints = [models.UniqueConstraint(fields=["relying_party", "number"], name="one_certification_per_number")]

    def __str__(self) -> str:
        return self.number
