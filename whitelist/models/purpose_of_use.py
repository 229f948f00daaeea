"""A purpose of use: what a relying party is registered to ask for, in the words the citizen reads."""

from django.db import models

from ca.profiles import Purpose
from whitelist.models.relying_party import RelyingParty


class PurposeOfUse(models.Model):
    """A certificate purpose that a relying party may ask for, and why."""

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="purposes")
    purpose = models.CharField(max_length=24, choices=[(purpose.value, purpose.value) for purpose in Purpose])
    text_ja = models.CharField(max_length=200)
    text_en = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["relying_party", "purpose"], name="one_text_per_purpose")]

    def __str__(self) -> str:
        return self.purpose
