"""The load file store: what may be loaded into elements, signed and versioned."""

from django.db import models


class LoadFile(models.Model):
    """One version of an applet's package: its load file data block, with the provider's signature over the hash."""

    package_aid = models.CharField(max_length=32)
    major = models.PositiveSmallIntegerField()
    minor = models.PositiveSmallIntegerField()
    content = models.BinaryField()
    # SHA-256 of the content: the load file data block hash (GPCS C.2), and the ECDSA P-256 signature over it, DER.
    digest = models.CharField(max_length=64)
    signature = models.BinaryField()
    added_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("package_aid", "major", "minor")
        constraints = [
            models.UniqueConstraint(fields=["package_aid", "major", "minor"], name="one_load_file_of_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.package_aid} {self.version}"

    @property
    def version(self) -> str:
        return f"{self.major}.{self.minor}"
