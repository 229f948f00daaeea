"""The beat, on a machine whose clock is set back: Celery's own would send nothing until that time comes again."""

from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler

# A clock that is kept in time is moved by less; and what was sent "a moment ahead" is not sent twice.
SKEW = timedelta(minutes=1)


class Scheduler(PersistentScheduler):
    """Celery's scheduler, kept on disk; what was sent in the clock's future counts as sent now."""

    def tick(self, *args: Any, **named: Any) -> float:
        """Send what is due; return the seconds until the next look."""
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now + SKEW]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            # What is planned there was planned by the clock as it was.
            self._heap = None
        wait: float = super().tick(*args, **named)
        return wait
