"""The authority, its generations of keys, and the keys that answer OCSP for them."""

from django.db import models

from ca.models.realm import Realm
from ca.profiles import Purpose


class Authority(models.Model):
    """One certification authority: one distinguished name and one counter of serial numbers for all that it signs."""

    realm = models.ForeignKey(Realm, models.CASCADE, related_name="authorities")
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    next_serial = models.BigIntegerField(default=1)
    # No list of any of its points gets a number up to this one: they may have been given before a restore.
    crl_floor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["realm", "purpose"], name="one_authority_a_purpose"),)

    def __str__(self) -> str:
        return f"{self.realm}/{self.purpose}"


class Generation(models.Model):
    """One key pair of an authority with its self-signed certificate. All generations bear the same name."""

    authority = models.ForeignKey(Authority, models.CASCADE, related_name="generations")
    number = models.PositiveIntegerField()
    certificate = models.BinaryField()  # DER
    subject_key_identifier = models.CharField(max_length=40)  # upper-case hex, SHA-1 of the public key's bits
    serial_number = models.CharField(max_length=40)  # upper-case hex
    key_label = models.CharField(max_length=200)
    # Since when others may have its key (ca.compromise): it is on no trust list, and signs no more certificates.
    condemned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["authority", "number"], name="one_generation_a_number"),
            models.UniqueConstraint(fields=["authority", "subject_key_identifier"], name="one_generation_a_key"),
        )

    def __str__(self) -> str:
        return f"{self.authority}/{self.number}"


class ResponderKey(models.Model):
    """A delegated OCSP responder's certificate and the label of its key in the responders' own key store.

    A renewed certificate is a row of its own with the same label: the key stays, its certificate follows on.
    """

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="responder_keys")
    certificate = models.BinaryField()  # DER
    serial_number = models.CharField(max_length=40)  # upper-case hex
    key_label = models.CharField(max_length=200)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    # By the machine's clock: who sets it renews this certificate, nobody else until then.
    lease_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key_label
