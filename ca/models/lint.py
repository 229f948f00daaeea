"""What pkilint has read."""

from django.db import models

from ca.models.authority import Generation


class PkilintPass(models.Model):
    """One shape of a generation's certificates in which pkilint found nothing that stops a signature."""

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="pkilint_passes")
    shape = models.CharField(max_length=64)  # SHA-256, hex, of what is the same for every holder (ca.lint.reading)
    pkilint = models.CharField(max_length=32)  # the version that read it
    serial_number = models.CharField(max_length=40)  # of the certificate that was read, upper-case hex
    at = models.DateTimeField()  # by the machine's clock

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["generation", "shape", "pkilint"], name="one_pkilint_pass_a_shape"),
        )

    def __str__(self) -> str:
        return f"{self.generation} {self.shape[:8]}"
