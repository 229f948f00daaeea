"""The note of an answer that a registered verifier got. Kept for OCSP_LOG_DAYS."""

from django.db import models

from ca.models.realm import Realm


class StatusAnswer(models.Model):
    """One answer about statuses: to whom, when, and what it said of which serial numbers."""

    realm = models.ForeignKey(Realm, models.CASCADE, related_name="status_answers")
    verifier = models.CharField(max_length=200)  # the register's reference
    at = models.DateTimeField(db_index=True)  # by the machine's clock: no realm's time travel ends the retention
    asked = models.JSONField()  # serial numbers, upper-case hex; the path, for a CRL
    said = models.JSONField()  # "good", "revoked", "unknown", in the order of `asked`; empty for a CRL

    def __str__(self) -> str:
        return f"{self.verifier} {self.at}"
