"""Charts as SVG, made here with nothing from elsewhere: both axes go by powers of ten."""

import math
from collections.abc import Mapping, Sequence
from html import escape

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


def svg(title: str, across: str, up: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return a chart; `lines` are points (x, y) by name."""
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
        parts.append(f'<text x="{LEFT - 8}" y="{y}" dy="4" text-anchor="end">{short(10.0**power)}</text>')
    for holders in sorted({x for x, _ in every}):
        x, _ = at(holders, 10**low).split(",")
        parts.append(f'<path d="M{x} {TOP}V{bottom}" stroke="#ccc"/>')
        parts.append(f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{short(holders)}</text>')
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


def short(value: float) -> str:
    """Return a number as 10M, 100k or 5."""
    for limit, word in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{word}"
    return f"{value:g}"
