"""What processes count as they work, for Prometheus: requests, tasks, the responder's answers.

With METRICS_DIR each process writes into files of its own, and `exporter` adds up those of one machine; without it they
are counted in memory and told by nobody. Labels are names of ours: routes, tasks, queues. Never an address as it was
asked for, never a person, a phone, or anything that is good for whoever reads it.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

# The settings first: they say where prometheus_client keeps what it counts, and it asks once, when it is imported.
COUNTED_IN = settings.METRICS_DIR

import prometheus_client  # noqa: E402
from prometheus_client import CollectorRegistry, Counter  # noqa: E402

QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


def tidy(folder: Path) -> int:
    """Remove the files of processes that are gone; return how many. Their counts begin anew, as after any restart."""
    removed = 0
    for file in folder.glob("*.db"):
        number = file.stem.rpartition("_")[2]
        if number.isdecimal() and not Path("/proc", number).exists() and Path("/proc/self").exists():
            file.unlink(missing_ok=True)
            removed += 1
    return removed


if COUNTED_IN:
    tidy(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))

REGISTRY = CollectorRegistry()


class Histogram(prometheus_client.Histogram):
    """A histogram that also takes what was counted elsewhere."""

    def add(self, buckets: Sequence[int], total: float) -> None:
        """Add so many observations to each bucket, the last being those above all, and their sum."""
        self._raise_if_not_observable()
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, buckets, strict=True):
            if count:
                bucket.inc(count)


def _counter(name: str, told: str, labels: Sequence[str]) -> Counter:
    return Counter(name, told, labels, registry=REGISTRY)


def _histogram(name: str, told: str, labels: Sequence[str], buckets: Sequence[float] = SLOW) -> Histogram:
    return Histogram(name, told, labels, registry=REGISTRY, buckets=buckets)


REQUESTS = _counter("jpki_http_requests", "Requests to the site.", ("route", "method", "status"))
REQUEST_SECONDS = _histogram("jpki_http_request_seconds", "Time of a request to the site.", ("route",))
TASKS = _counter("jpki_tasks", "Tasks that workers did, by what they came to.", ("task", "outcome"))
TASK_SECONDS = _histogram("jpki_task_seconds", "Time of a task.", ("task",))
TASK_WAIT_SECONDS = _histogram("jpki_task_wait_seconds", "Time of a message from sender to worker.", ("queue",))
ANSWERS = _counter("jpki_responder_answers", "Answers of the responder.", ("kind", "status"))
ANSWER_SECONDS = _histogram("jpki_responder_answer_seconds", "Time of an answer of the responder.", ("kind",), QUICK)

# By name, as the exporter tells them.
COUNTED: dict[str, tuple[str, ...]] = {
    "jpki_http_requests_total": ("route", "method", "status"),
    "jpki_http_request_seconds": ("route",),
    "jpki_tasks_total": ("task", "outcome"),
    "jpki_task_seconds": ("task",),
    "jpki_task_wait_seconds": ("queue",),
    "jpki_responder_answers_total": ("kind", "status"),
    "jpki_responder_answer_seconds": ("kind",),
}
