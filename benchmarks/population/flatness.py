"""Whether what was measured is flat: pages visited among the largest population against the one before it.

A B-tree a level higher is a page more for each look-up, so a tenfold population may cost some tens in a hundred; what
reads a table, or an index from end to end, costs tenfold. Figures of a few pages are compared with FLOOR added.
"""

from collections.abc import Mapping, Sequence
from typing import Any

BOUND = 1.6  # pages visited, the larger population's to the smaller's
FLOOR = 25  # pages: a session's row written anew is some twenty by chance
# What grows and may, and why.
MAY_GROW: Mapping[str, str] = {
    "work: one list after a revocation, the largest place": "a list costs what is on it",
    "work: one list after a revocation, the middle place": "a list costs what is on it",
    "work: one list after a revocation, a small place": "a list costs what is on it",
    "work: a day's lists, each": "a list costs what is on it",
}
# What was found to grow, by how its name begins, and what of it is known.
FOUND: Mapping[str, str] = {
    "officer: help desk, by ": "it reads who shares the birth date or the name, and looks for phones of 500 at most",
}
Run = Mapping[str, Any]


def compared(runs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    """Return pages visited, before and after, of what the two largest populations have both measured."""
    if len(runs) < 2:
        return {}
    before, after = (run["figures"] for run in runs[-2:])
    return {name: (before[name]["buffers"], after[name]["buffers"]) for name in after if name in before}


def grown(runs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    """Return what visits more pages than BOUND allows, what may grow left out."""
    return {
        name: (before, after)
        for name, (before, after) in compared(runs).items()
        if name not in MAY_GROW and after + FLOOR > BOUND * (before + FLOOR)
    }


def verdict(runs: Sequence[Run]) -> str:
    """Return in a sentence how many of the figures are flat, and a line for each that isn't."""
    both, more = compared(runs), grown(runs)
    lines = [
        f"- `{name}`: {before:,.0f} pages, then {after:,.0f}{f': {why(name)}' if why(name) else ''}"
        for name, (before, after) in sorted(more.items())
    ]
    flat = len(both) - len(more) - len(MAY_GROW.keys() & both.keys())
    said = f"Of {len(both)} figures that both of the largest populations have, {flat} are flat (at most {BOUND} times"
    return "\n".join([f"{said} the pages) and {len(more)} are not.", *([""] if lines else []), *lines])


def why(name: str) -> str:
    """Return what is known of a figure that was found to grow, or nothing."""
    return next((known for beginning, known in FOUND.items() if name.startswith(beginning)), "")
