"""The house's walls: who may import whom (`[tool.importlinter]` in pyproject.toml, and what it can't say)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = str(Path(sys.executable).parent / "lint-imports")


def test_the_layers_hold() -> None:
    done = subprocess.run([LINT, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


WRONG = {
    "tsm/upwards.py": "portal.settings",
    "ca/upwards.py": "tsm",
    "tsm/sideways.py": "whitelist",
    "portal/plugged.py": "sandbox",
    "sandbox/virtual/framework.py": "django.conf",
    "tsm/globalplatform/framework.py": "django.conf",
    "portal/reader.py": "smartcard.System",
    "sandbox/relying_parties/shortcut.py": "ca.models",
    "sandbox/terminal/shortcut.py": "tsm.transports.pcsc",
    "sandbox/relying_parties/reader.py": "smartcard.scard",
    "sandbox/client/src/jpki_client/shortcut.py": "django.conf",
    "portal/client.py": "jpki_client",
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the linter says of a copy of the house with one line in each wrong direction."""
    copy = tmp_path_factory.mktemp("house")
    for app in ("ca", "tsm", "whitelist", "portal", "sandbox"):
        shutil.copytree(ROOT / app, copy / app, ignore=lambda _, names: [name for name in names if name[-4:] == ".pyc"])
    shutil.copy(ROOT / "pyproject.toml", copy)
    for module, imported in WRONG.items():
        (copy / module).write_text(f"import {imported}\n")
    # The client of the copy, not the one that .venv knows.
    found = {**os.environ, "PYTHONPATH": str(copy / "sandbox/client/src")}
    return subprocess.run([LINT, "--no-cache"], cwd=copy, capture_output=True, text=True, env=found).stdout


@pytest.mark.parametrize("module", WRONG)
def test_a_line_in_the_wrong_direction_is_found(module: str, complaints: str) -> None:
    name = module.removesuffix(".py").removeprefix("sandbox/client/src/").replace("/", ".")
    assert f"{name} -> {WRONG[module].split('.')[0]}" in complaints


@pytest.mark.parametrize("room", ["sandbox.relying_parties", "sandbox.terminal"])
def test_the_samples_import_nothing_of_the_project_but_themselves(room: str) -> None:
    graph = grimp.build_graph("sandbox", "portal", "tsm", "whitelist", "ca", cache_dir=None)
    samples = {room} | graph.find_descendants(room)
    for module in samples:
        assert graph.find_modules_directly_imported_by(module) <= samples | {"sandbox"}, module
