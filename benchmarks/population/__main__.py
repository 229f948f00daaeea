"""Measure everything in a population of so many holders on PostgreSQL.

    make bench-population HOLDERS=1000000
    python -m benchmarks.population load 1000000 [--full]
    python -m benchmarks.population measure 1000000
    python -m benchmarks.population drop 1000000

Two card certificates a holder, and a phone pair for each fifth. What is made, and what it is not, says
`benchmarks.population.loading`; what is measured, `benchmarks.population.measuring`. The figures are kept in
docs/scale/, from which `benchmarks.population.drawing` makes the curves of docs/scale.md.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.population.server import OTHERS, Server

SECRETS = ("SECRET_KEY", "CA_KEYS_PASSPHRASE", "RESPONDER_KEYS_PASSPHRASE", "TSM_MASTER_KEY", "SANDBOX_SEAL_KEY")
FOLDER = Path(os.environ.get("POPULATION_FOLDER", Path(tempfile.gettempdir()) / "jpki-population"))


def main() -> None:
    """Do one step, or all three."""
    parser = argparse.ArgumentParser(description="A population on PostgreSQL, and everything measured in it")
    parser.add_argument("step", choices=["load", "measure", "drop", "all"])
    parser.add_argument("holders", type=int)
    parser.add_argument("--full", action="store_true", help="copies with everything, the octets of certificates too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=["work", "timetable", "pages", "api", "all"], default="all")
    parser.add_argument("--only", default="", help="measure what has this in its name, and keep nothing")
    parser.add_argument("--shared-buffers", default="1GB")
    parser.add_argument("--workers", type=int, default=2, help="tables loaded at once")
    chosen = parser.parse_args()
    server = Server(FOLDER)
    server.start(chosen.shared_buffers)
    name = f"population_{chosen.holders}{'_full' if chosen.full else ''}"
    # Who looks at pages while another works is told from him by the database's user.
    _settings(server.url(name, chosen.part if chosen.part in OTHERS else "jpki"), FOLDER / name)
    from benchmarks.population import frame, loading

    if chosen.step in ("load", "all"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir()
        server.create(name)
        _django()
        made = loading.load(frame.Size(chosen.holders, chosen.full), chosen.workers)
        (FOLDER / name / "made.json").write_text(json.dumps(made))
    if chosen.step in ("measure", "all"):
        _django()
        from benchmarks.population import measuring

        made = json.loads((FOLDER / name / "made.json").read_text())
        measuring.measure(
            chosen.holders, full=chosen.full, rounds=chosen.rounds, part=chosen.part, only=chosen.only, made=made
        )
    if chosen.step in ("drop", "all"):
        from django.db import connections

        connections.close_all()
        server.drop(name)
        shutil.rmtree(FOLDER / name, ignore_errors=True)


def _settings(database: str, folder: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database,
        "BROKER_URL": "memory://",
        "DEFAULT_REALM": "bench",
        "LOG_LEVEL": "ERROR",
        "TSM_LONG_POLL_SECONDS": "20",
        "PYTHONWARNINGS": "ignore",
    }
    for number, secret in enumerate(SECRETS):
        os.environ.setdefault(secret, f"{number:02d}" * 32)


def _django() -> None:
    import logging
    import warnings

    import django

    warnings.simplefilter("ignore")
    django.setup()
    logging.disable(logging.WARNING)  # a refused hand-off's page is one of them


if __name__ == "__main__":
    sys.exit(main())
