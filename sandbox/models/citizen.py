"""The citizens of a realm: the ten personas, and those that an integrator made up."""

import uuid

from django.db import models

from ca.models import Holder, Realm


class Citizen(models.Model):
    """One invented person. `sealed_secrets` are the passwords of the card: what this person knows by heart."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="citizens")
    # A persona's code, the same in every realm; one's own citizen's is made up.
    code = models.CharField(max_length=32)
    # Which edition of the ten personas; 0: one's own.
    version = models.PositiveSmallIntegerField(default=0)
    holder = models.OneToOneField(Holder, on_delete=models.PROTECT, related_name="citizen")
    romaji = models.CharField(max_length=100)
    # What is the matter with the card: a `sandbox.personas.Card`.
    condition = models.CharField(max_length=12)
    sealed_secrets = models.BinaryField()
    made_at = models.DateTimeField()  # the machine's time

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["realm", "code"], name="one_citizen_per_code")]

    def __str__(self) -> str:
        return self.code
