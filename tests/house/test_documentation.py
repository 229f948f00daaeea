"""The documentation: no link leads nowhere, every page is reached, and the diagrams say what the code says."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    links = [link for link, _ in LINK.findall(page.read_text()) if not link.startswith("_build/")]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_in_the_sites_table_of_contents() -> None:
    listed = re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL)
    names = {line for block in listed for line in block.split() if not line.startswith(":")}
    assert {str(path.relative_to(DOCS).with_suffix("")) for path in PAGES} - names == {"index"}


@pytest.fixture(scope="module")
def diagrams() -> ModuleType:
    spec = importlib.util.spec_from_file_location("diagrams", DOCS / "diagrams.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_diagrams_follow_the_code(diagrams: ModuleType) -> None:
    drawn = diagrams.all_of_them()
    shown = set(re.findall(r"_build/diagrams/([a-z-]+)\.svg", (DOCS / "architecture.md").read_text()))
    assert set(drawn) == shown
    assert '"shown" -> "answered" [label="answer"];' in drawn["life-of-a-hand-off"]
    assert '"broker" -> "ca" [label="ca"];' in drawn["processes"]
    assert "CA_KEYS_PASSPHRASE" in re.findall(r'"ca" \[label="(.*)"\]', drawn["processes"])[0]
    assert '"sandbox" ->' in drawn["imports"]
    assert not re.search(r'-> "sandbox"', drawn["imports"])
    assert '"Certificate" -> "Holder" [label="holder"];' in drawn["tables-of-ca"]
