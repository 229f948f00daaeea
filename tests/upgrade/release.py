"""A release's data, laid down again: its database, keys and secrets, and the time it was recorded at.

`python -m tests.upgrade.release v0.1.0 sqlite FOLDER` does it by hand and prints the environment.
"""

import hashlib
import json
import lzma
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg

from tests import postgresql

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The release that everything after it is held against.
BASE = "v0.1.0"
KINDS = ("sqlite", "postgresql")
# A citizen who was half way when it was recorded is not given up because that is long ago.
PATIENT = {"TSM_GIVE_UP_SECONDS": str(100 * 365 * 86400)}


class HistoryMissing(Exception):
    """Say that the release's own code can't be had here."""


@dataclass(frozen=True)
class Laid:
    """Where a release's data lies, and what a process needs to stand on it."""

    var: Path
    url: str
    world: Mapping[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings of a system on these data."""
        secrets = {f"{path.name.upper()}_FILE": str(path) for path in (self.var / "secrets").iterdir()}
        return {"VAR_DIR": str(self.var), "DATABASE_URL": self.url, **secrets, **PATIENT}


def about(release: str = BASE) -> dict[str, Any]:
    """Return a release's commit, and its migrations with their SHA-256."""
    told: dict[str, Any] = json.loads((HERE / release / "release.json").read_text())
    return told


def digest(migration: str) -> str:
    """Return the SHA-256 of a migration's file as it is now; empty where there is none."""
    app, _, name = migration.partition(".")
    path = ROOT / app / "migrations" / f"{name}.py"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def lay_down(kind: str, folder: Path, release: str = BASE, *, today: bool = False) -> Laid:
    """Lay a release's data down under a folder, as if they had been recorded a minute ago by its realm's clock.

    With `today` that clock is the machine's, for whom openssl judges: then years may have passed since.
    Raises postgresql.Missing.
    """
    source, var = HERE / release / kind, folder / "var"
    shutil.copytree(source / "data", var)
    for path in (var / "secrets").iterdir():
        path.chmod(0o600)
    world = json.loads((source / "world.json").read_text())
    statements = lzma.decompress((source / "database.sql.xz").read_bytes()).decode()
    offset = datetime.fromisoformat(world["recorded_at"]) + timedelta(minutes=1) - datetime.now(UTC)
    offset = timedelta() if today else offset
    if kind == "sqlite":
        path = var / "database.sqlite3"
        connection = sqlite3.connect(path)
        connection.executescript(statements)
        connection.execute("UPDATE ca_realm SET clock_offset = ?", [offset // timedelta(microseconds=1)])
        connection.commit()
        connection.close()
        return Laid(var, f"sqlite:///{path}", world)
    url = postgresql.server().create(f"release_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}")
    # What begins with a backslash is psql's own.
    plain = "\n".join(line for line in statements.split("\n") if not line.startswith(("\\restrict", "\\unrestrict")))
    with psycopg.connect(url, autocommit=True) as connected:
        connected.execute(plain)
        connected.execute("SET search_path TO public")
        connected.execute("UPDATE ca_realm SET clock_offset = %s", [offset])
    return Laid(var, url, world)


def code(folder: Path, release: str = BASE) -> Path:
    """Put the release's own code under a folder, from this repository's history. Raises HistoryMissing."""
    commit = about(release)["commit"]
    found = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        raise HistoryMissing(f"the code of {release} ({commit[:12]}) isn't in this clone: git fetch --unshallow")
    target = folder / release
    with tarfile.open(fileobj=BytesIO(found.stdout)) as tar:
        tar.extractall(target, filter="data")
    # It is built from the code; what is built of ours stands on the same words.
    for path in ROOT.glob("*/**/locale/*/LC_MESSAGES/*.mo"):
        place = target / path.relative_to(ROOT)
        if place.parent.is_dir():
            shutil.copy(path, place)
    return target


if __name__ == "__main__":
    laid = lay_down(sys.argv[2], Path(sys.argv[3]), sys.argv[1])
    sys.stdout.write("".join(f"{name}={value}\n" for name, value in laid.environment.items()))
