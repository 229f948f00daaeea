"""The page on scale says what was measured: its tables and curves are drawn from the figures, and the bars are met."""

from pathlib import Path

import pytest

from benchmarks.population import drawing, flatness

# What must not grow with the population (docs/scale.md): a B-tree is a level higher after some hundredfold.
FLAT = 1.6


@pytest.mark.parametrize("path", sorted(drawing.files()), ids=lambda path: path.name)
def test_tables_and_curves_are_drawn_from_the_figures(path: Path) -> None:
    assert path.read_text() == drawing.files()[path], "python -m benchmarks.population.drawing"


@pytest.mark.parametrize("name", drawing.FLAT)
def test_what_must_not_grow_visits_no_more_pages_among_more_people(name: str) -> None:
    visited = [run["figures"][name]["buffers"] + 10 for run in drawing.runs() if name in run["figures"]]
    assert len(visited) > 1
    assert max(visited) <= FLAT * min(visited), visited


def test_what_a_larger_population_makes_dearer_is_found() -> None:
    def run(**visited: float) -> flatness.Run:
        return {"figures": {name: {"buffers": pages} for name, pages in visited.items()}}

    small = run(flat=100, higher=100, read_whole=100, few=10, gone=5)
    large = run(flat=100, higher=150, read_whole=1_000, few=20, new=10**6)
    assert flatness.grown([small, large]) == {"read_whole": (100, 1_000)}
    assert "Of 4 figures" in flatness.verdict([small, large])
    assert "`read_whole`: 100 pages, then 1,000" in flatness.verdict([small, large])
    assert flatness.grown([large]) == {}


def test_everything_measured_is_flat_but_what_the_page_explains() -> None:
    grown = flatness.grown(drawing.runs())
    assert [name for name in grown if not flatness.why(name)] == []
    assert [known for known in flatness.FOUND if not any(name.startswith(known) for name in grown)] == []
