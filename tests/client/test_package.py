"""The client as a package of its own: what it says it needs is all it needs, and it can be built where we are."""

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import jpki_client

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "sandbox" / "client"
PACKAGE = FOLDER / "src" / "jpki_client"
# The names that a distribution is imported by, where they aren't its own.
IMPORTED_AS = {"pyjwt": "jwt"}


def distributions(requirements: list[str]) -> set[str]:
    names = {one.split(">")[0].split("<")[0].split("=")[0].strip().lower() for one in requirements}
    return {IMPORTED_AS.get(name, name) for name in names}


def imported(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, module
            found.add((node.module or "").split(".")[0])
    return found


def test_it_is_importable_here_as_it_stands() -> None:
    assert Path(jpki_client.__file__).parent == PACKAGE
    where = subprocess.run(
        [sys.executable, "-c", "import jpki_client; print(jpki_client.__file__)"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).parent == PACKAGE


def test_it_imports_nothing_but_what_it_says_it_needs() -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    needed, optional = distributions(project["dependencies"]), project["optional-dependencies"]
    assert needed == {"httpx", "cryptography", "jwt"}
    assert distributions(optional["pdf"]) == {"pyhanko"}
    for module in PACKAGE.rglob("*.py"):
        foreign = imported(module) - set(sys.stdlib_module_names) - needed - {"jpki_client"}
        # The extra is asked for where it is used, and a service without PDFs needs none of it.
        assert foreign <= ({"pyhanko"} if module.name == "pades.py" else set()), module


def test_it_works_without_the_extra_for_pdfs() -> None:
    lines = "import sys; sys.modules['pyhanko'] = None; import jpki_client, jpki_client.webhooks, jpki_client.screens"
    subprocess.run([sys.executable, "-c", lines], check=True)


def test_a_wheel_is_built_from_its_folder_without_a_network(tmp_path: Path) -> None:
    source = tmp_path / "source"  # a copy, so that building leaves nothing in ours
    shutil.copytree(FOLDER, source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", *offline, str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"jpki_client-{jpki_client.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        (metadata,) = [name for name in names if name.endswith("METADATA")]
        said = opened.read(metadata).decode()
    assert "jpki_client/py.typed" in names
    assert {f"jpki_client/{one.name}" for one in PACKAGE.glob("*.py")} <= names
    assert "Requires-Dist: pyhanko" in said
    assert "# jpki-client" in said  # the README goes with it
