"""Responders as an operator starts them: processes of their own over the tests' database, with their key alone."""

import contextlib
import functools
import http.client
import os
import socket
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from portal.supervision.child import end_all
from portal.supervision.warm import Stock


def database_url(**changes: str) -> str:
    """Return the URL of the database that Django's tests use now; `changes` replace user, password, or add a query."""
    fields: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        mode = f"?mode={changes['mode']}" if "mode" in changes else ""
        return f"sqlite:///{fields['NAME']}{mode}"
    user = changes.get("user", fields["USER"])
    query = urllib.parse.urlencode({"host": fields["HOST"]})
    port = f":{fields['PORT']}" if fields["PORT"] else ""
    return f"postgresql://{user}@{port}/{fields['NAME']}?{query}"


@functools.cache
def _stock() -> Stock:
    """Return what responders are copied from, so that a hundred of them don't import the same libraries each."""
    return Stock({"PATH": os.environ["PATH"]})


@contextlib.contextmanager
def at_socket(folder: Path, **environment: str) -> Iterator[str]:
    """Start a responder that listens at a path of the file system; return `unix:<path>`."""
    path = folder / "http.sock"
    command = [sys.executable, "-m", "ca.responder", "--socket", str(path)]
    with (folder / "socket.log").open("wb") as log:
        process = _stock().copy(command, _variables(folder, environment), log)
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as one:
                one.connect(str(path))
                break
            assert time.monotonic() < deadline, (folder / "socket.log").read_text()
            time.sleep(0.05)
        yield f"unix:{path}"
    finally:
        end_all([process], seconds=10)


def _variables(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url(),
        "RESPONDER_KEYS": settings.RESPONDER_KEYS,
        "RESPONDER_KEYS_PASSPHRASE": settings.RESPONDER_KEYS_PASSPHRASE,
        # Where SoftHSM2 finds its tokens, if a test has made some.
        **{name: os.environ[name] for name in ("SOFTHSM2_CONF",) if name in os.environ},
        **environment,
    }


@contextlib.contextmanager
def started(folder: Path, count: int = 1, **environment: str) -> Iterator[list[str]]:
    """Start responders on free loopback ports; return `host:port` of each. They get nothing of our environment."""
    ports = [_free_port() for _ in range(count)]
    variables = _variables(folder, environment)
    command = [sys.executable, "-m", "ca.responder", "--port"]
    processes = []
    try:
        for port in ports:
            log = (folder / f"{port}.log").open("wb")
            processes.append(_stock().copy([*command, str(port)], variables, log))
            log.close()
        for port in ports:
            _wait_for(port, folder / f"{port}.log")
        yield [f"127.0.0.1:{port}" for port in ports]
    finally:
        end_all(processes, seconds=10)


def ask(address: str, path: str, data: bytes) -> bytes:
    """Return what a responder at `host:port` answers to a POST."""
    client = http.client.HTTPConnection(address, timeout=20)
    try:
        client.request("POST", path, data)
        return client.getresponse().read()
    finally:
        client.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + 120  # three at once on a machine that is busy
    while True:
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            client.request("GET", "/")
            client.getresponse().read()
            client.close()
            return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
