"""Each fault strikes a whole system under load; then every promise is held, and the books are right.

    make chaos [FAULT=workers-killed,disk-full] [TIMES=3] [CITIZENS=6] [FOR=40] [SEED=1] [CHAOS_BROKER=redis]

What each run did is written as a line to test-artifacts/chaos.jsonl.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.ca import token
from tests.chaos import clock, network
from tests.chaos.faults import FAULTS
from tests.chaos.mail import MailServer
from tests.chaos.world import Load, World, standing
from tests.conftest import ARTIFACTS, missing

pytestmark = pytest.mark.chaos

CHOSEN = [name for name in os.environ.get("FAULT", "").split(",") if name] or list(FAULTS)
TIMES = int(os.environ.get("TIMES") or 1)
CITIZENS, SECONDS, SEED = (int(os.environ.get(name) or most) for name, most in
                           (("CITIZENS", 6), ("FOR", 40), ("SEED", 1)))  # fmt: skip


@contextlib.contextmanager
def wanted(needs: str, folder: Path) -> Iterator[World]:
    """Start a system with its keys in a token and a mail server, where they are installed; and with a clock to move."""
    more: dict[str, str] = {"ALLOWED_HOSTS": "localhost 127.0.0.1 10.231.7.1"}
    extra: dict[str, Any] = {}
    if needs == "clock":
        if not clock.possible():
            missing("a clock that jumps needs a C compiler (Debian: apt-get install gcc libc6-dev)")
        extra["clock"] = clock.Clock(folder)
        more |= extra["clock"].environment
    elif token.installed():
        hsm = token.SoftHsm(folder)
        more |= {"CA_KEYS": hsm.token(), "CA_KEYS_PASSPHRASE": token.PIN}
        extra["tokens"] = hsm.tokens
    extra["mail"] = server = MailServer()
    server.start()
    try:
        with standing(more | {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(server.port)}, extra) as world:
            yield world
    finally:
        server.stop()


class Worlds:
    """One system at a time: the one of the kind that is asked for, a new one after it failed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kind, self.number = folder, "none", 0
        self.stack = contextlib.ExitStack()

    def get(self, needs: str) -> World:
        if self.kind != needs:
            self.end()
            self.number += 1
            folder = self.folder / str(self.number)
            folder.mkdir()
            self.world = self.stack.enter_context(wanted(needs, folder))
            self.kind = needs
        return self.world

    def end(self) -> None:
        self.kind = "none"
        self.stack.close()


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """Give the systems that faults strike; who ends this process ends them, and what they have mounted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found = Worlds(tmp_path_factory.mktemp("chaos"))
    yield found
    found.end()


@pytest.mark.parametrize("time_", range(1, TIMES + 1))
@pytest.mark.parametrize("name", CHOSEN)
def test_after_the_fault_the_books_are_right(worlds: Worlds, name: str, time_: int) -> None:
    fault, seed = FAULTS[name], SEED + time_ - 1
    if name == "packets-lost" and not network.possible():
        missing("a network that loses packets needs root, iproute2, nftables and socat")
    if name == "disk-full" and os.getuid():
        missing("a small disk is a file system in memory, which only root can mount")
    if name == "hsm-gone" and not token.installed():
        missing("SoftHSM2 is not installed (Debian: apt-get install softhsm2)")
    world = worlds.get(fault.needs)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    broker = os.environ.get("CHAOS_BROKER", "rabbitmq")
    told: dict[str, Any] = {"at": at, "fault": name, "seed": seed, "broker": broker}
    with contextlib.ExitStack() as stack:
        more: dict[str, Any] = {}
        if name == "packets-lost":
            port = int(world.system.web.rpartition(":")[2])
            wire = stack.enter_context(network.lossy(port, world.system.var))
            more = {"site": wire.site, "prefix": wire.prefix}
        load = Load(world, seed=seed, **({"citizens": CITIZENS, "seconds": SECONDS, **fault.load, **more}))
        mail, began = world.extra["mail"], time.monotonic()
        mails, broke_off = len(mail.taken), mail.broke_off
        load.go()
        try:
            told["strikes"] = fault.strike(world, load, random.Random(seed))
            told |= load.result()
            if name == "packets-lost":
                told["strikes"], told["arrived"] = wire.lost()
            if name == "phones-tear":
                told["strikes"] = told["counted"].get("elements torn away", 0)
            told["books"] = world.settled_books(grace=fault.grace)
            if fault.load.get("mail"):
                told["wrong"] += world.unsent(told["realm"])
                told["mails"], told["broke off"] = len(mail.taken) - mails, mail.broke_off - broke_off
            told["took"] = round(time.monotonic() - began, 1)
        except BaseException:
            load.popen.kill()
            raise
        finally:
            if told.get("books") != [] or told.get("wrong") != []:
                keep(world, name, seed)
                worlds.end()
            ARTIFACTS.mkdir(exist_ok=True)
            with (ARTIFACTS / "chaos.jsonl").open("a") as file:
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
    assert told["wrong"] == []
    assert told["books"] == []
    assert told["counted"].get("promised active", 0) > 0, told
    if fault.load.get("mail"):
        assert min(told["mails"], told["broke off"]) > 0, told
    assert told["strikes"] > 0, told


def keep(world: World, name: str, seed: int) -> None:
    """Leave the logs of a run that went wrong."""
    with contextlib.suppress(OSError):
        shutil.copytree(world.system.var / "log", ARTIFACTS / f"chaos-{name}-{seed}", dirs_exist_ok=True)
