"""The drill (`make drill`): a running system loses its database after a backup, and goes on; no number is given twice.

On PostgreSQL and on SQLite. Minutes long, so its name keeps it out of `make test`. It prints how long
each step took.
"""

import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from cryptography import x509

from portal.supervision import system as systems
from portal.supervision.system import System
from tests import postgresql

QUICK = {"LINKAGE_SWEEP_SECONDS": "1", "TSM_SWEEP_SECONDS": "1"}


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    sys.stdout.write(f"{time.monotonic() - began:8.1f} s  {what}\n")
    sys.stdout.flush()


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_after_a_restore_no_number_is_given_twice(kind: str, tmp_path: Path) -> None:
    var, backups, identity = tmp_path / "var", tmp_path / "backups", tmp_path / "identity"
    ports = dict(zip(systems.PORTS, map(str, systems.free_ports(len(systems.PORTS))), strict=True))
    environment = dict(QUICK) | ports
    if kind == "postgresql":
        environment["DATABASE_URL"] = postgresql.server().create("drill")
    with systems.started(var, environment, seconds=600) as running:
        made = running.manage("backup", "--new-identity", str(identity))
        environment["BACKUP_RECIPIENT"] = made.strip().removeprefix("BACKUP_RECIPIENT=")
        running.environment["BACKUP_RECIPIENT"] = environment["BACKUP_RECIPIENT"]  # type: ignore[index]
        with timed("the whole path, before the backup"):
            running.manage("demo", "--output", str(tmp_path / "before"))
        with timed("backup"):
            backup = Path(running.manage("backup", str(backups)).splitlines()[0])
        with timed("the whole path, after the backup"):
            running.manage("demo", "--output", str(tmp_path / "lost"))
        remembered = head(running)
    with timed("the disaster: the database and both key stores are gone"):
        lose(kind, environment, var)
    gone = System(var, running.web, running.responder, running.samples, environment)
    with timed("restore"):
        said = gone.manage("restore", str(backup), "--identity", str(identity))
        assert "sandbox is halted" in said
    # What isn't released does nothing: no key is used, however it is asked for.
    refused = gone.manage(
        "shell", "-v0", "-c",
        "from ca import seals; from ca.errors import AuthoritiesHalted; from ca.models import Realm\n"
        "try:\n    seals.signer(Realm.objects.get())\nexcept AuthoritiesHalted as error:\n    print(error.code)",
    )  # fmt: skip
    assert "authorities_halted" in refused
    with timed("resume"):
        told = gone.manage("resume", "--realm", "sandbox", "--by", "the drill")
    sys.stdout.write(told)
    assert "put back into the journal" in told
    lost = serials(tmp_path / "lost") - serials(tmp_path / "before")
    assert lost
    named = {(p.replace("_", "-"), int(s, 16)) for p, s in re.findall(r"LOST CERTIFICATE \w+ (\w+) ([0-9A-F]+):", told)}
    assert lost <= named, "each certificate that was issued after the backup is named"
    # The head that was signed and kept elsewhere, after the backup, still stands in the journal.
    assert "whole" in gone.manage("verify_journal", "--realm", "sandbox", "--remembered", remembered)
    with systems.started(var, environment, seconds=600) as running:
        with timed("the whole path, after the restore"):
            running.manage("demo", "--output", str(tmp_path / "after"))
        known = serials(tmp_path / "before") | serials(tmp_path / "lost")
        assert not (serials(tmp_path / "after") - serials(tmp_path / "before")) & lost
        assert not {one for one in serials(tmp_path / "after") if one not in known} & lost
        assert lists(tmp_path / "after") > lists(tmp_path / "lost")
        assert "whole" in running.manage("verify_journal")


def lose(kind: str, environment: dict[str, str], var: Path) -> None:
    for name in ("ca-keys", "responder-keys"):
        shutil.rmtree(var / name)
    if kind == "postgresql":
        name = psycopg.conninfo.conninfo_to_dict(environment["DATABASE_URL"])["dbname"]
        assert name == "drill"
        postgresql.server().create(name)
    else:
        for path in var.glob("database.sqlite3*"):
            path.unlink()


def head(running: System) -> str:
    """Return the newest signed head, as an operator keeps it elsewhere."""
    running.manage("shell", "-v0", "-c", "from ca import tasks; tasks.seal_journals()")
    found = re.search(r"newest signed head (\d+:[0-9a-f]+)", running.manage("verify_journal", "--realm", "sandbox"))
    assert found
    return found[1]


def serials(folder: Path) -> set[tuple[str, int]]:
    """Return purpose and serial number of the certificates that a walk left."""
    found = set()
    for path in folder.glob("*.cer"):
        certificate = x509.load_der_x509_certificate(path.read_bytes())
        if path.name.startswith(("card-", "phone-", "second-phone-")):
            purpose = "signature" if "signature" in path.name else "user-authentication"
            found.add((purpose, certificate.serial_number))
    return found


def lists(folder: Path) -> int:
    """Return the highest CRL number that a walk left."""
    found = [x509.load_der_x509_crl(path.read_bytes()) for path in folder.glob("*.crl")]
    return max(one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for one in found)
