"""The faults: each strikes while the phones are at it, again and again, and leaves everything standing again.

A fault is a function of the world, the load and a chance; it returns how often it struck. `PHONES` says what kind of
load and system it wants.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery

from tests.chaos.cluster import Cluster
from tests.chaos.world import Load, World

WORKERS = ("tsm", "ca", "phones", "factory", "notices", "workspaces", "beat", "web")
DUPLICATES = 1000
CELERY = (sys.executable, "-m", "celery", "--app", "portal.celery")


def workers_killed(world: World, load: Load, chance: random.Random) -> int:
    """kill -9 one or several processes at a moment that nobody chose."""
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(0.5, 4))
        for name in chance.sample(WORKERS, chance.choice((1, 1, 2, 3))):
            world.system.kill(name)
            struck += 1
        # Each is started again later than the last time; more often would leave nobody to be killed.
        time.sleep(chance.uniform(1, 4))
    return struck


def broker_lost(world: World, load: Load, chance: random.Random) -> int:
    """The broker is gone, and comes back with nothing in it."""
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(2, 6))
        if os.environ.get("CHAOS_BROKER") == "redis":
            world.system.kill("redis")
            for file in (world.system.var / "redis").rglob("*"):
                if file.is_file():
                    file.unlink(missing_ok=True)
        else:
            assert world.broker is not None
            world.broker.kill()
            world.broker.lose()
            time.sleep(chance.uniform(0, 5))
            world.broker.start()
            world.broker.create(world.host)
        struck += 1
        time.sleep(chance.uniform(5, 10))
    return struck


def database_restarted(world: World, load: Load, chance: random.Random) -> int:
    """PostgreSQL ends fast, at once, or as with a power cut, and comes back."""
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(3, 8))
        _cluster(world).primary.stop(chance.choice((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)))
        time.sleep(chance.uniform(0, 3))
        _cluster(world).primary.start()
        struck += 1
    return struck


def database_paused(world: World, load: Load, chance: random.Random) -> int:
    """PostgreSQL stands still for longer than any lease, and goes on as if nothing had been."""
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(3, 6))
        _cluster(world).primary.freeze()
        time.sleep(chance.uniform(2, 12))
        _cluster(world).primary.thaw()
        struck += 1
    return struck


def database_failed_over(world: World, load: Load, chance: random.Random) -> int:
    """PostgreSQL loses its power for good, and its replica serves in its stead."""
    struck = 0
    while load.under_way():
        _cluster(world).follow()
        time.sleep(chance.uniform(3, 8))
        _cluster(world).fail_over()
        struck += 1
    return struck


def disk_full(world: World, load: Load, chance: random.Random) -> int:
    """There is no room on the database's disk, for its rows or for its log; counted are the times that it said so."""
    if not _cluster(world).primary.small:
        return 0
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(3, 8))
        ballast = _cluster(world).primary.fill()
        time.sleep(chance.uniform(1, 4))
        if chance.random() < 0.5:
            _use_up_log(world)
        time.sleep(chance.uniform(1, 4))
        struck += _cluster(world).primary.complaints("No space left")
        ballast.unlink()
        # Without room for its log it stops, and doesn't come back by itself where recovery found none either.
        _cluster(world).primary.start()
    return struck


def clock_jumps(world: World, load: Load, chance: random.Random) -> int:
    """The machine's clock jumps hours ahead and back again, under every process of the house."""
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(4, 8))
        set_clock(world.extra["clock"], chance.choice((7200, 3600, 86400, -3600)))
        struck += 1
        time.sleep(chance.uniform(4, 8))
        set_clock(world.extra["clock"], 0)
        struck += 1
    return struck


def hsm_gone(world: World, load: Load, chance: random.Random) -> int:
    """The token with the authorities' keys is pulled, and put in again."""
    tokens = Path(world.extra["tokens"])
    away = tokens.with_name("away")
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(2, 6))
        tokens.rename(away)
        tokens.mkdir()
        struck += 1
        time.sleep(chance.uniform(2, 10))
        tokens.rmdir()
        away.rename(tokens)
    return struck


def mail_gone(world: World, load: Load, chance: random.Random) -> int:
    """The mail server is away for a while, and for a while it breaks off in the middle."""
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(2, 6))
        world.extra["mail"].stop()
        struck += 1
        time.sleep(chance.uniform(2, 8))
        world.extra["mail"].start()
    return struck


def phones_tear(world: World, load: Load, chance: random.Random) -> int:
    """Nothing but the phones, which tear their elements off or vanish in the middle of a script."""
    while load.under_way():
        time.sleep(0.2)
    return 0


def two_beats(world: World, load: Load, chance: random.Random) -> int:
    """A second beat sends everything once more."""
    beat = (*CELERY, "beat", f"--schedule={world.system.var}/second-beat", "--pidfile=", "--loglevel=INFO")
    with world.beside("second-beat", beat):
        while load.under_way():
            time.sleep(0.2)
    return 1


