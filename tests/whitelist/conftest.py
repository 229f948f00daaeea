"""Fixtures for the register's tests."""

from tests.ca.fixtures import *  # noqa: F403
