"""The certificate as issued, and its status."""

import hashlib

from django.db import models

from ca.models.authority import Authority, Generation
from ca.models.holder import Holder
from ca.models.partition import Partition
from ca.models.realm import Realm
from ca.profiles import Medium, Purpose


class Certificate(models.Model):
    """One end-entity certificate. Only `ca.revocation` changes its status."""

    class Status(models.TextChoices):
        PENDING = "pending"  # issued, not activated: CRL and OCSP answer certificateHold
        VALID = "valid"
        ON_HOLD = "on_hold"
        REVOKED = "revoked"

    # Realm, generation and issuer are what the partition says, once more. None of the four leads to a certificate by
    # itself: an index of it would be written with each, and lead to thousands.
    realm = models.ForeignKey(Realm, models.CASCADE, related_name="certificates", db_index=False)
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="certificates", db_index=False)
    # The generation's authority once more: serial numbers are unique to it, over all generations.
    issuer = models.ForeignKey(Authority, models.PROTECT, related_name="certificates", db_index=False)
    partition = models.ForeignKey(Partition, models.PROTECT, related_name="certificates", db_index=False)
    serial_number = models.CharField(max_length=40)  # upper-case hex without separators
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    medium = models.CharField(max_length=8, choices=[(m.value, m.value) for m in Medium])
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="certificates")
    der = models.BinaryField()
    public_key = models.BinaryField()  # SubjectPublicKeyInfo, DER
    subject_key_identifier = models.CharField(max_length=40)  # upper-case hex
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    cause = models.CharField(max_length=32, blank=True)  # a ca.revocation.Cause, empty while valid
    revoked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()  # when the present status began
    # Its line in a CRL, DER (ca.entries), kept while it isn't valid; None is made good by the next publication.
    crl_entry = models.BinaryField(null=True)
    linked_to = models.ForeignKey("self", models.PROTECT, null=True, related_name="linked_certificates")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["issuer", "serial_number"], name="one_certificate_a_serial"),
            # Never a double: a second phone pair can be issued pending, and waits for the first to be revoked.
            models.UniqueConstraint(
                fields=["realm", "holder", "purpose"],
                condition=models.Q(medium="phone", status__in=["valid", "on_hold"]),
                name="one_phone_certificate_a_holder",
            ),
        )
        # No more than are read by: each is written with every certificate.
        indexes = (
            models.Index(fields=["subject_key_identifier"], name="ca_certificate_key"),
            # All that a CRL is made of (ca.listed), so that PostgreSQL reads it alone and not the certificates.
            models.Index(
                fields=["partition", "id"],
                include=["crl_entry", "not_after"],
                condition=~models.Q(status="valid"),
                name="ca_certificate_listed",
            ),
            # Issued and never activated: few, and looked for by a sweep.
            models.Index(
                fields=["realm", "medium"], condition=models.Q(status="pending"), name="ca_certificate_pending"
            ),
        )

    def __str__(self) -> str:
        return f"{self.issuer}/{self.serial_number}"

    @property
    def authority(self) -> Authority:
        """Return the authority that issued it."""
        return self.issuer

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the DER, upper-case hex."""
        return hashlib.sha256(self.der).hexdigest().upper()
