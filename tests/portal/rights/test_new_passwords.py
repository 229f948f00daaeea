"""New passwords, as docs/operating.md has it: parcels.sh makes them, and real servers take them and refuse the old."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import amqp
import kombu
import psycopg
import pytest

from portal.rights import ages
from tests import postgresql, rabbitmq
from tests.conftest import missing

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
HOSTS = (
    "db1.internal database\nmq1.internal broker\nlog1.internal logs\nweb1.internal web\nca1.internal reader exporter\n"
)
OURS = "renewed_"  # in place of `jpki_`: other tests' roles and users have that


class Folder:
    """The operator's folder, and what its parcels bring to database and broker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(DEPLOY / "environment/site.env", folder)
        (folder / "hosts").write_text(HOSTS)
        self.pack()

    def pack(self, *more: str) -> None:
        command = [DEPLOY / "parcels.sh", self.folder, self.folder / "hosts", *more]
        subprocess.run(command, check=True, capture_output=True)

    def brought(self, host: str, name: str) -> str:
        command = ["tar", "-xOf", self.folder / f"{host}.tar", name]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.replace("jpki_", OURS)

    def word(self, kind: str, name: str) -> str:
        return (self.folder / "secrets" / kind / name).read_text().strip()

    def made(self) -> dict[tuple[str, str], datetime]:
        path = self.folder / "made"
        path.write_text(self.brought("ca1.internal", "etc/jpki/passwords-made"))
        return {(one.opens, one.whose): one.at for one in ages.read(path)}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    old = (datetime.now(UTC) - timedelta(days=100)).timestamp()
    for path in (tmp_path / "secrets").rglob("*"):
        os.utime(path, (old, old))
    return made


@pytest.fixture
def database(postgres: postgresql.Server) -> Iterator[str]:
    """Return a database to which these roles come by their passwords alone: `{role}` and `{word}` are to be put in."""
    address = postgres.create("jpki")
    with psycopg.connect(postgres.address, autocommit=True) as administrator:
        (found,) = administrator.execute("SHOW hba_file").fetchone() or ("",)
        hba = Path(found)
        if not hba.exists():
            missing("the server's pg_hba.conf isn't on this machine")
        before = hba.read_text()
        names = f"/^{OURS}" if administrator.info.server_version >= 160000 else ",".join(_roles())
        hba.write_text(f"local jpki {names} scram-sha-256\nhost jpki {names} samehost scram-sha-256\n{before}")
        administrator.execute("SELECT pg_reload_conf()")
        try:
            yield address
        finally:
            hba.write_text(before)
            administrator.execute("SELECT pg_reload_conf()")


def _roles() -> list[str]:
    return [f"{OURS}{name}" for name in ("web", "ca")]


def as_role(address: str, name: str, word: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(address.replace("//jpki@", f"//{OURS}{name}@"), password=word, autocommit=True)


def test_new_passwords_of_a_role_are_taken_the_old_refused_and_who_is_connected_goes_on(
    folder: Folder, database: str
) -> None:
    def apply() -> None:
        with psycopg.connect(database, autocommit=True) as administrator:
            administrator.execute(folder.brought("db1.internal", "root/jpki-database/roles.sql"))

    apply()
    old, other = folder.word("database", "web"), folder.word("database", "ca")
    connected = as_role(database, "web", old)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        as_role(database, "web", other)
    folder.pack("--new-passwords", "web")
    new = folder.word("database", "web")
    assert new != old
    assert folder.word("database", "ca") == other, "whose weren't named stay"
    assert f":{new}@db1.internal" in folder.brought("web1.internal", "etc/jpki/credentials/web/database_url")
    apply()
    assert connected.execute("SELECT current_user").fetchone() == (f"{OURS}web",)
    connected.close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        as_role(database, "web", old)
    as_role(database, "web", new).close()
    as_role(database, "ca", other).close()


def test_new_passwords_of_a_user_of_the_broker_are_taken_the_old_refused_and_who_is_connected_goes_on(
    folder: Folder, broker: rabbitmq.Broker
) -> None:
    def bring() -> None:
        path = broker.folder / "brought.json"
        path.write_text(folder.brought("mq1.internal", "root/jpki-broker/definitions.json"))
        path.chmod(0o644)
        broker.control("import_definitions", str(path))
        path.unlink()

    def connect(word: str) -> kombu.Connection:
        made = kombu.Connection(broker.url("jpki", f"{OURS}web", word))
        made.ensure_connection(max_retries=1, timeout=5)
        return made

    try:
        bring()
        old = folder.word("broker", "web")
        connected = connect(old)
        folder.pack("--new-passwords", "web")
        new = folder.word("broker", "web")
        assert f":{new}@mq1.internal" in folder.brought("web1.internal", "etc/jpki/credentials/web/broker_url")
        bring()
        # Who is connected goes on: its channel is answered.
        connected.channel().basic_qos(0, 1, False)
        connected.release()
        with pytest.raises((amqp.AccessRefused, kombu.exceptions.OperationalError)):
            connect(old)
        connect(new).release()
    finally:
        broker.ask("DELETE", "vhosts/jpki")
        for user in broker.ask("GET", "users"):
            if user["name"].startswith(OURS):
                broker.ask("DELETE", f"users/{user['name']}")


def test_parcels_tell_when_each_was_made_and_a_new_one_is_young(folder: Folder) -> None:
    young = datetime.now(UTC) - timedelta(days=1)
    folder.pack()
    before = folder.made()
    assert {("database", "web"), ("broker", "web"), ("database", "owner"), ("metrics", "exporter")} <= before.keys()
    assert max(before.values()) < young
    folder.pack("--new-passwords", "web", "reader")
    after = folder.made()
    renewed = {one for one in after if after[one] > young}
    assert renewed == {("database", "web"), ("broker", "web"), ("database", "reader"), ("broker", "reader")} | {
        ("metrics", "exporter")
    }
    told = folder.brought("ca1.internal", "etc/jpki/passwords-made")
    words = [path.read_text().strip() for path in (folder.folder / "secrets").rglob("*") if path.is_file()]
    assert not [word for word in words if word in told]
    with pytest.raises(subprocess.CalledProcessError):
        folder.pack("--new-passwords", "nobody")
    folder.pack("--new-passwords")
    assert min(folder.made().values()) > young
