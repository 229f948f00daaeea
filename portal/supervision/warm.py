"""Processes that begin with what all of them import: one process imports it once, and is copied for each.

A process of the house spends two thirds of its start on importing others' libraries, the same ones each time, and a
dozen start at once. The process that is copied holds no secret and has read no setting: a copy reads what it shall run,
and its environment, from a file in memory that was handed on to it unread.

A copy's maker is copied, too, and ends at once: so the copy becomes a child of the supervisor, which is a subreaper
(man 2 prctl), is waited for as any other child, and ends with it.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO

from portal.supervision import kernel
from portal.supervision.processes import ROOT

FILES = 2  # handed on with each request: what to run, and the log
# What nearly every process of the house imports of others. None of it may read a setting or start a thread.
LIBRARIES = (
    "celery.bin.celery",
    "celery.bin.worker",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "kombu.transport.redis",
    "granian.server",
    "django.core.management",
    "django.contrib.sessions.backends.db",
    "django.core.mail",
    "django.db.models",
    "django.db.backends.sqlite3.base",
    "django.template",
    "django.views.generic",
    "django_otp",
    "cryptography.x509",
    "psycopg",
    "asn1crypto.cms",
    "requests",
    "httpx",
    "webauthn",
    "qrcode",
)


class Copy:
    """A process that was copied, the supervisor's own child."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class Stock:
    """The process that is copied, started with an environment without secrets."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        kernel.take_orphans()
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.popen = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "portal.supervision.warm", str(theirs.fileno())],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                umask=0o077,
            )

    @staticmethod
    def fits(command: Sequence[str]) -> bool:
        """Say whether a copy can run a command: a module or a file, by this Python."""
        return sys.platform == "linux" and command[0] == sys.executable and command[1] != "-c"

    def copy(self, command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> Copy:
        """Start a command in a copy, in a session of its own. Raises OSError when the process to copy is gone."""
        with os.fdopen(os.memfd_create("asked"), "wb") as asked:
            asked.write(json.dumps({"arguments": command[1:], "environment": dict(environment)}).encode())
            asked.flush()
            socket.send_fds(self.socket, [b"copy"], [asked.fileno(), log.fileno()])
            told = self.socket.recv(20)
        if not told:
            raise BrokenPipeError("the process that is copied is gone")
        return Copy(int(told))

    def end(self) -> None:
        self.socket.close()
        self.popen.wait()


def serve(number: int) -> list[str] | None:
    """Import, and be copied until the other end is closed.

    Returns None then, and in each copy the arguments of what it is to run, with everything else ready for it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    supervisor = os.getppid()
    for name in LIBRARIES:
        # A library that an installation goes without is imported by nobody.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # what is shared stays so: a copy's collector doesn't touch it
    with socket.socket(fileno=number) as ours:
        while True:
            word, files, _, _ = socket.recv_fds(ours, 4, FILES)
            if not word:
                return None
            reader, writer = os.pipe()
            if (maker := os.fork()) == 0:
                maker = os.getpid()
                if os.fork() != 0:
                    os._exit(0)
                os.close(reader)
                return _become(files[0], files[1], maker, supervisor, writer)
            os.waitpid(maker, 0)
            for file in (*files, writer):
                os.close(file)
            with open(reader, "rb") as told:
                ours.send(told.read() or b"0")


def _become(asked: int, log: int, maker: int, supervisor: int, writer: int) -> list[str]:
    """Be as if this process had begun with what is asked: its session, environment, output."""
    os.setsid()
    while os.getppid() == maker:
        time.sleep(0.0005)  # it is ending
    kernel.end_with_parent()
    if os.getppid() != supervisor:
        os._exit(1)
    with open(writer, "wb") as tell:
        tell.write(str(os.getpid()).encode())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(asked, "rb") as file:
        file.seek(0)
        told = json.load(file)
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    kernel.be_called(os.environ.get("PROCESS_NAME", "python"))
    for one in (1, 2):
        os.dup2(log, one)
    os.close(log)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    arguments: list[str] = told["arguments"]
    return arguments


def _run(arguments: list[str]) -> None:
    """Run what Python would with these arguments: `-m module …` or `file …`."""
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__" and (asked := serve(int(sys.argv[1]))):
    _run(asked)
