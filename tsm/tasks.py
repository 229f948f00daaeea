"""Tasks of the `tsm` queue: ids in, one call, safe to run twice."""

from typing import Any

from celery import Task, shared_task
from django.conf import settings

from tsm import driver, sweep, trimming

# A worker that finds the element held looks again: whoever holds it may have just finished looking.
LOOK_AGAIN = 5


@shared_task(name="tsm.advance", bind=True, max_retries=LOOK_AGAIN)
def advance(self: "Task[Any, Any]", element_id: int) -> None:
    if not driver.advance(element_id) and not settings.CELERY_TASK_ALWAYS_EAGER:
        raise self.retry(countdown=0.2)


@shared_task(name="tsm.sweep_enrolments")
def sweep_enrolments() -> None:
    sweep.run()


@shared_task(name="tsm.sweep_legs")
def sweep_legs() -> int:
    """Empty legs that are older than they are kept whole."""
    return trimming.trim()
