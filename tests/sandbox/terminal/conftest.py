"""Fixtures for the terminal's tests: a virtual card in place of what lies on a reader."""

from tests.sandbox.virtual_card.conftest import card, issued_card  # noqa: F401
