"""The note of what a responder's key signed, on its way into the journal."""

from django.db import models


class KeyUse(models.Model):
    """How many answers one process of the responder signed with a key since its last note.

    The responder's database user may add such rows and read, no more; a sweep journals and deletes them.
    """

    key_label = models.CharField(max_length=200)
    answers = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.key_label} {self.answers}"
