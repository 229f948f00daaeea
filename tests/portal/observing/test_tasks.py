"""Messages and tasks: the request's id goes along, tasks are counted, periodic ones noted, a worker is ready."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker

from ca import clock, correlation, messages
from portal.celery import app
from portal.observing import alive, counting, periodic
from portal.observing.models import PeriodicRun

ROOT = Path(__file__).resolve().parents[3]
HEARD: list[str] = []


@app.task(name="observing.hear")
def hear(again: bool = False) -> None:
    HEARD.append(correlation.current())
    if again:
        messages.send("observing.hear")


@app.task(name="observing.fail")
def fail() -> None:
    raise ValueError("as it was told")


@pytest.fixture
def worker(transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run a real worker of every queue in a thread, on the in-memory broker."""
    HEARD.clear()
    settings.METRICS_DIR = str(tmp_path)
    monkeypatch.setenv("PROCESS_NAME", "all")
    app.loader.import_default_modules()
    with start_worker(
        app, pool="solo", perform_ping_check=False, shutdown_timeout=30, queues=["tsm", "sweeps", "notices"]
    ) as running:
        yield running


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def counted(task: str, outcome: str) -> float:
    return float(counting.TASKS.labels(task, outcome)._value.get())


def test_a_worker_works_for_who_asked_counts_it_and_says_that_it_is_ready(worker: Any, tmp_path: Path) -> None:
    done, failed = counted("observing.hear", "success"), counted("observing.fail", "failure")
    with correlation.working_for("0123456789abcdef"):
        messages.send("observing.hear", True)
    until(lambda: len(HEARD) == 2)
    # What a task sends on is for the same request.
    assert HEARD == ["0123456789abcdef"] * 2
    messages.send("observing.hear")
    messages.send("observing.fail")
    until(lambda: counted("observing.fail", "failure") == failed + 1)
    assert len(HEARD[2]) == 32
    assert counted("observing.hear", "success") == done + 3
    assert correlation.current() == ""
    assert (tmp_path / "all" / "ready").exists()
    # A periodic one is noted, whatever it came to.
    messages.send("whitelist.sweep_verification")
    until(lambda: PeriodicRun.objects.filter(task="whitelist.sweep_verification").exists())


def test_who_asks_whether_a_worker_is_ready_is_told_by_the_exit_status(tmp_path: Path) -> None:
    def asked(process: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "portal.observing.alive", process]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | {"METRICS_DIR": str(tmp_path)}, capture_output=True)
        return done.returncode, done.stderr.decode()

    assert asked("ca") == (1, "ca was not ready since it began\n")
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / alive.FILE).touch()
    assert asked("ca") == (0, "")
    os.utime(tmp_path / "ca" / alive.FILE, (time.time() - 50,) * 2)
    code, told = asked("ca")
    assert code == 1
    assert told.startswith("ca is silent for 5")


@pytest.mark.django_db
def test_lateness_counts_from_when_the_next_run_was_due(settings: Any) -> None:
    assert periodic.lateness(clock.machine()) == []
    noon = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    PeriodicRun.objects.create(task="ca.sweep_journals", first_at=noon, done_at=noon)
    PeriodicRun.objects.create(task="whitelist.sweep_entries", first_at=noon, done_at=noon)
    late = {one.task: one.seconds for one in periodic.lateness(noon + timedelta(hours=1))}
    assert late["ca.sweep_journals"] == 3600 - settings.JOURNAL_WATCH_SECONDS
    # At 17 h, every night: nothing is late yet; and what was never done counts from when the first was.
    assert late["whitelist.sweep_entries"] == 0
    assert late["ca.renew_responders"] == 3600 - 60
    late = {one.task: one.seconds for one in periodic.lateness(noon + timedelta(hours=6))}
    assert late["whitelist.sweep_entries"] == 3600


@pytest.mark.django_db
def test_a_task_that_is_often_done_is_noted_seldom_but_a_failure_at_once() -> None:
    periodic._noted.clear()
    periodic.note("tsm.sweep_enrolments", failed=False)
    first = PeriodicRun.objects.get()
    periodic.note("tsm.sweep_enrolments", failed=False)
    assert PeriodicRun.objects.get().done_at == first.done_at
    periodic.note("tsm.sweep_enrolments", failed=True)
    assert PeriodicRun.objects.get().failed
    periodic.note("tsm.advance", failed=False)
    assert PeriodicRun.objects.count() == 1
