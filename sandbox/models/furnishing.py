"""How far a workspace's world is."""

from django.db import models

from ca.models import Realm


class Furnishing(models.Model):
    """The making of a realm's personas and specimens: `sandbox.furnishing` says the order."""

    class State(models.TextChoices):
        ASKED = "asked"  # the factory makes what was issued long ago
        PAST = "past"  # it waits for the authorities, whose clock stands at that time
        PRESENT = "present"  # the clock is right; the factory makes the others
        DONE = "done"  # everything is made and asked for

    realm = models.OneToOneField(Realm, on_delete=models.CASCADE, related_name="furnishing")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)

    def __str__(self) -> str:
        return f"{self.realm} {self.state}"
