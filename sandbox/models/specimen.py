"""Specimens: certificates to test with, whose private keys are handed out."""

import uuid

from django.db import models

from ca.models import Certificate, Holder, Issuance, Realm
from ca.profiles import Medium, Purpose


class Specimen(models.Model):
    """One certificate in the state that was asked for, of nobody's: its key is in no chip, and can be had."""

    class Wanted(models.TextChoices):
        VALID = "valid"
        PENDING = "pending"
        ON_HOLD = "on_hold"
        REVOKED = "revoked"
        EXPIRED = "expired"

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="specimens")
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    medium = models.CharField(max_length=8, choices=[(m.value, m.value) for m in Medium])
    wanted = models.CharField(max_length=8, choices=Wanted.choices)
    cause = models.CharField(max_length=32, default="")  # of the revocation
    holder = models.ForeignKey(Holder, on_delete=models.PROTECT, related_name="specimens")
    sealed_key = models.BinaryField()  # PKCS #8, DER
    public_key = models.BinaryField()  # SubjectPublicKeyInfo, DER: whoever asks for the certificate can't unseal
    # A phone's certificate stands on a card's, which is a specimen, too.
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    issuance = models.OneToOneField(Issuance, on_delete=models.PROTECT, null=True, related_name="specimen")
    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, null=True, related_name="specimen")
    made_at = models.DateTimeField()  # the machine's time
    # Has it become what was asked for?
    ready_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["realm", "made_at"], name="sandbox_specimen_realm")]

    def __str__(self) -> str:
        return f"{self.medium} {self.purpose} {self.wanted}"
