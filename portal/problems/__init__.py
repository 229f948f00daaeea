"""The catalogue of problems (RFC 9457): cause, remedy, the citizen's sentence.

An exception's `code` leads to its row. Each room has its own table of rows, in a module of its name; a code without
a row, or with rows in two tables, is a defect, and a test finds it. Apps above this one name theirs in PROBLEM_TABLES.
"""

from importlib import import_module

from django.conf import settings
from django.utils.translation import get_language

from portal.problems import (
    accounts,
    ca,
    certificates,
    console,
    handoff,
    helpdesk,
    mynaportal,
    notices,
    onboarding,
    phone,
    providers,
    register,
    requests,
    review,
    screen_lock,
    tsm,
)
from portal.problems.row import Problem

__all__ = ["CATALOGUE", "TABLES", "Problem", "sentence"]

TABLES = tuple(
    room.ROWS
    for room in (
        requests,
        ca,
        register,
        tsm,
        phone,
        screen_lock,
        certificates,
        handoff,
        notices,
        mynaportal,
        accounts,
        helpdesk,
        console,
        review,
        onboarding,
        providers,
    )
) + tuple(import_module(module).ROWS for module in settings.PROBLEM_TABLES)
CATALOGUE: dict[str, Problem] = {code: row for table in TABLES for code, row in table.items()}


def sentence(code: str) -> str:
    """Return the row's sentence for people, in the language of the page."""
    problem = CATALOGUE[code]
    return problem.ja if get_language() == "ja" else problem.en
