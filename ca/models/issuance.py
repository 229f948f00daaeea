"""The issuance: one request for a certificate, and how far it has come."""

from django.db import models

from ca.models.certificate import Certificate
from ca.models.holder import Holder
from ca.models.partition import Partition
from ca.models.realm import Realm
from ca.profiles import Medium, Purpose


class Issuance(models.Model):
    """One request. The row is the outbox: a lost message or a dead worker loses nothing that stands here."""

    class State(models.TextChoices):
        REQUESTED = "requested"
        RESERVED = "reserved"  # a serial number is taken
        SIGNING = "signing"  # what is to be signed is recorded; it may have been signed
        ISSUED = "issued"
        REFUSED = "refused"

    FINAL = (State.ISSUED, State.REFUSED)

    # An index is written with every request, and once more when it is done: no more of them than are read by.
    realm = models.ForeignKey(Realm, models.CASCADE, related_name="issuances", db_index=False)
    request_key = models.CharField(max_length=200)
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    medium = models.CharField(max_length=8, choices=[(m.value, m.value) for m in Medium])
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="issuances")
    public_key = models.BinaryField()  # SubjectPublicKeyInfo, DER
    linked_to = models.ForeignKey(
        Certificate, models.PROTECT, null=True, related_name="linked_issuances", db_index=False
    )
    pending = models.BooleanField(default=False)  # the certificate is born pending, to be activated later
    state = models.CharField(max_length=12, choices=State.choices, default=State.REQUESTED)
    # It says which generation signs. Without an index, to set it moves no entry of the others either.
    partition = models.ForeignKey(Partition, models.PROTECT, null=True, related_name="issuances", db_index=False)
    serial_number = models.CharField(max_length=40, blank=True)
    # DER of the TBSCertificate: the recorded intent, until the certificate that has the same octets is stored.
    tbs = models.BinaryField(null=True)
    certificate = models.OneToOneField(Certificate, models.PROTECT, null=True, related_name="issuance")
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.TextField(blank=True)
    # By the machine's clock: who sets it holds the row until then.
    lease_until = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()  # by the machine's clock
    continuation = models.JSONField(null=True)  # {"task": name, "args": [...]}
    continuation_key = models.CharField(max_length=64, blank=True)  # SHA-256 of it: those with the same one go together
    continued_at = models.DateTimeField(null=True)  # by the machine's clock: handed to the broker

    class Meta:
        # Not `unique=True`: that would bring an index for LIKE along.
        constraints = (models.UniqueConstraint(fields=["request_key"], name="one_request_a_key"),)
        indexes = (
            # Of what is neither issued nor refused; not by `state`, which changes on the way.
            models.Index(
                fields=["requested_at"],
                condition=models.Q(certificate=None, error_code=""),
                name="ca_issuance_unfinished",
            ),
            models.Index(
                fields=["continuation_key"],
                condition=models.Q(continued_at=None) & ~models.Q(continuation_key=""),
                name="ca_issuance_continue",
            ),
        )

    def __str__(self) -> str:
        return f"{self.request_key} {self.state}"
