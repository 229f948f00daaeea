"""The first release's data, as its running system left them: migrated, with nothing lost, and gone on with.

That the first release serves meanwhile, and the whole system afterwards, `make upgrade` shows (docs/upgrading.md).
"""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests import postgresql
from tests.conftest import missing
from tests.upgrade import release


def tables(path: str | Path) -> dict[tuple[str, str], set[tuple[Any, ...]]]:
    """Return columns, indexes and number of checks of every table on SQLite, but the list of migrations."""
    found: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        made = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        for name, sql in made:
            if name.startswith("sqlite_") or name == "django_migrations":
                continue
            columns = database.execute(f"PRAGMA table_info({name})").fetchall()
            found[name, "columns"] = {(column[1], column[2].lower(), column[3], column[5]) for column in columns}
            found[name, "indexes"] = {
                (index[2], index[4], *(part[2] for part in database.execute(f"PRAGMA index_info({index[1]})")))
                for index in database.execute(f"PRAGMA index_list({name})").fetchall()
            }
            found[name, "checks"] = {(sql.count("CHECK"),)}
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("kind", release.KINDS)
def test_the_first_releases_data_are_migrated_and_gone_on_with(kind: str, tmp_path: Path) -> None:
    try:
        laid = release.lay_down(kind, tmp_path)
    except postgresql.Missing as error:
        missing(str(error))
    # A process of its own: settings, keys and transcripts of that world.
    hidden = {"DJANGO_SETTINGS_MODULE", "BROKER_URL", "JOURNAL_TRANSCRIPTS", "DATABASE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | laid.environment
    command = [sys.executable, "-m", "tests.upgrade.check"]
    done = subprocess.run(command, cwd=release.ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert "ca.0008_halt_after_a_restore" in found["migrated"]
    assert (found["problems"], found["narrowed"], found["lost_rows"]) == ([], [], {})
    assert (found["journal"], found["seals"], found["journal_after"], found["sealed"]) == (True, True, True, True)
    assert found["fallen_with_its_card"] == "revoked"
    assert found["lists"] > 0
    assert found["serials_go_on"]
    assert found["transcript"] > 0
    if kind == connection.vendor == "sqlite":
        # A new database there is made from the models at once (portal/management/commands/migrate.py).
        assert tables(laid.var / "database.sqlite3") == tables(connection.settings_dict["NAME"])
