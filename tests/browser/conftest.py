"""A citizen at the phone's screens, and axe-core for accessibility."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.supervision.system import System
from tests.browser.screens import Screens
from tests.ca.fixtures import realm  # noqa: F401
from tests.conftest import missing
from tests.portal.everyone.fixtures import everybody  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Page

Axe = Callable[["Page"], list[str]]


@pytest.fixture
def screens(page: "Page", system: System) -> Screens:
    """Return the phone's screens in a new browser: no phone chosen yet."""
    return Screens(page, system)


@pytest.fixture(scope="session")
def axe_source() -> str:
    """Return axe-core; a context that opens many pages takes it as its first script, which spares its way to each."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        missing("axe-core is not installed (the package axe-playwright-python brings it)")
    return (Path(found.origin).parent / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def axe(axe_source: str) -> Axe:
    """Give `axe(page)`: what axe-core finds wrong on the page as it stands, a line each."""
    # By name: axe-core leaves out those of WCAG 2.2, the size of targets, unless they are asked for.
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    ask = """(tags) => axe.run(document, {runOnly: tags, resultTypes: ["violations"], preload: false})
        .then((result) => result.violations.flatMap((rule) => rule.nodes.map((node) =>
            `${rule.id}: ${node.html.slice(0, 160)}`)))"""

    def look(page: "Page") -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(axe_source)
        lines: list[str] = page.evaluate(ask, tags)
        return lines

    return look
