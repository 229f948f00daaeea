"""Traces: none without a collector; with one, requests and tasks in one trace, and nothing in it that is anybody's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.test import Client

from ca import messages
from portal.celery import app
from portal.observing import tracing
from tests.portal.observing.collector import Collector, listening

ROOT = Path(__file__).resolve().parents[3]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def collector(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with listening() as found:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = found.endpoint
        monkeypatch.setattr(tracing, "_tracer", None)
        yield found


@app.task(name="observing.traced")
def traced() -> None: ...


@pytest.mark.django_db
def test_a_request_is_told_by_its_route_and_belongs_to_the_trace_it_came_with(collector: Collector) -> None:
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "cookie": "jpki_staff=s3cret-cookie"}
    answer = Client().get("/handoff/s3cret-Token_of_a_link/?pin=s3cret-pin", headers=headers)
    # Who reads the log finds the trace.
    assert answer.headers["X-Request-ID"] == TRACE
    (span,) = collector.until(bool)
    assert (span.trace, span.parent) == (TRACE, "00f067aa0ba902b7")
    assert span.name.startswith("GET handoff:")
    assert span.attributes["http.response.status_code"] == answer.status_code
    assert set(span.attributes) == {"http.request.method", "http.route", "http.response.status_code", "request_id"}
    assert b"s3cret" not in b"".join(collector.raw)


@pytest.mark.django_db(transaction=True)
def test_a_task_goes_on_with_the_trace_of_who_sent_it(collector: Collector) -> None:
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        with tracing.span("asking", "server"):
            asked = tracing.traceparent().split("-")[1]
            messages.send("observing.traced")
        spans = collector.until(lambda spans: {"asking", "task observing.traced"} <= {span.name for span in spans})
    (task,) = (span for span in spans if span.name == "task observing.traced")
    assert task.trace == asked
    assert task.attributes == {"task": "observing.traced", "request_id": asked, "outcome": "success"}


def test_without_a_collector_no_library_is_even_loaded(tmp_path: Path) -> None:
    program = (
        "import django, sys; django.setup()\n"
        "from portal import wsgi\n"
        "from portal.observing import tasks, tracing, web\n"
        "with tracing.span('x', 'server') as begun: assert begun is None\n"
        "assert tracing.traceparent() == ''\n"
        "sys.exit(any(name.partition('.')[0] == 'opentelemetry' for name in sys.modules))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
