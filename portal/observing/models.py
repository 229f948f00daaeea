"""When each periodic task was last done: by which one sees, from any host, that beat and workers live."""

from django.db import models


class PeriodicRun(models.Model):
    """The last run of one periodic task. Times are the machine's."""

    task = models.CharField(max_length=100, unique=True)
    first_at = models.DateTimeField()
    done_at = models.DateTimeField()
    # What the newest run came to. A failed one counts as done, for the next is tried all the same.
    failed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.task} {self.done_at.isoformat()}"
