"""The curves and tables of docs/scale.md, from the figures in docs/scale/: SVG made here, with nothing from elsewhere.

python -m benchmarks.population.drawing
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.population import charts, flatness

ROOT = Path(__file__).resolve().parent.parent.parent
FIGURES, PAGE = ROOT / "docs" / "scale", ROOT / "docs" / "scale.md"
FLAT = (
    "work: one enrolment",
    "work: one hand-off",
    "work: one OCSP answer, made",
    "work: a sweep, each newly revoked (of 1000)",
    "work: one card certificate revoked, its phone's with it",
    "work: OCSP refresh, each of 100",
)
GROWING = (
    "work: one list after a revocation, the largest place",
    "work: one list after a revocation, the middle place",
    "work: one list after a revocation, a small place",
)
Run = dict[str, Any]


def runs() -> list[Run]:
    """Return what was measured, the smallest population first; full copies are a matter of their own."""
    found = [json.loads(path.read_text()) for path in FIGURES.glob("*.json")]
    return sorted((one for one in found if not one["full"]), key=lambda one: int(one["holders"]))


def files() -> dict[Path, str]:
    """Return what is drawn and written, by file."""
    measured = runs()
    buffers = {"buffers": "8 kB pages visited"}
    return {
        FIGURES / "flat.svg": _chart("What must not grow: pages visited", measured, FLAT, **buffers),
        FIGURES / "flat-time.svg": _chart("What must not grow: least time, ms", measured, FLAT, min_ms="ms"),
        FIGURES / "growing.svg": _chart("What grows with a place: pages visited", measured, GROWING, **buffers),
        FIGURES / "sizes.svg": _sizes(measured),
        PAGE: _page(PAGE.read_text(), measured),
    }


def main() -> None:
    """Write all of it."""
    for path, text in files().items():
        path.write_text(text)


# --- Charts -----------------------------------------------------------------------------------------------------------
def _chart(title: str, measured: Sequence[Run], names: Iterable[str], **axis: str) -> str:
    ((key, unit),) = axis.items()
    lines = {}
    for name in names:
        points = [(run["holders"], run["figures"][name][key]) for run in measured if name in run["figures"]]
        lines[name.partition(": ")[2]] = [(x, max(y, 0.01)) for x, y in points]
    return charts.svg(title, "holders", unit, lines)


def _sizes(measured: Sequence[Run]) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    largest = sorted(measured[-1]["tables"].items(), key=lambda one: -(one[1]["table"] + one[1]["indexes"]))[:6]
    for name, _ in largest:
        lines[name] = [
            (run["holders"], (run["tables"][name]["table"] + run["tables"][name]["indexes"]) / 1e6)
            for run in measured
            if name in run["tables"]
        ]
    return charts.svg("The largest tables as loaded, with their indexes, MB", "holders", "MB", lines)


# --- Tables -----------------------------------------------------------------------------------------------------------
def _page(text: str, measured: Sequence[Run]) -> str:
    tables = {
        "work": _table(measured, _named(measured, "work: ")),
        "timetable": _table(measured, sorted(_named(measured, "timetable: "))),
        "pages": _table(measured, _most_visited(measured)),
        "searches": _table(measured, [*_named(measured, "officer: "), *_named(measured, "verifier: ")]),
        "operations": _table(measured, sorted(_named(measured, "api: "))),
        "verdict": flatness.verdict(measured),
        "missing": _missing(measured),
        "sizes": _table_of_sizes(measured),
    }
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        text = re.sub(
            f"{begin}.*?{end}", lambda _, parts=(begin, table, "\n", end): "".join(parts), text, flags=re.DOTALL
        )
    return text


def _most_visited(measured: Sequence[Run], shown: int = 25) -> list[str]:
    """Return the pages that visit most, in the largest population whose pages were measured."""
    figures = next((run["figures"] for run in reversed(measured) if any(map(_is_page, run["figures"]))), {})
    return sorted(filter(_is_page, figures), key=lambda name: -float(figures[name]["buffers"]))[:shown]


def _named(measured: Sequence[Run], beginning: str) -> list[str]:
    """Return the names of that kind, in the order in which they were measured."""
    every = (name for run in measured for name in run["figures"] if name.startswith(beginning))
    return list(dict.fromkeys(every))


def _missing(measured: Sequence[Run]) -> str:
    """Return a line for each that was to be measured and wasn't, with the reason."""
    lines = [
        f"- among {charts.short(run['holders'])}: `{name}`: {why}"
        for run in measured
        for name, why in sorted(run.get("missing", {}).items())
    ]
    return "\n".join(lines) or "Nothing was left out."


def _is_page(name: str) -> bool:
    return name.startswith("page: ")


def _table(measured: Sequence[Run], names: Iterable[str]) -> str:
    heads = [charts.short(run["holders"]) for run in measured]
    lines = [
        "| | "
        + " | ".join(f"pages {head}" for head in heads)
        + " | rows | "
        + " | ".join(f"ms {h}" for h in heads)
        + " |",
        "|---|" + "---:|" * (2 * len(heads) + 1),
    ]
    for name in names:
        found = [run["figures"].get(name) for run in measured]
        pages = [f"{one['buffers']:,.0f}" if one else "" for one in found]
        times = [f"{one['min_ms']:,.1f}" if one else "" for one in found]
        rows = next((f"{one['rows']:,.0f}" for one in reversed(found) if one), "")
        lines.append(f"| {name.partition(': ')[2]} | {' | '.join(pages)} | {rows} | {' | '.join(times)} |")
    return "\n".join(lines)


def _table_of_sizes(measured: Sequence[Run]) -> str:
    heads = [charts.short(run["holders"]) for run in measured]
    lines = [
        "| table | " + " | ".join(f"rows {h} | MB {h}" for h in heads) + " |",
        "|---|" + "---:|" * (2 * len(heads)),
    ]
    for name in list(measured[-1]["tables"])[:16]:
        cells = []
        for run in measured:
            one = run["tables"].get(name)
            cells += [f"{one['rows']:,}", f"{(one['table'] + one['indexes']) / 1e6:,.0f}"] if one else ["", ""]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
