"""A citizen at the phone's screens, and axe-core for accessibility."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.supervision.system import System
from tests.browser.screens import Screens
from tests.conftest import missing

if TYPE_CHECKING:
    from playwright.sync_api import Page

Axe = Callable[["Page"], list[str]]


@pytest.fixture
def screens(page: "Page", system: System) -> Screens:
    """Return the phone's screens in a new browser: no phone chosen yet."""
    return Screens(page, system)


@pytest.fixture(scope="session")
def axe() -> Axe:
    """Give `axe(page)`: what axe-core finds wrong on the page as it stands, a line each."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        missing("axe-core is not installed (the package axe-playwright-python brings it)")
    source = (Path(found.origin).parent / "axe.min.js").read_text()
    ask = """axe.run(document, {resultTypes: ["violations"]}).then((result) => result.violations.flatMap((rule) =>
        rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`)))"""

    def look(page: "Page") -> list[str]:
        page.evaluate(source)
        lines: list[str] = page.evaluate(ask)
        return lines

    return look