def delivered_again(world: World, load: Load, chance: random.Random) -> int:
    """A thousand deliveries of what was delivered before: to elements, for certificates, for lists, and of sweeps."""
    app = Celery(broker=world.system.environment.get("BROKER_URL") or f"redis+socket://{world.system.var}/redis.sock")
    struck = 0
    while load.under_way() or struck < DUPLICATES:
        elements = _ids(world, "SELECT element_id FROM tsm_enrolment ORDER BY id DESC LIMIT 12")
        requests = _ids(world, "SELECT id FROM ca_issuance WHERE medium = 'phone' ORDER BY id DESC LIMIT 12")
        points = _ids(world, "SELECT id FROM ca_partition")
        some = [("tsm.advance", [one], "tsm") for one in elements] + [("ca.issue", [[one]], "ca") for one in requests]
        some += [("ca.issue", [requests], "ca"), ("ca.publish_crls", [points], "ca")]
        some += [("tsm.sweep_enrolments", [], "sweeps"), ("ca.sweep_issuances", [], "sweeps")]
        for _ in range(50):
            name, arguments, queue = chance.choice(some)
            # By the exchange that leads to each queue by its name.
            app.send_task(name, args=arguments, exchange="", routing_key=queue)
            struck += 1
        time.sleep(0.5)
        if struck >= 2 * DUPLICATES:
            break
    while load.under_way():
        time.sleep(0.2)
    return struck


def packets_lost(world: World, load: Load, chance: random.Random) -> int:
    """Nothing but the network between the phones and the TSM, on which every second packet is lost (`lossy`)."""
    while load.under_way():
        time.sleep(0.2)
    return 0


@dataclass(frozen=True)
class Fault:
    """A fault, and the load that it wants."""

    strike: Callable[[World, Load, random.Random], int]
    needs: str = ""  # the kind of system: "clock" is one whose clock can be moved
    load: Mapping[str, Any] = field(default_factory=dict)


FAULTS: dict[str, Fault] = {
    "workers-killed": Fault(workers_killed, load={"tears": 0.1}),
    "broker-lost": Fault(broker_lost),
    "database-restarted": Fault(database_restarted),
    "database-paused": Fault(database_paused),
    "database-failed-over": Fault(database_failed_over),
    "disk-full": Fault(disk_full),
    "delivered-again": Fault(delivered_again, load={"tears": 0.1}),
    "two-beats": Fault(two_beats),
    "phones-tear": Fault(phones_tear, load={"tears": 0.7}),
    "packets-lost": Fault(packets_lost, load={"citizens": 2}),
    "clock-jumps": Fault(clock_jumps, needs="clock"),
    "hsm-gone": Fault(hsm_gone),
    "mail-gone": Fault(mail_gone, load={"mail": True}),
}


def set_clock(file: Path, seconds: int) -> None:
    """Have every process of the house see a clock that is so many seconds ahead."""
    draft = file.with_suffix(".draft")
    draft.write_text(f"{seconds:+d}s\n")
    draft.replace(file)


@contextlib.contextmanager
def lossy(world: World, percent: int = 50) -> Iterator[tuple[str, list[str]]]:
    """Make a network of its own, on which so many packets are lost each way; give the site's address and a prefix.

    The prefix runs a command on the far end. Needs root. The way to the site is a relay: it listens on loopback only.
    """
    name, port = f"chaos{os.getpid()}", int(world.system.web.rpartition(":")[2])
    near, far = f"cn{os.getpid()}", f"cf{os.getpid()}"

    def do(command: str) -> None:
        subprocess.run(command.split(), check=True, capture_output=True)

    do(f"ip netns add {name}")
    try:
        do(f"ip link add {near} type veth peer name {far} netns {name}")
        do(f"ip addr add 10.231.7.1/30 dev {near}")
        do(f"ip link set {near} up")
        do(f"ip -n {name} addr add 10.231.7.2/30 dev {far}")
        do(f"ip -n {name} link set {far} up")
        do(f"ip -n {name} link set lo up")
        do(f"tc qdisc add dev {near} root netem loss {percent}%")
        do(f"ip netns exec {name} tc qdisc add dev {far} root netem loss {percent}%")
        relay = subprocess.Popen(
            ["socat", f"TCP-LISTEN:{port},bind=10.231.7.1,fork,reuseaddr", f"TCP:127.0.0.1:{port}"]
        )
        try:
            yield f"http://10.231.7.1:{port}", ["ip", "netns", "exec", name]
        finally:
            relay.terminate()
            relay.wait()
    finally:
        subprocess.run(["ip", "link", "del", near], capture_output=True)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def _cluster(world: World) -> Cluster:
    assert world.cluster is not None, "this fault needs a PostgreSQL of its own"
    return world.cluster


def _use_up_log(world: World) -> None:
    """Have the log go on to a new file, and to another, until there is none any more."""
    address = _cluster(world).primary.address
    with (
        contextlib.suppress(psycopg.Error),
        psycopg.connect(address, autocommit=True, connect_timeout=3) as connection,
    ):
        for _ in range(8):
            connection.execute("SELECT txid_current()")
            connection.execute("SELECT pg_switch_wal()")


def _ids(world: World, statement: str) -> list[int]:
    with psycopg.connect(_cluster(world).url(world.database)) as connection:
        return [row[0] for row in connection.execute(statement)]  # type: ignore[call-overload]
