"""A page of the site, as the agent meets it, and the agent as a program."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tsm import jpki
from tsm.globalplatform.apdu import Command

ROOT = Path(__file__).resolve().parents[2]
SITE = "http://localhost:8000"
SECOND_READER = "Virtual PCD 00 01"


@contextmanager
def agent(*arguments: str, folder: Path, answer: str = "") -> Iterator["Agent"]:
    """Run the agent until its bridge is up; end it as Ctrl-C does. `answer` is typed at the terminal beforehand."""
    said = folder / "agent.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tsm.local_agent", "--port", "0", *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    running = Agent(process, said)
    try:
        until = time.monotonic() + 20
        while not (found := re.search(r"at (http://127\.0\.0\.1:\d+)\.", running.said)):
            assert process.poll() is None, running.said
            assert time.monotonic() < until, running.said
            time.sleep(0.05)
        running.url = found.group(1)
        if answer:
            assert process.stdin
            process.stdin.write(answer.encode())
            process.stdin.flush()
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)


class Agent:
    """The running agent: what it said, and where pages reach it."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self._log, self.url = process, log, ""

    @property
    def said(self) -> str:
        return self._log.read_text()

    def ask(self, target: str, *commands: Command, site: str = SITE) -> Any:
        """Post commands as a page of that site does; return the response."""
        body = {"commands": [command.encode().hex() for command in commands]}
        return httpx.post(
            f"{self.url}/{target}/session", json=body, headers={"Origin": site}, timeout=90, trust_env=False
        )

    def play(self, target: str, *commands: Command, site: str = SITE) -> list[bytes]:
        """Post commands, each of which must be answered with 9000; return their data."""
        response = self.ask(target, *commands, site=site)
        assert response.status_code == 200, (response.text, self.said)
        answers = [bytes.fromhex(answer) for answer in response.json()["answers"]]
        assert all(answer[-2:] == b"\x90\x00" for answer in answers), response.text
        assert len(answers) == len(commands)
        return [answer[:-2] for answer in answers]


def look() -> tuple[Command, ...]:
    """Return what reads a little and changes nothing."""
    return (jpki.select_application(), jpki.select_file(jpki.File.TOKEN_INFO), jpki.read_binary(0, 32))
