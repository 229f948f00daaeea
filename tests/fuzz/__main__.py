"""`python -m tests.fuzz`: every target in turn, each in a process of its own that ends by itself. `make fuzz`.

    python -m tests.fuzz [--seconds 120] [target …]

What was found and what it took stands in var/fuzz/: a folder of inputs for each target, from which the next run goes
on, the finding's bytes beside them, and report.json. Ends non-zero where something was found.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("FUZZ_DIR", ROOT / "var" / "fuzz"))
_STATISTIC = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)
_PROGRESS = re.compile(r"^#(\d+)\t", re.MULTILINE)
_COVERAGE = re.compile(r"\bcov: (\d+) ft: (\d+)")


@dataclass(frozen=True)
class Result:
    """What came of a target: inputs tried, branches reached, megabytes at most, and the finding's file, if any."""

    target: str
    executions: int
    branches: int
    megabytes: int
    kept: int
    seconds: int
    finding: str


def main() -> None:
    """Run the targets named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", help="such as tlv; none: all")
    parser.add_argument("--seconds", type=int, default=120, help="for each (default: %(default)s)")
    asked = parser.parse_args()
    results = []
    for family, name in _named(asked.targets):
        results.append(_run(family, name, asked.seconds))
        print(_line(results[-1]), flush=True)  # noqa: T201
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.json").write_text(json.dumps([asdict(one) for one in results], indent=2) + "\n")
    sys.exit(1 if any(one.finding for one in results) else 0)


def _named(names: list[str]) -> Iterator[tuple[str, str]]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.one"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    known = [tuple(line.split()) for line in told.stdout.splitlines()]
    unknown = set(names) - {name for _, name in known}
    if unknown:
        sys.exit(f"no target {', '.join(sorted(unknown))}; there are {', '.join(name for _, name in known)}")
    for family, name in known:
        if not names or name in names:
            yield family, name


def _run(family: str, name: str, seconds: int) -> Result:
    place = FOLDER / name
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.one", family, name, str(seconds), str(place)]
    log, earlier = FOLDER / f"{name}.log", sum(1 for _ in place.glob("finding-*"))
    with log.open("w") as written:
        ended = subprocess.run(command, cwd=ROOT, stdout=written, stderr=subprocess.STDOUT, check=False)
    said = log.read_text(errors="replace")
    statistics = {key: int(value) for key, value in _STATISTIC.findall(said)}
    covered = _COVERAGE.findall(said)
    found = sorted(place.glob("finding-*"), key=lambda one: one.stat().st_mtime)[earlier:]
    finding = "" if ended.returncode == 0 else f"ended with {ended.returncode}: {found[-1] if found else log}"
    return Result(
        name,
        statistics.get("number_of_executed_units") or max(map(int, _PROGRESS.findall(said)), default=0),
        int(covered[-1][0]) if covered else 0,
        statistics.get("peak_rss_mb", 0),
        sum(1 for _ in (place / "corpus").glob("*")),
        seconds,
        finding,
    )


def _line(result: Result) -> str:
    said = (
        f"{result.target:16} {result.executions:>9,} inputs  {result.branches:>6,} branches  {result.megabytes:>4} MB"
    )
    return f"{said}  {result.finding or 'nothing found'}"


if __name__ == "__main__":
    main()
