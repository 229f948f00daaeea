"""The authorities' fixtures, for the authorities' own tests."""

from tests.ca.fixtures import *  # noqa: F403
