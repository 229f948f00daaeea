"""The issuance: one request for a certificate, and how far it has come."""

from django.db import models

from ca.models.authority import Generation
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

    realm = models.ForeignKey(Realm, models.CASCADE, related_name="issuances")
    request_key = models.CharField(max_length=200, unique=True)
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    medium = models.CharField(max_length=8, choices=[(m.value, m.value) for m in Medium])
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="issuances")
    public_key = models.BinaryField()  # SubjectPublicKeyInfo, DER
    linked_to = models.ForeignKey(Certificate, models.PROTECT, null=True, related_name="linked_issuances")
    pending = models.BooleanField(default=False)  # the certificate is born pending, to be activated later
    state = models.CharField(max_length=12, choices=State.choices, default=State.REQUESTED)
    # Nobody looks for requests by these; without an index, to set them moves no entry of the others either.
    # The generation is the partition's: the database checks that one.
    generation = models.ForeignKey(Generation, models.PROTECT, null=True, related_name="issuances", db_index=False)
    partition = models.ForeignKey(Partition, models.PROTECT, null=True, related_name="issuances", db_index=False)
    serial_number = models.CharField(max_length=40, blank=True)
    tbs = models.BinaryField(null=True)  # DER of the TBSCertificate, the recorded intent
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
        indexes = (
            # Of what is neither issued nor refused; not by `state`, which changes on the way.
            models.Index(
                fields=["requested_at"],
                condition=models.Q(certificate=None, error_code=""),
                name="ca_issuance_unfinished",
            ),
            models.Index(
                fields=["continuation_key"], condition=models.Q(continued_at=None), name="ca_issuance_continue"
            ),
        )

    def __str__(self) -> str:
        return f"{self.request_key} {self.state}"
