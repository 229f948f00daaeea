"""How far a realm's journal was walked by the watch over it, and what it found."""

from django.db import models

from ca.models.realm import Realm


class JournalWatch(models.Model):
    """Two marks in one chain: how far its new end was walked, and how far the present round over all of it is."""

    realm = models.OneToOneField(Realm, models.CASCADE, related_name="journal_watch")
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    round_sequence = models.BigIntegerField(default=0)
    round_hash = models.CharField(max_length=64)
    rounds = models.PositiveIntegerField(default=0)  # finished
    # By the machine's clock: nobody's time travel makes the watch look asleep.
    looked_at = models.DateTimeField()
    # The first thing found wrong. It stays until somebody has had the whole journal verified.
    broken_sequence = models.BigIntegerField(null=True)
    broken_problem = models.CharField(max_length=32, blank=True, default="")
    broken_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.realm} {self.sequence}"
