"""The CRL as published. All are kept."""

from django.db import models

from ca.models.partition import Partition


class Crl(models.Model):
    """One certificate revocation list of one partition."""

    partition = models.ForeignKey(Partition, models.PROTECT, related_name="crls")
    number = models.BigIntegerField()  # cRLNumber
    der = models.BinaryField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()
    entries = models.PositiveIntegerField()
    revision = models.BigIntegerField()  # the partition's revision that it shows

    class Meta:
        constraints = (models.UniqueConstraint(fields=["partition", "number"], name="one_crl_a_number"),)

    def __str__(self) -> str:
        return f"{self.partition} no. {self.number}"
