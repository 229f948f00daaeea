"""Fixtures for the sample services' tests."""

from tests.ca.fixtures import *  # noqa: F403
