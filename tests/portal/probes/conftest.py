"""Fixtures of the probes' pages: the authorities', and a world outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ca.fixtures import *  # noqa: F403
from tests.whitelist.probes import servers


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[servers.World]:
    with servers.world(tmp_path) as made:
        yield made
