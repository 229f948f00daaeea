"""The page on scale says what was measured: its tables and curves are drawn from the figures, and the bars are met."""

from pathlib import Path

import pytest

from benchmarks.population import drawing

# What must not grow with the population (docs/scale.md): a B-tree is a level higher after some hundredfold.
FLAT = 1.6


@pytest.mark.parametrize("path", sorted(drawing.files()), ids=lambda path: path.name)
def test_tables_and_curves_are_drawn_from_the_figures(path: Path) -> None:
    assert path.read_text() == drawing.files()[path], "python -m benchmarks.population.drawing"


@pytest.mark.parametrize("name", drawing.FLAT)
def test_what_must_not_grow_visits_no_more_pages_among_more_people(name: str) -> None:
    visited = [run["figures"][name]["buffers"] + 10 for run in drawing.runs()]
    assert max(visited) <= FLAT * min(visited), visited
