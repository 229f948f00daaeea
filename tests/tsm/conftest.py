"""Fixtures of the TSM's tests beside the enrolment's own."""

from tests.ca.fixtures import *  # noqa: F403
