"""The second drill (`make drill`): PostgreSQL's own means. A replica that lagged is promoted; a base backup and the
archived log are brought to a point in time; after each the authorities go on, and no number is given twice.

The authorities work three times, by their own code and without a site around them (tests/upgrade/drill.py has that):
before base backup and replica, between them and the point, and after it. What came after the point is in neither.
Minutes long, so its name keeps it out of `make test`. It prints how long each step took.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import postgresql
from tests.chaos.cluster import Cluster, Node, program
from tests.conftest import missing
from tests.upgrade.drill import timed
from tests.upgrade.release import ROOT

ARCHIVE = """
archive_mode = on
archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f'
archive_timeout = 60
synchronous_commit = on
"""
POINT = "before_the_disaster"
# Two cards and a phone, of which one card is given back; lists; the journal sealed.
WORK = """
import json
from ca import clock, crl, issuance, revocation, seals
from ca.models import Certificate, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_card, issue_phone, make_holder
realm = Realm.objects.get(slug="drill")
holder = make_holder(realm)
cards = [issue_card(holder, purpose, key=number) for number, purpose in enumerate(Purpose)]
made = [*cards, issue_phone(cards[0], key=5)]
fallen = [cards[1], *Certificate.objects.filter(pk__in=[{also}])]
for one in fallen:
    revocation.revoke(one, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
lists = [[one.partition.generation.authority.purpose, one.number] for one in crl.publish_due(realm)]
seal = seals.seal(realm)
print(json.dumps({{
    "serials": [[one.purpose, one.serial_number] for one in made], "ids": [one.pk for one in made], "lists": lists,
    "fallen": [[one.purpose, one.serial_number, one.revoked_at.isoformat()] for one in fallen],
    "head": f"{{seal.sequence}}:{{seal.hash}}",
}}))
"""
# A worker that is about to use a key.
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
STATUSES = """
import json
from ca.models import Certificate
rows = Certificate.objects.filter(status="revoked").values_list("purpose", "serial_number", "revoked_at")
print(json.dumps([[purpose, serial, at.isoformat()] for purpose, serial, at in rows]))
"""


@dataclass(frozen=True)
class Site:
    """A host with the authorities' keys: its data folder and its database."""

    var: Path
    url: str

    def manage(self, *words: str) -> str:
        """Run manage.py; return what it prints."""
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "SANDBOX": "0",
            "DEFAULT_REALM": "drill",
            "VAR_DIR": str(self.var),
            "DATABASE_URL": self.url,
            "BROKER_URL": "memory://",
            "LOG_LEVEL": "ERROR",
        }
        environment |= dict.fromkeys(("SECRET_KEY", "CA_KEYS_PASSPHRASE", "RESPONDER_KEYS_PASSPHRASE"), "drill" * 12)
        command = (sys.executable, "manage.py", *words)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        return done.stdout

    def shell(self, lines: str) -> str:
        return self.manage("shell", "-v0", "-c", lines)

    def work(self, *also: int) -> dict[str, Any]:
        """Let the authorities work; `also` are certificates that are revoked, too."""
        told: dict[str, Any] = json.loads(
            self.shell(WORK.format(also=", ".join(map(str, also)))).strip().splitlines()[-1]
        )
        return told


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that PostgreSQL's own user may look into, whatever other test runs do to pytest's."""
    made = Path(tempfile.mkdtemp(prefix="jpki-drill-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    try:
        made = Cluster(folder)
    except postgresql.Missing as error:
        missing(str(error))
    try:
        yield made
    finally:
        made.remove()


def test_after_a_promotion_and_after_a_point_in_time_no_number_is_given_twice(folder: Path) -> None:
    archive = folder / "archive"
    with cluster(folder / "cluster") as ours:
        archive.mkdir()
        if ours.user:
            shutil.chown(archive, ours.user)
        ours.primary.stop()
        with (ours.primary.data / "postgresql.conf").open("a") as file:
            file.write(ARCHIVE.format(archive=archive))
        ours.primary.start()
        ours.create("drill")
        site = Site(folder / "var", f"postgresql://jpki@/drill?host={ours.primary.folder}")
        with timed("the schema and the ceremony"):
            site.manage("migrate", "--no-input", "--verbosity=0")
            site.manage("create_authorities", "--realm", "drill")
        before = site.work()
        base = ours.primary.folder / "base"
        with timed("pg_basebackup"):
            told(
                ours.primary,
                *(program("pg_basebackup"), "--pgdata", base, "--format=tar", "--gzip", "--wal-method=none"),
                *("--checkpoint=fast", "--dbname", f"host={ours.primary.folder} user=jpki"),
            )
        with timed("a replica that follows, not synchronously"):
            ours.follow()
            ours._set("ALTER SYSTEM RESET synchronous_standby_names")
        between = site.work()
        point = asked(ours.primary, f"SELECT pg_create_restore_point('{POINT}')")
        until(ours.other, f"SELECT pg_last_wal_replay_lsn() >= '{point}'")
        ours.other.stop()  # from here on it lags
        # What is lost, and with it that certificates of before were revoked.
        lost = site.work(before["ids"][0], between["ids"][0])
        segment = asked(ours.primary, "SELECT pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + 120
        while not (archive / segment).exists():
            assert time.monotonic() < deadline, "the log isn't archived"
            time.sleep(0.2)
        tar = folder / "base.tar.gz"
        shutil.copy(base / "base.tar.gz", tar)
        # Keys and transcript outlive the database. Two hosts' worth, for it is restored twice.
        shutil.copytree(site.var, folder / "second")
        ours.primary.stop(signal.SIGKILL)
        shutil.rmtree(ours.primary.data)
        known = (before, between, lost)

        ours.other.start()
        with timed("the replica is promoted"):
            ours.other.run(program("pg_ctl"), "promote", "-D", ours.other.data, "-w", "-t", "60")
        promoted = replace(site, url=f"postgresql://jpki@/drill?host={ours.other.folder}")
        # Nobody halted anything: whoever is about to use a key finds the transcript ahead of the records.
        assert "records_behind" in promoted.shell(USE_A_KEY)
        goes_on(promoted, "promoted", *known)

        restored = Node(folder / "cluster" / "restored", ours.user)
        ours.nodes.append(restored)
        with timed("base backup and archived log, to the point"):
            to_the_point(restored, tar, archive)
        back = Site(folder / "second", f"postgresql://jpki@/drill?host={restored.folder}")
        assert "drill is halted" in back.manage("halt", "--all")
        assert "authorities_halted" in back.shell(USE_A_KEY)
        goes_on(back, "restored", *known)


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


def goes_on(site: Site, name: str, before: dict[str, Any], between: dict[str, Any], lost: dict[str, Any]) -> None:
    """Hold what is there against what was, let an officer resume, and let the authorities work once more."""
    # What was sealed before the point is there, and what came after isn't.
    assert "whole" in site.manage("verify_journal", "--realm", "drill", "--remembered", between["head"])
    with timed(f"resume ({name})"):
        said = site.manage("resume", "--realm", "drill", "--by", "the drill")
    assert "put back into the journal" in said, said
    named = {line.split(":")[0].split()[-1] + line.split()[3] for line in said.splitlines() if "LOST CERT" in line}
    assert {serial + purpose for purpose, serial in lost["serials"]} == named, said
    # The head that was signed and kept elsewhere, after the point, stands in the journal again.
    assert "whole" in site.manage("verify_journal", "--realm", "drill", "--remembered", lost["head"])
    # What was revoked after the point is revoked, since when it was.
    revoked = json.loads(site.shell(STATUSES).strip().splitlines()[-1])
    kept = {(purpose, serial) for told in (before, between) for purpose, serial in told["serials"]}
    fallen = [one for one in lost["fallen"] if (one[0], one[1]) in kept]
    assert len(fallen) == 2
    assert all(one in revoked for one in (*before["fallen"], *between["fallen"], *fallen)), (fallen, revoked)
    with timed(f"the authorities work again ({name})"):
        after = site.work()
    given = {tuple(one) for told in (before, between, lost) for one in told["serials"]}
    assert not given & {tuple(one) for one in after["serials"]}, "no serial number twice"
    highest: dict[str, int] = {}
    for purpose, number in (*before["lists"], *between["lists"], *lost["lists"]):
        highest[purpose] = max(number, highest.get(purpose, 0))
    assert {purpose for purpose, _ in after["lists"]} == set(highest)
    assert all(number > highest[purpose] for purpose, number in after["lists"]), "no number of a list twice"
    assert "whole" in site.manage("verify_journal", "--realm", "drill", "--remembered", after["head"])


def told(node: Node, *command: str | Path) -> None:
    try:
        node.run(*command)
    except subprocess.CalledProcessError as error:
        error.add_note(error.stderr.decode(errors="replace"))
        error.add_note(node.log.read_text(errors="replace")[-2000:])
        raise


def asked(node: Node, statement: str) -> str:
    with psycopg.connect(node.address, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
    return str(row[0])


def until(node: Node, statement: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while asked(node, statement) != "True":
        assert time.monotonic() < deadline, statement
        time.sleep(0.2)
