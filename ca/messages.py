"""Messages to workers. They only wake: the rows are the truth, and a sweep finds what a lost message left behind."""

import logging
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
# No less than machines' clocks may be apart, or nothing of one that is behind would ever be taken.
AGAIN_SECONDS = 60.0
CONFIRMED = 5.0  # seconds in which a broker says that it has a message, where it is one that says so


def send(task: str, *arguments: Any, again: bool = False) -> bool:
    """Send a task by its name; return False when the broker doesn't take it, which costs time and no work.

    `again` marks what a sweep sends, for what it finds the next one finds, too: such a message is worth nothing once it
    has waited. Without an end, where workers are slower than the sweep or away, each sweep would add to what they have
    to do, and they would never again have done it.
    """
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
            **({"expires": AGAIN_SECONDS} if again else {}),
        )
    except (OperationalError, OSError) as error:
        logger.warning("%s%r not sent, left to the sweep: %s", task, arguments, error)
        return False
    return True
