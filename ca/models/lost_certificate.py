"""The certificate that exists, and of which the database knows no more than that."""

from django.db import models

from ca.models.partition import Partition


class LostCertificate(models.Model):
    """A certificate that was signed after the backup that was restored: it stands on its point's lists, revoked."""

    partition = models.ForeignKey(Partition, models.PROTECT, related_name="lost_certificates", db_index=False)
    serial_number = models.CharField(max_length=40)  # upper-case hex
    not_after = models.DateTimeField()
    crl_entry = models.BinaryField()  # DER (ca.entries)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["partition", "serial_number"], name="one_lost_certificate_a_serial"),
        )

    def __str__(self) -> str:
        return f"{self.partition}/{self.serial_number}"
