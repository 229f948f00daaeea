"""Messages to workers. They only wake: the rows are the truth, and a sweep finds what a lost message left behind."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from amqp.exceptions import AMQPError
from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
# No less than machines' clocks may be apart, or nothing of one that is behind would ever be taken.
AGAIN_SECONDS = 60.0
CONFIRMED = 5.0  # seconds in which a broker says that it has a message, where it is one that says so
_expires: ContextVar[float | None] = ContextVar("_expires", default=None)


@contextmanager
def passing() -> Iterator[None]:
    """Give an end to what is sent within: a sweep's messages, for what it finds the next one finds, too.

    Without an end, where workers are slower than the sweep or away, each sweep would add to what they have to do, and
    they would never again have done it.
    """
    before = _expires.set(AGAIN_SECONDS)
    try:
        yield
    finally:
        _expires.reset(before)


def send(task: str, *arguments: Any) -> bool:
    """Send a task by its name; return False when the broker doesn't take it, which costs time and no work."""
    if current_app.conf.task_always_eager:
        # Celery's send_task knows no eager mode; a process that runs its tasks itself runs these too.
        current_app.tasks[task].apply(args=arguments, throw=True)
        return True
    try:
        current_app.send_task(
            task,
            args=list(arguments),
            retry_policy={"max_retries": 1, "interval_start": 0.1},
            confirm_timeout=CONFIRMED,
            expires=_expires.get(),
        )
    except (OperationalError, AMQPError, OSError) as error:
        logger.warning("%s%r not sent, left to the sweep: %s", task, arguments, error)
        return False
    return True
