#!/usr/bin/env python3
"""bandit over the project's code. A finding stands where its line bears ruff's mark for it, with the reason beside it.

ruff's rules S are bandit's under the same numbers, so one mark serves both, `# noqa: S603  (why)`, and ruff says which
marks nothing needs any more (RUF100). What bandit finds and ruff doesn't bears `# bandit: B613  (why)`.

    scripts/static-analysis.py [folder ...]
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("ca", "tsm", "whitelist", "portal", "sandbox", "scripts", "manage.py")
# That a module is imported says nothing (B404, B405): what is called of it is looked at. Passwords in the code ruff
# finds by their names (S105 to S107); bandit takes every value for one beside which such a name stands.
LEFT_OUT = ("B105", "B404", "B405")
# Where the two number one thing twice.
ALSO = {"703": "308"}


def marked(line: str) -> set[str]:
    """Return the numbers that a line bears."""
    found: set[str] = set()
    for noted in re.findall(r"#\s*(?:noqa|bandit):\s*([A-Z0-9, ]+)", line):
        found |= set(re.findall(r"\b[SB](\d{3})\b", noted))
    return found


def main(folders: list[str]) -> int:
    """Run bandit; print what no mark excuses and return 1 where there is any."""
    command = [
        sys.executable,
        "-m",
        "bandit",
        "--recursive",
        "--quiet",
        "--format=json",
        "--skip",
        ",".join(LEFT_OUT),
        *folders,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)  # noqa: S603  (the folders are ours)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        sys.stderr.write(f"bandit gave no report:\n{done.stdout[-2000:]}{done.stderr[-2000:]}\n")
        return 2
    lines: dict[str, list[str]] = {}
    open_findings = [f"{one['filename']}: {one['reason']}" for one in told["errors"]]
    used: set[tuple[str, int]] = set()
    for one in told["results"]:
        file = one["filename"]
        text = lines.setdefault(file, (ROOT / file).read_text().splitlines())
        number = one["test_id"][1:]
        excused = {number, ALSO.get(number, number)}
        at = next((line for line in one["line_range"] if excused & marked(text[line - 1])), None)
        if at is None:
            open_findings.append(f"{file}:{one['line_number']}: {one['test_id']} {one['issue_text']}")
        else:
            used.add((file, at))
    for finding in open_findings:
        sys.stdout.write(f"{finding}\n")
    count = told["metrics"]["_totals"]["loc"]
    sys.stdout.write(f"bandit: {count} lines, {len(used)} marked, {len(open_findings)} open\n")
    return 1 if open_findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [one for one in FOLDERS if (ROOT / one).exists()]))
