"""The curves and tables of docs/scale.md, from the figures in docs/scale/: SVG made here, with nothing from elsewhere.

python -m benchmarks.population.drawing
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FIGURES, PAGE = ROOT / "docs" / "scale", ROOT / "docs" / "scale.md"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 860, 400, 70, 46, 300, 46
# Dark enough to be told from white, and from each other without colour by their dashes.
STROKES = (
    ("#0017c1", ""),
    ("#b00020", "7 3"),
    ("#115a36", "2 3"),
    ("#7a3e00", "10 3 2 3"),
    ("#5b2a86", "5 5"),
    ("#333", "1 4"),
)
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
    return _svg(title, "holders", unit, lines)


def _sizes(measured: Sequence[Run]) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    largest = sorted(measured[-1]["tables"].items(), key=lambda one: -(one[1]["table"] + one[1]["indexes"]))[:6]
    for name, _ in largest:
        lines[name] = [
            (run["holders"], (run["tables"][name]["table"] + run["tables"][name]["indexes"]) / 1e6)
            for run in measured
            if name in run["tables"]
        ]
    return _svg("The largest tables as loaded, with their indexes, MB", "holders", "MB", lines)


def _svg(title: str, across: str, up: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return a chart whose axes both go by powers of ten."""
    every = [point for points in lines.values() for point in points]
    low_x, high_x = (f(math.log10(x) for x, _ in every) for f in (min, max))
    low, high = math.floor(min(math.log10(y) for _, y in every)), math.ceil(max(math.log10(y) for _, y in every))
    high = max(high, low + 1)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def at(x: float, y: float) -> str:
        along = (math.log10(x) - low_x) / max(high_x - low_x, 1e-9)
        return (
            f"{LEFT + along * (right - LEFT):.1f},{bottom - (math.log10(y) - low) / (high - low) * (bottom - TOP):.1f}"
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" '
        f'font-size="13"><title>{escape(title)}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="16" font-weight="bold">{escape(title)}</text>',
    ]
    for power in range(low, high + 1):
        _, y = at(10**low_x, 10**power).split(",")
        parts.append(f'<path d="M{LEFT} {y}H{right}" stroke="#ccc"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y}" dy="4" text-anchor="end">{_short(10.0**power)}</text>')
    for holders in sorted({x for x, _ in every}):
        x, _ = at(holders, 10**low).split(",")
        parts.append(f'<path d="M{x} {TOP}V{bottom}" stroke="#ccc"/>')
        parts.append(f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{_short(holders)}</text>')
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(across)}</text>')
    parts.append(f'<text x="{LEFT - 8}" y="{TOP - 8}" text-anchor="end">{escape(up) if len(up) < 8 else ""}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour, dashes = STROKES[number % len(STROKES)]
        path = " ".join(at(x, y) for x, y in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
        )
        for x, y in points:
            where = at(x, y).split(",")
            parts.append(f'<circle cx="{where[0]}" cy="{where[1]}" r="3" fill="{colour}"/>')
        y = TOP + 10 + number * 40
        parts.append(f'<path d="M{right + 20} {y}h28" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>')
        first, _, rest = name.partition(", ")
        parts.append(f'<text x="{right + 54}" y="{y}" dy="4">{escape(first)}</text>')
        if rest:
            parts.append(f'<text x="{right + 54}" y="{y + 15}" dy="4">{escape(rest)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _short(value: float) -> str:
    for limit, word in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{word}"
    return f"{value:g}"


# --- Tables -----------------------------------------------------------------------------------------------------------
def _page(text: str, measured: Sequence[Run]) -> str:
    tables = {
        "work": _table(measured, [name for name in measured[-1]["figures"] if name.startswith("work: ")]),
        "timetable": _table(
            measured, sorted({n for run in measured for n in run["figures"] if n.startswith("timetable")})
        ),
        "pages": _table(measured, _most_visited(measured)),
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


def _is_page(name: str) -> bool:
    return name.startswith("page: ")


def _table(measured: Sequence[Run], names: Iterable[str]) -> str:
    heads = [_short(run["holders"]) for run in measured]
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
    heads = [_short(run["holders"]) for run in measured]
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
