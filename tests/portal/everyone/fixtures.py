"""The fixture of the sweeps over every page, in-process and in a browser."""

from typing import Any

import pytest

from ca.models import Realm
from tests.portal.everyone import world
from tests.portal.everyone.world import World

__all__ = ["everybody"]


@pytest.fixture
def everybody(realm: Realm, settings: Any) -> World:
    """Return a realm with every page's reader in it, each with a browser of their own."""
    settings.DEFAULT_REALM = realm.slug
    settings.PHONE_DEVICES = "tests.portal.handoff.devices"
    return world.build(realm)
