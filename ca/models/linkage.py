"""What linkage has yet to do: card certificates that fell, and phone certificates to be looked at again."""

from django.db import models

from ca.models.certificate import Certificate
from ca.models.realm import Realm


class CardRevocation(models.Model):
    """A revoked card certificate, open until nothing living stands on it: the sweep reads these and not the pairs."""

    realm = models.ForeignKey(Realm, models.CASCADE, related_name="card_revocations")
    card = models.OneToOneField(Certificate, models.CASCADE, related_name="card_revocation")
    revoked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    # When the last phone certificate that stood on it fell with it; None where none did.
    phones_fell_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["realm", "revoked_at"], condition=models.Q(settled_at=None), name="ca_card_revocation_open"
            ),
            # What took phone certificates along lately, with all that the lag is told by.
            models.Index(
                fields=["realm", "revoked_at", "phones_fell_at"],
                condition=models.Q(phones_fell_at__isnull=False),
                name="ca_card_revocation_took_phones",
            ),
        )

    def __str__(self) -> str:
        return f"{self.card} {'settled' if self.settled_at else 'open'}"


class Recheck(models.Model):
    """One look, at a time after its issue, at the card certificate behind a phone certificate."""

    realm = models.ForeignKey(Realm, models.CASCADE, related_name="rechecks")
    certificate = models.ForeignKey(Certificate, models.CASCADE, related_name="rechecks")
    due_at = models.DateTimeField()  # by the realm's clock
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["certificate", "due_at"], name="one_recheck_a_moment"),)
        indexes = (models.Index(fields=["realm", "due_at"], condition=models.Q(done_at=None), name="ca_recheck_open"),)

    def __str__(self) -> str:
        return f"{self.certificate} {self.due_at:%Y-%m-%d %H:%M}"
