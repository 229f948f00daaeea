"""The faults: each strikes while the phones are at it, again and again, and leaves everything standing again.

A fault is a function of the world, the load and a chance; it returns how often it struck. `PHONES` says what kind of
load and system it wants.
"""

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from celery import Celery

from tests.chaos.cluster import Cluster
from tests.chaos.world import Load, World

WORKERS = ("tsm", "ca", "phones", "factory", "notices", "workspaces", "beat", "web")
DUPLICATES = 1000
_NO_TOKEN = "does not serve"  # what a worker says without its token
# What was written while the clock was ahead would be younger than any grace for as long as it was.
_TWO_DAYS_AHEAD = -2 * 86400.0
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
            # Emptied first: it is started again at once, and would read its file before anybody had deleted that. Of
            # many losses in a row each is mended later than the one before, and one that is away can't be lost.
            with redis.Redis(unix_socket_path=_redis_socket(world)) as server:
                if not _answers(server, while_=load.under_way):
                    break
                server.flushall()
            world.system.kill("redis")
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


def _answers(server: redis.Redis, *, while_: Callable[[], bool]) -> bool:
    """Wait until the server answers; False when `while_` no longer holds before it did."""
    while while_():
        try:
            return bool(server.ping())
        except redis.ConnectionError:
            time.sleep(0.1)
    return False


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
        world.extra["clock"].set(chance.choice((7200, 3600, 86400, -3600)))
        struck += 1
        time.sleep(chance.uniform(4, 8))
        world.extra["clock"].set(0)
        struck += 1
    return struck


def hsm_gone(world: World, load: Load, chance: random.Random) -> int:
    """The token with the authorities' keys is pulled, and put in again; counted is when it was missed."""
    tokens = Path(world.extra["tokens"])
    away = tokens.with_name("away")
    struck = 0
    while load.under_way():
        time.sleep(chance.uniform(2, 6))
        missed = world.system.log("ca").count(_NO_TOKEN)
        tokens.rename(away)
        tokens.mkdir()
        # Until somebody has missed it.
        while world.system.log("ca").count(_NO_TOKEN) == missed and load.under_way():
            time.sleep(0.1)
        struck += world.system.log("ca").count(_NO_TOKEN) > missed
        time.sleep(chance.uniform(0, 6))
        tokens.rmdir()
        away.rename(tokens)
    return struck


def mail_gone(world: World, load: Load, chance: random.Random) -> int:
    """The mail server is away for a while, and for a while it breaks off in the middle."""
    server = world.extra["mail"]
    struck = 0
    try:
        while load.under_way():
            time.sleep(chance.uniform(0, 2))
            before, server.breaks_off = server.broke_off, True
            # Until it has broken off over one: on a slow machine the first mail comes late.
            while server.broke_off == before and load.popen.poll() is None:
                time.sleep(0.1)
            time.sleep(chance.uniform(0, 2))
            server.breaks_off = False
            server.stop()
            struck += 2
            time.sleep(chance.uniform(2, 4))
            server.start()
    finally:
        server.breaks_off = False
        server.start()
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
    app = Celery(broker=world.system.environment.get("BROKER_URL") or f"redis+socket://{_redis_socket(world)}")
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
    """Nothing but the network between phones and TSM, which loses every second packet (`tests.chaos.network`)."""
    while load.under_way():
        time.sleep(0.2)
    return 0


@dataclass(frozen=True)
class Fault:
    """A fault, and the load that it wants."""

    strike: Callable[[World, Load, random.Random], int]
    needs: str = ""  # the kind of system: "clock" is one whose clock can be moved
    load: Mapping[str, Any] = field(default_factory=dict)
    grace: float = 10  # seconds: what is younger is left out when the books are read


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
    "clock-jumps": Fault(clock_jumps, needs="clock", grace=_TWO_DAYS_AHEAD),
    "hsm-gone": Fault(hsm_gone),
    "mail-gone": Fault(mail_gone, load={"mail": True}),
}


def _cluster(world: World) -> Cluster:
    assert world.cluster is not None, "this fault needs a PostgreSQL of its own"
    return world.cluster


def _redis_socket(world: World) -> str:
    return str(world.system.var / "redis.sock")


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
