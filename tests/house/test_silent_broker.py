"""A RabbitMQ that stands still takes nothing, and nobody says or believes that it did."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.supervision.processes import ROOT
from tests import rabbitmq
from tests.conftest import missing

pytestmark = pytest.mark.running

SENDER = """
import sys
import django
django.setup()
from portal.celery import app
from ca import messages
app.set_default()
for _ in sys.stdin:
    print(messages.send("tsm.advance", 1), flush=True)
"""


def test_what_a_silent_broker_is_sent_counts_as_not_sent(tmp_path: Path) -> None:
    try:
        broker = rabbitmq.broker()
    except rabbitmq.Missing as error:
        missing(str(error))
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "VAR_DIR": str(tmp_path), "LOG_LEVEL": "ERROR",
        "BROKER_URL": broker.create("silent"), "DATABASE_URL": f"sqlite:///{tmp_path}/none",
    }  # fmt: skip
    command = [sys.executable, "-c", SENDER]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None

        def send() -> bool:
            sender.stdin.write("\n")
            sender.stdin.flush()
            return sender.stdout.readline().strip() == "True"

        assert send()
        assert broker.popen is not None
        os.kill(broker.popen.pid, signal.SIGSTOP)
        try:
            # The connection stands, and its socket takes octets: they are no message yet.
            assert not send()
        finally:
            os.kill(broker.popen.pid, signal.SIGCONT)
        assert send()
        sender.stdin.close()
    assert broker.waiting("silent", "tsm") >= 2
