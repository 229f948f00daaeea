"""Who can open a key store: each process of the table is started with the secrets that it gets, and tries."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.supervision.processes import house
from portal.supervision.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
TRY = """
import json
import os
import django
django.setup()
from ca import keys
from ca.errors import KeysUnavailable
opened = []
for name, store in (("authorities", keys.store), ("responders", keys.responder_store)):
    try:
        store()
    except KeysUnavailable as error:
        assert "_PASSPHRASE is not set" in str(error), error
    else:
        opened.append(name)
print(json.dumps(opened))
"""
OPENS = {"ca": ["authorities"], "responder": ["responders"], "workspaces": ["responders"]}


@pytest.mark.parametrize("kind", ["software", "pkcs11"])
@pytest.mark.parametrize("name", [process.name for process in house({}).processes if process.name != "redis"])
def test_the_ca_worker_opens_one_store_the_responder_the_other_and_the_web_none(
    tmp_path: Path, kind: str, name: str
) -> None:
    plan = house({"VAR_DIR": str(tmp_path / "var")})
    process = next(process for process in plan.processes if process.name == name)
    environment = Supervisor(plan).environment(process) | {"DJANGO_SETTINGS_MODULE": "portal.settings"}
    if kind == "pkcs11":
        environment |= {"CA_KEYS": "pkcs11:/module.so?token=ca", "RESPONDER_KEYS": "pkcs11:/module.so?token=responder"}
    said = subprocess.run(
        [sys.executable, "-c", TRY], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == OPENS.get(name, [])


def test_in_earnest_the_web_refuses_to_start_without_its_key_and_nobody_else_asks_for_it(tmp_path: Path) -> None:
    plan = house({"VAR_DIR": str(tmp_path / "var"), "PRODUCTION": "1"})
    (plan.var / "static").mkdir(parents=True)  # as the supervisor does
    beat = next(process for process in plan.processes if process.name == "beat")
    environment = Supervisor(plan, {**os.environ, "PRODUCTION": "1"}).environment(beat)

    def start(program: str) -> tuple[int, str]:
        command = [sys.executable, "-c", program]
        said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        return said.returncode, said.stderr

    code, said = start("import portal.wsgi")
    assert code != 0
    assert said.startswith("SECRET_KEY (or SECRET_KEY_FILE) is not set")
    assert said.count("\n") == 1, "one line, and no stack trace"
    assert start("import django; django.setup(); import portal.celery") == (0, "")
