"""What a benchmark of the TSM says in the end: a table, bars that are met or not, JSON in var/bench/."""

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "var" / "bench"


def say(line: str = "") -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def table(title: str, rows: dict[str, float], unit: str) -> None:
    """Print figures of one unit under a title."""
    say(f"{title:<58}{unit:>14}")
    for name, figure in rows.items():
        say(f"  {name:<56}{figure:>14,.2f}")


def keep(name: str, figures: dict[str, Any], bars: dict[str, bool]) -> None:
    """Print the bars, and write figures and bars to var/bench/<name>.json."""
    for bar, met in bars.items():
        say(f"{'met    ' if met else 'NOT met'} {bar}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps({"figures": figures, "bars": bars}, indent=2) + "\n")
