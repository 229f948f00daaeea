"""The first release's data, as its running system left them: migrated, with nothing lost, and gone on with.

That the first release serves meanwhile, and the whole system afterwards, `make upgrade` shows (docs/upgrading.md).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgresql
from tests.conftest import missing
from tests.upgrade import release


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
