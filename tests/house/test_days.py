"""A day is a day in Japan: whoever needs one asks `ca.clock`, for by UTC it is another, nine hours long."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("ca", "tsm", "whitelist", "portal", "sandbox", "tests", "benchmarks")
TAKEN = re.compile(r"\.date\(\)|\bdate\.today\(|\bdatetime\.today\(|utcnow|utcfromtimestamp")
# The clock itself, and a test that reckons by hand what it holds the clock's days to.
MAY = {"ca/clock.py", "tests/whitelist/test_access.py", "tests/house/test_days.py"}


def test_nobody_takes_a_day_but_the_clock() -> None:
    wrong = [
        f"{name}:{number}: {line.strip()}"
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.py")
        if (name := str(file.relative_to(ROOT))) not in MAY
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if TAKEN.search(line)
    ]
    assert not wrong, wrong
