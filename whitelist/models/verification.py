"""What verifiers asked and were told, for as long as it is to be kept."""

import uuid

from django.db import models

from ca.profiles import Purpose
from whitelist.models.delegation import Delegation
from whitelist.models.relying_party import RelyingParty


class VerificationLog(models.Model):
    """One answer about one certificate: who asked, for whom, for what, about which, and what was said."""

    class Kind(models.TextChoices):
        STATUS = "status"
        OTHER_MEDIUM = "other_medium"  # card <-> phone: article 18(4), 37
        OTHER_PURPOSE = "other_purpose"  # signature <-> authentication: article 18(5)

    class CheckPurpose(models.TextChoices):
        """What the answer is for, as verifiers report it to the authority (jpki-facts 5.4)."""

        SIGNATURE_VERIFICATION = "signature_verification"
        LIVENESS_CHECK = "liveness_check"

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="verification_log")
    # Whom a platform operator asked for; none: for itself.
    on_behalf_of = models.ForeignKey(
        RelyingParty, on_delete=models.PROTECT, null=True, blank=True, related_name="verification_log_for"
    )
    delegation = models.ForeignKey(
        Delegation, on_delete=models.PROTECT, null=True, blank=True, related_name="verification_log"
    )
    # The same for all answers to one request.
    request = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    purpose = models.CharField(max_length=24, choices=[(each.value, each.value) for each in Purpose])
    check_purpose = models.CharField(max_length=24, choices=CheckPurpose.choices)
    # As it was asked about, upper-case hex; empty for octets that are no certificate.
    serial_number = models.CharField(max_length=40, blank=True)
    # A status, or for a counterpart "found" or "none".
    verdict = models.CharField(max_length=16)
    # The machine's time: no realm's time travel ends the retention.
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-pk",)
        # One's own part of the log, from its end.
        indexes = (
            models.Index(fields=["relying_party", "id"], name="whitelist_log_asked"),
            models.Index(
                fields=["on_behalf_of", "id"],
                condition=models.Q(on_behalf_of__isnull=False),
                name="whitelist_log_in_name",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.serial_number} {self.verdict}"
