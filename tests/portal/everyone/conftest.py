"""Fixtures for the sweeps over every page: `everybody`."""

from tests.ca.fixtures import *  # noqa: F403
from tests.portal.everyone.fixtures import *  # noqa: F403
