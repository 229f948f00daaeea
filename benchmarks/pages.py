"""How long the site takes for each page that waits for no phone, in a world with rows in every list, on SQLite.

    make bench-pages
    python -m benchmarks.pages [--rounds 20] [--rows 20]

The pages, and those who look at them, are the tests' (tests/portal/everyone). Each is asked for in process, by Django's
test client, through all of the middleware: what is measured is the server's time, without a socket and without the
browser. Every page is asked for once to warm up, then in rounds over all pages, so that what else the machine does
falls on all alike. Median and 95th percentile, by the clock; and the median of the processor's time. Prints a table,
slowest first, and writes var/bench/pages.json.
"""

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks import everyone, report

BAR = 50.0  # ms, the median by the clock


def main() -> None:
    """Measure in a process of its own, and tell."""
    parser = argparse.ArgumentParser(description="The server's time for every page, on SQLite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=20, help="in every list; a holder has as many phones")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        sys.stdout.write(json.dumps(measure(chosen.rounds, chosen.rows)) + "\n")
        return
    figures = _measured(chosen.rounds, chosen.rows)
    report.say(f"{'page':<58}{'median':>9}{'p95':>9}{'cpu':>9}{'kB':>7}   ms")
    for name, found in sorted(figures.items(), key=lambda entry: -entry[1]["median_ms"]):
        times = "".join(f"{found[key]:>9.1f}" for key in ("median_ms", "p95_ms", "cpu_ms"))
        report.say(f"  {name:<56}{times}{found['bytes'] / 1000:>7.1f}")
    slow = [name for name, found in figures.items() if found["median_ms"] >= BAR]
    bars = {f"every page's median under {BAR:.0f} ms{''.join(f'; not {name}' for name in slow)}": not slow}
    report.keep("pages", figures, bars)


def _measured(rounds: int, rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/database.sqlite3",
            "BROKER_URL": "memory://",
            "DEFAULT_REALM": "bench",
            "LOG_LEVEL": "ERROR",
            "PYTHONWARNINGS": "ignore",
        }
        command = [sys.executable, "-m", "benchmarks.pages", "--measure", f"--rounds={rounds}", f"--rows={rows}"]
        said = subprocess.run(command, env=environment, cwd=report.FOLDER.parent.parent, check=True, stdout=-1)  # noqa: S603
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return found


def measure(rounds: int, rows: int) -> dict[str, Any]:
    """Return the figures of each page, on the database that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    names = ("SECRET_KEY", "CA_KEYS_PASSPHRASE", "RESPONDER_KEYS_PASSPHRASE", "TSM_MASTER_KEY", "SANDBOX_SEAL_KEY")
    for number, name in enumerate(names):
        os.environ.setdefault(name, f"{number:02d}" * 32)
    import django

    django.setup()
    logging.disable(logging.WARNING)  # a refused hand-off's page is one of them
    from django.core.management import call_command

    everyone.settle()
    call_command("migrate", verbosity=0)
    from ca import ceremony
    from tests.portal.everyone import world
    from tests.portal.everyone.pages import PAGES

    realm = ceremony.create_realm("bench")
    ceremony.create_authorities(realm)
    everybody = world.build(realm)
    world.grow(everybody, rows)
    spent: dict[str, list[tuple[float, float]]] = {str(page): [] for page in PAGES}
    weights: dict[str, int] = {}
    for turn in range(rounds + 1):
        for page in PAGES:
            client, address = everybody.browsers[page.browser], everybody.address(page)
            began, worked = time.perf_counter(), time.process_time()
            response = client.get(address)
            taken = time.perf_counter() - began, time.process_time() - worked
            if response.status_code != page.status:
                raise SystemExit(f"{page} answered {response.status_code}: the figures mean nothing")
            weights[str(page)] = len(response.content)
            if turn:
                spent[str(page)].append(taken)
    return {
        name: {
            "median_ms": 1000 * statistics.median(clock for clock, _cpu in each),
            "p95_ms": 1000 * statistics.quantiles((clock for clock, _cpu in each), n=20, method="inclusive")[-1],
            "cpu_ms": 1000 * statistics.median(cpu for _clock, cpu in each),
            "bytes": weights[name],
        }
        for name, each in spent.items()
    }


if __name__ == "__main__":
    main()
