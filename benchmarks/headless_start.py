"""How long the headless sandbox takes from its command to its ready file, against the limit of ten seconds.

    make bench-headless
    python -m benchmarks.headless_start [--rounds 5]

Each round starts `manage.py sandbox --ephemeral` in an empty folder and ends it. Prints all, writes
var/bench/headless_start.json.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report

LIMIT = 10.0  # seconds


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description="From the command to the ready file")
    parser.add_argument("--rounds", type=int, default=5)
    taken = sorted(_seconds() for _ in range(parser.parse_args().rounds))
    figures = {"fastest": taken[0], "median": statistics.median(taken), "slowest": taken[-1]}
    report.table("the headless sandbox is ready", figures, "s")
    bar = f"the median under {LIMIT:.0f} s ({figures['median'] / LIMIT:.2f} of it)"
    report.keep("headless_start", figures, {bar: figures["median"] < LIMIT})


def _seconds() -> float:
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "manage.py", "sandbox", "--ephemeral", "--ready-file", str(ready)]
        began = time.monotonic()
        popen = subprocess.Popen(  # noqa: S603
            command,
            cwd=report.FOLDER.parent.parent,
            env=os.environ | {"TMPDIR": folder},
            stderr=subprocess.DEVNULL,
        )
        try:
            while not ready.exists():
                if popen.poll() is not None:
                    raise SystemExit(f"it ended with {popen.returncode} before it was ready")
                time.sleep(0.01)
            return time.monotonic() - began
        finally:
            popen.terminate()
            popen.wait(30)


if __name__ == "__main__":
    main()
