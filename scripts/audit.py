#!/usr/bin/env python3
"""What is locked, held against the published advisories: `pip-audit` over every lock, and an honest line about it.

A known vulnerability that nobody has judged ends with 1. Where the advisories can't be had (a machine without the
network, a mirror that has none), what wasn't looked at is counted and said, and it ends with 0, or with 3 where
AUDIT=required: a host that builds releases sets that. A judgement stands in docs/security.md and here.

A whole report of the same locks is kept for a day, another for an hour (var/audit.json): `make check` asks no oftener.

    scripts/audit.py [--fresh]
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (
    "requirements.lock",
    "requirements-pcsc.lock",
    "requirements-uv.lock",
    "requirements-docs.lock",
    "requirements-production.lock",
)
KEPT = ROOT / "var" / "audit.json"
KEPT_FOR, KEPT_FOR_WHERE_INCOMPLETE = 24 * 3600, 3600
# Advisories that were looked at and don't reach us: id, why, until when. None so far.
JUDGED: dict[str, str] = {}
UNKNOWN = "pip-audit could not ask"


def digest() -> str:
    """Return what says that a kept report is about these very locks."""
    return hashlib.sha256(b"".join((ROOT / lock).read_bytes() for lock in LOCKS)).hexdigest()


def kept() -> dict[str, Any] | None:
    """Return the report that was kept, when it is of today and of these locks."""
    try:
        found: dict[str, Any] = json.loads(KEPT.read_text())
    except (OSError, ValueError):
        return None
    whole = not any("skip_reason" in one for one in found.get("dependencies", []))
    lives = KEPT_FOR if whole else KEPT_FOR_WHERE_INCOMPLETE
    fresh = found.get("locks") == digest() and 0 <= time.time() - found.get("at", 0) < lives
    return found if fresh and "dependencies" in found else None


def ask() -> dict[str, Any]:
    """Return a new report: {dependencies: [{name, version, vulns} or {name, skip_reason}], failed}."""
    found: dict[str, Any] = {"dependencies": [], "failed": ""}
    for lock in LOCKS:
        command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
        command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)  # noqa: S603  (fixed)
            found["dependencies"] += json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
            said = getattr(locals().get("done"), "stderr", "") or str(error)
            found["failed"] = f"{UNKNOWN} ({lock}): {said.strip().splitlines()[-1][:200] if said.strip() else error!r}"
    return found


def judge(report: dict[str, Any], *, required: bool) -> tuple[list[str], int]:
    """Return the lines to print and what to end with."""
    rows = {(one["name"], one.get("version", "")): one for one in report["dependencies"]}
    looked_at = [one for one in rows.values() if "skip_reason" not in one]
    skipped = [one for one in rows.values() if "skip_reason" in one]
    lines, open_ones = [], 0
    for one in looked_at:
        for found in one.get("vulns", []):
            names = {found["id"], *found.get("aliases", [])}
            why = next((JUDGED[name] for name in sorted(names) if name in JUDGED), None)
            open_ones += why is None
            mended = ", ".join(found.get("fix_versions", [])) or "none yet"
            lines.append(f"{one['name']} {one['version']}: {found['id']}, mended in: {mended}; {why or 'NOT JUDGED'}")
    if report["failed"]:
        lines.append(report["failed"])
    if skipped or report["failed"]:
        lines.append(
            f"AUDIT INCOMPLETE: the advisories of {len(skipped)} of {len(rows)} packages could not be had here. "
            "This is no clean bill: run `make audit` where the advisory service can be reached."
        )
    lines.append(f"audit: {len(looked_at)} packages looked at, {len(skipped)} not, {open_ones} open vulnerabilities")
    if open_ones:
        return lines, 1
    return lines, 3 if required and (skipped or report["failed"]) else 0


def main(arguments: list[str]) -> int:
    """Print the report and return what to end with."""
    report = None if "--fresh" in arguments else kept()
    if report is None:
        report = ask()
        if not report["failed"]:
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps({"locks": digest(), "at": time.time(), **report}))
    lines, status = judge(report, required=os.environ.get("AUDIT") == "required")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
