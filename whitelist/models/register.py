"""What the register has said: each change of an entry, and the whole of it, signed."""

from django.db import models

from ca.models import Realm
from whitelist.models.relying_party import RelyingParty


class RegisterRecord(models.Model):
    """An entry as everybody may read it from one moment on. Its digest stands in the journal; nobody changes it."""

    class Event(models.TextChoices):
        REGISTERED = "registered"
        CHANGED = "changed"
        SUSPENDED = "suspended"
        LIFTED = "lifted"
        EXPIRED = "expired"
        REMOVED = "removed"

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="register_records")
    event = models.CharField(max_length=12, choices=Event.choices)
    at = models.DateTimeField()  # by the realm's clock
    # Of the journal's entry that has the digest.
    sequence = models.BigIntegerField()
    # The entry, JSON, to the octet: what the digest is over (SHA-256, hex).
    content = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("sequence",)
        constraints = [models.UniqueConstraint(fields=["relying_party", "sequence"], name="one_record_a_sequence")]

    def __str__(self) -> str:
        return f"{self.relying_party_id} {self.event} {self.sequence}"


class RegisterStatement(models.Model):
    """The register of a realm at one moment, signed with the journal's key. The newest is what is served."""

    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="register_statements")
    number = models.PositiveBigIntegerField()
    # By the machine's clock: who verifies it has no other.
    issued_at = models.DateTimeField()
    next_update = models.DateTimeField()
    # Of the newest record in it, by the journal.
    sequence = models.BigIntegerField()
    # SHA-256, hex, of the entries in it: by which one sees that there is something new to sign.
    digest = models.CharField(max_length=64)
    # RFC 7515, compact.
    jws = models.TextField()
    public_key = models.BinaryField()  # SubjectPublicKeyInfo, DER
    key_id = models.CharField(max_length=43)  # RFC 7638

    class Meta:
        ordering = ("realm", "number")
        constraints = [models.UniqueConstraint(fields=["realm", "number"], name="one_statement_a_number")]

    def __str__(self) -> str:
        return f"{self.realm_id} {self.number}"
