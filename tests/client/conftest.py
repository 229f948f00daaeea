"""Fixtures for the client's tests."""

from tests.ca.fixtures import *  # noqa: F403
