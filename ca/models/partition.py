"""The partition: the certificates of one generation that share one CRL distribution point."""

from django.db import models

from ca.models.authority import Generation
from ca.profiles import Medium


class Partition(models.Model):
    """One CRL distribution point: a generation's certificates of one medium in one municipality.

    Or, with the medium OWN and no municipality, the generation's own: the list of authorities' certificates (ARL).
    """

    OWN = ""

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="partitions")
    medium = models.CharField(max_length=8, blank=True, choices=[(m.value, m.value) for m in Medium])
    municipality_code = models.CharField(max_length=5, blank=True)
    prefecture = models.CharField(max_length=64, blank=True)  # romaji, as in the distribution point's name
    municipality = models.CharField(max_length=64, blank=True)
    # Grows with each change of a status in it; a CRL notes which revision it shows.
    revision = models.BigIntegerField(default=0)
    published_revision = models.BigIntegerField(default=-1)
    published_at = models.DateTimeField(null=True)  # thisUpdate of the newest CRL

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["generation", "medium", "municipality_code"], name="one_partition_a_municipality"
            ),
        )

    def __str__(self) -> str:
        where = f"{self.medium}/{self.municipality_code}" if self.medium != self.OWN else "own"
        return f"{self.generation}/{where}"
