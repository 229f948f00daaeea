"""Workers, heard by Celery's signals: a message carries its request's id, a task is counted, a worker says it's ready.

Signals, though the house has none of its own: Celery offers no other place where every message goes out and every
task comes in, whoever sent it.
"""

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from celery import signals
from celery.bootsteps import StartStopStep
from django.conf import settings

from ca import correlation
from portal.observing import alive, counting, tracing

logger = logging.getLogger(__name__)
SENT_AT = "sent_at"

# Of tasks that this process works at, by their ids.
_working: dict[str, "_Work"] = {}


@dataclass
class _Work:
    """A task that is being done: when it began, its span, and what ends with it."""

    begun: float
    span: Any
    ends: ExitStack


def listen() -> None:
    """Begin to listen, once a process."""
    signals.before_task_publish.connect(_sent, dispatch_uid="observing")
    signals.task_prerun.connect(_begun, dispatch_uid="observing")
    signals.task_postrun.connect(_done, dispatch_uid="observing")
    signals.setup_logging.connect(_logging, dispatch_uid="observing")


def _logging(**_: Any) -> None:
    """Leave the logs to the settings': that this is connected keeps Celery from having handlers of its own."""


def _sent(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None:
        headers.setdefault(
            correlation.MESSAGE_HEADER, correlation.current() or correlation.taken("", tracing.traceparent())
        )
        headers[SENT_AT] = time.time()
        tracing.carry(headers)


def _begun(task_id: str = "", task: Any = None, **_: Any) -> None:
    if task.request.is_eager:
        return  # it is done in the sender's process, and in its name
    said, came = (_said(task, name) for name in (correlation.MESSAGE_HEADER, "traceparent"))
    ends = ExitStack()
    span = ends.enter_context(tracing.span(f"task {task.name}", "consumer", {"traceparent": came}))
    request_id = ends.enter_context(correlation.working_for(correlation.taken(said, came)))
    if span is not None:
        span.set_attributes({"task": task.name, "request_id": request_id})
    _working[task_id] = _Work(time.perf_counter(), span, ends)
    sent = getattr(task.request, SENT_AT, None)
    queue = (task.request.delivery_info or {}).get("routing_key")
    if isinstance(sent, float) and isinstance(queue, str):
        counting.TASK_WAIT_SECONDS.labels(queue).observe(max(time.time() - sent, 0.0))


def _done(task_id: str = "", task: Any = None, state: str | None = None, **_: Any) -> None:
    if (working := _working.pop(task_id, None)) is None:
        return
    outcome = (state or "unknown").lower()
    counting.TASKS.labels(task.name, outcome).inc()
    counting.TASK_SECONDS.labels(task.name).observe(time.perf_counter() - working.begun)
    from portal.observing import (
        periodic,
    )  # models: not before Django is set up, which Celery does after it is configured

    periodic.note(task.name, failed=outcome == "failure")
    if working.span is not None:
        working.span.set_attribute("outcome", outcome)
    if outcome == "failure":
        tracing.fail(working.span)
    working.ends.close()


def _said(task: Any, name: str) -> str:
    value = getattr(task.request, name, None)
    return value if isinstance(value, str) else ""


class Ready(StartStopStep):
    """A worker's step: says that it is ready as long as it reads its queues, and not while its broker is away."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Begin to say it: `parent` is the consumer, whose timer stops with it."""
        if settings.METRICS_DIR:
            alive.touch(settings.METRICS_DIR)
            self.timer = parent.timer.call_repeatedly(alive.EVERY, alive.touch, (settings.METRICS_DIR,))

    def stop(self, parent: Any) -> None:
        """Stop saying it."""
        if getattr(self, "timer", None) is not None:
            self.timer.cancel()
            self.timer = None
            alive.forget(settings.METRICS_DIR)
