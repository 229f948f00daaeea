"""The second drill (`make drill`): PostgreSQL's own means. A replica that lagged is promoted; a base backup and the
archived log are brought to a point in time; after each the system goes on, and no number is given twice.

One system is walked three times: before base backup and replica, between them and the point, and after it. What came
after the point is in neither. Minutes long, so its name keeps it out of `make test`. It prints how long each step took.
"""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from portal.supervision import system as systems
from portal.supervision.system import System
from tests import postgresql
from tests.chaos.cluster import Cluster, Node, program
from tests.conftest import missing
from tests.upgrade.drill import QUICK, head, lists, serials, timed

ARCHIVE = """
archive_mode = on
archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f'
archive_timeout = 60
synchronous_commit = on
"""
POINT = "before_the_disaster"
# A worker that is about to use a key, on records that are older than the transcript.
USE_A_KEY = """
from ca import seals
from ca.errors import CaError
from ca.models import Realm
try:
    seals.signer(Realm.objects.get())
    print("used")
except CaError as error:
    print(error.code)
"""


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    try:
        made = Cluster(folder)
    except postgresql.Missing as error:
        missing(str(error))
    try:
        yield made
    finally:
        made.remove()


def test_after_a_promotion_and_after_a_point_in_time_no_number_is_given_twice(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # PostgreSQL's own user looks in
    var, archive = tmp_path / "var", tmp_path / "archive"
    with cluster(tmp_path / "cluster") as ours:
        archive.mkdir()
        if ours.user:
            shutil.chown(archive, ours.user)
        ours.primary.stop()
        with (ours.primary.data / "postgresql.conf").open("a") as file:
            file.write(ARCHIVE.format(archive=archive))
        ours.primary.start()
        ports = dict(zip(systems.PORTS, map(str, systems.free_ports(len(systems.PORTS))), strict=True))
        environment = dict(QUICK) | ports | {"DATABASE_URL": ours.create("drill")}
        with systems.started(var, environment, seconds=900) as running:
            with timed("the whole path, before base backup and replica"):
                running.manage("demo", "--output", str(tmp_path / "before"))
            base = ours.primary.folder / "base"
            with timed("pg_basebackup"):
                ours.primary.run(
                    *(program("pg_basebackup"), "--pgdata", base, "--format=tar", "--gzip", "--wal-method=none"),
                    *("--checkpoint=fast", "--dbname", f"host={ours.primary.folder} user=jpki"),
                )
            with timed("a replica that follows, not synchronously"):
                ours.follow()
                ours._set("ALTER SYSTEM RESET synchronous_standby_names")
            with timed("the whole path, between"):
                running.manage("demo", "--output", str(tmp_path / "between"))
            point = asked(ours.primary, f"SELECT pg_create_restore_point('{POINT}')")
            until(ours.other, f"SELECT pg_last_wal_replay_lsn() >= '{point}'")
            ours.other.stop()  # from here on it lags
            with timed("the whole path, after the point: what is lost"):
                running.manage("demo", "--output", str(tmp_path / "lost"))
            remembered = head(running)
        segment = asked(ours.primary, "SELECT pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + 120
        while not (archive / segment).exists():
            assert time.monotonic() < deadline, "the log isn't archived"
            time.sleep(0.2)
        tar = tmp_path / "base.tar.gz"
        shutil.copy(base / "base.tar.gz", tar)
        second = tmp_path / "second"
        shutil.copytree(var, second, ignore=shutil.ignore_patterns("*.sock"))  # keys and transcript outlive it
        ours.primary.stop(signal.SIGKILL)
        shutil.rmtree(ours.primary.data)

        ours.other.start()
        with timed("the replica is promoted"):
            ours.other.run(program("pg_ctl"), "promote", "-D", ours.other.data, "-w", "-t", "60")
        at_replica = environment | {"DATABASE_URL": f"postgresql://jpki@/drill?host={ours.other.folder}"}
        gone = System(var, running.web, running.responder, running.samples, at_replica)
        # Nobody halted anything: whoever is about to use a key finds the transcript ahead of the records.
        assert "records_behind" in gone.manage("shell", "-v0", "-c", USE_A_KEY)
        goes_on(gone, tmp_path, "promoted", remembered)

        restored = Node(tmp_path / "cluster" / "restored", ours.user)
        ours.nodes.append(restored)
        with timed("base backup and archived log, to the point"):
            to_the_point(restored, tar, archive)
        at_point = environment | {"DATABASE_URL": f"postgresql://jpki@/drill?host={restored.folder}"}
        back = System(second, running.web, running.responder, running.samples, at_point)
        assert "sandbox is halted" in back.manage("halt", "--all")
        assert "authorities_halted" in back.manage("shell", "-v0", "-c", USE_A_KEY)
        goes_on(back, tmp_path, "restored", remembered)


def to_the_point(node: Node, tar: Path, archive: Path) -> None:
    """Unpack the base backup, and let PostgreSQL read the archive up to the point and serve."""
    node.data.mkdir()
    subprocess.run(["tar", "-C", node.data, "-xf", tar], check=True)
    with (node.data / "postgresql.auto.conf").open("a") as file:
        file.write(f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_name = '{POINT}'\n")
        file.write("recovery_target_action = 'promote'\narchive_mode = off\n")
    (node.data / "recovery.signal").touch()
    (node.data / "pg_wal").mkdir(exist_ok=True)
    if node.user:
        for path in (node.data, *node.data.rglob("*")):
            shutil.chown(path, node.user)
    node.data.chmod(0o700)
    node.start(seconds=300)
    until(node, "SELECT NOT pg_is_in_recovery()")


def goes_on(gone: System, folder: Path, name: str, remembered: str) -> None:
    """Let an officer resume, hold everything against what was, and walk once more."""
    with timed(f"resume ({name})"):
        told = gone.manage("resume", "--realm", "sandbox", "--by", "the drill")
    sys.stdout.write(told)
    assert "put back into the journal" in told
    lost = serials(folder / "lost") - serials(folder / "between")
    assert lost
    named = {(p.replace("_", "-"), int(s, 16)) for p, s in re.findall(r"LOST CERTIFICATE \w+ (\w+) ([0-9A-F]+):", told)}
    assert lost <= named, "each certificate that was issued after the point is named"
    assert not named & (serials(folder / "before") | serials(folder / "between")), "and none that is there"
    assert "whole" in gone.manage("verify_journal", "--realm", "sandbox", "--remembered", remembered)
    with systems.started(gone.var, gone.environment, seconds=900) as running:
        with timed(f"the whole path ({name})"):
            running.manage("demo", "--output", str(folder / name))
        known = serials(folder / "before") | serials(folder / "between") | serials(folder / "lost")
        new = serials(folder / name)
        assert new
        assert not new & known, "no serial number twice"
        assert lists(folder / name) > lists(folder / "lost"), "no number of a list twice"
        assert "whole" in running.manage("verify_journal")


def asked(node: Node, statement: str) -> str:
    with psycopg.connect(node.address, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
    return str(row[0])


def until(node: Node, statement: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while asked(node, statement) != "True":
        assert time.monotonic() < deadline, statement
        time.sleep(0.2)
