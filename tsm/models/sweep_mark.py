"""How far the sweep over enrolments has looked in a realm, so that it reads what happened and not what exists."""

from django.db import models

from ca.models import Realm


class SweepMark(models.Model):
    """One realm's marks. A sweep that dies leaves them where they were, and the next one looks again."""

    realm = models.OneToOneField(Realm, models.CASCADE, related_name="sweep_mark")
    # The journal's last entry whose fall of a certificate was followed; None before the first look, which is at all.
    sequence = models.BigIntegerField(null=True)
    # When the phones in use were last looked through for silence, by the realm's clock.
    silence_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.realm_id} {self.sequence}"
