"""The queues: how many messages wait in each, and where the broker tells it, how many workers read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import NotFound
from celery import current_app
from django.conf import settings
from kombu.exceptions import ChannelError

SECONDS = 2  # that a broker has to answer


@dataclass(frozen=True)
class Queue:
    """One queue as the broker has it. `consumers` is None where the broker doesn't know (Redis)."""

    name: str
    messages: int
    consumers: int | None


def names() -> list[str]:
    """Return the names of all queues that tasks are sent to."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return sorted(routed | {settings.CELERY_TASK_DEFAULT_QUEUE})


def read() -> Iterator[Queue]:
    """Yield every queue that the broker has. Raises kombu's OperationalError, or OSError, when it can't be reached."""
    with current_app.connection_for_read(connect_timeout=SECONDS) as connection:
        connection.ensure_connection(max_retries=1, timeout=SECONDS)
        counted = connection.transport.driver_type == "amqp"
        for name in names():
            try:
                # Passive: it makes nothing, and on RabbitMQ needs no right to the queue.
                with connection.channel() as opened:
                    channel: Any = opened
                    found = channel.queue_declare(name, passive=True)
            except (NotFound, ChannelError):
                continue  # nobody has sent anything there yet
            yield Queue(name, found.message_count, found.consumer_count if counted else None)
