"""The Makefile, the locks and what CI runs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_everything_by_hash_and_names_no_host_and_no_path(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links|/home/|/root/|/work/|/tmp/", text)
    for requirement in re.findall(r"^[a-z].*(?:\n {4}.*)*", text, re.MULTILINE):
        assert re.match(r"[a-z0-9-]+==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_each_lock_is_installed_by_something() -> None:
    scripts = "".join((ROOT / name).read_text() for name in ("scripts/bootstrap.sh", "deploy/install.sh"))
    recipes = "".join(re.findall(r"^\t.* install .*", (ROOT / "Makefile").read_text(), re.MULTILINE))
    installed = set(re.findall(r"requirements(?:-\w+)?\.lock", scripts + recipes))
    assert [lock.name for lock in LOCKS] == sorted(installed)


def test_what_pyproject_asks_for_is_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert {re.match(r"[A-Za-z0-9-]+", line)[0].lower() for line in asked} <= locked  # type: ignore[index]


def test_make_help_lists_the_commands_of_the_readme() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"make ([a-z-]+)", listed)) >= {"run", "reset", "demo", "test", "check", "lock", "help"}


@pytest.mark.parametrize("script", [".ci/run", "scripts/bootstrap.sh", "scripts/system-packages.sh"])
def test_a_script_is_executable_and_parses(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)


def test_an_unknown_need_of_the_system_is_refused_and_a_met_one_is_silent() -> None:
    known = subprocess.run(["scripts/system-packages.sh", "venv"], cwd=ROOT, capture_output=True, text=True)
    assert (known.returncode, known.stdout, known.stderr) == (0, "", "")
    assert subprocess.run(["scripts/system-packages.sh", "venom"], cwd=ROOT, capture_output=True).returncode == 2
