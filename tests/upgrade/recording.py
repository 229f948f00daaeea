"""How a release's data came to be: the real system, started, used, stopped, and laid down here.

    python -m tests.upgrade.recording v0.1.0

It is run once for a release, with that release's own code, before the first migration after it. What it leaves in
`tests/upgrade/<release>/`: the database as SQLite has it and as PostgreSQL has it, the key stores and secrets of that
test world, and what a later test needs to go on as the same citizens (`world.json`).
"""

import io
import json
import lzma
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal.supervision import system as systems
from portal.supervision.system import System
from sandbox import personas
from sandbox.demo.browser import Browser
from sandbox.demo.proof import Proof
from sandbox.demo.timeline import Timeline
from sandbox.demo.walk import Phone, Walk
from tests import postgresql
from tests.journeys.applying import apply

HERE = Path(__file__).resolve().parent
# What of the data folder belongs to the release's data: without these the database can't be gone on with.
KEPT = ("ca-keys", "responder-keys", "secrets", "samples")
QUICK = {"LINKAGE_SWEEP_SECONDS": "1", "TSM_SWEEP_SECONDS": "1"}


def main(release: str, *kinds: str) -> None:
    """Record both databases, or those named."""
    for kind in kinds or ("sqlite", "postgresql"):
        record(HERE / release / kind, on_postgresql=kind == "postgresql")


def record(target: Path, *, on_postgresql: bool) -> None:
    """Use a new system and lay down what it leaves."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    environment = dict(QUICK)
    if on_postgresql:
        environment["DATABASE_URL"] = postgresql.server().create("recording")
    with tempfile.TemporaryDirectory(prefix="jpki-recording-") as folder:
        var = Path(folder) / "var"
        with systems.started(var, environment, seconds=600) as running:
            told = use(running, Path(folder))
        told["recorded_at"] = datetime.now(UTC).isoformat()
        (target / "world.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
        if on_postgresql:
            dump_postgresql(environment["DATABASE_URL"], target / "database.sql.xz")
        else:
            dump_sqlite(var / "database.sqlite3", target / "database.sql.xz")
        for name in KEPT:
            shutil.copytree(var / name, target / "data" / name)


def use(running: System, folder: Path) -> dict[str, Any]:
    """Walk the whole path; then leave one citizen with a phone in use, and one half way."""
    timeline = Timeline(io.StringIO())
    proof = Proof(folder / "proof", timeline)  # one for all: who comes next finds the authorities in it

    def walk(persona: str) -> Walk:
        made = Walk(
            web=running.web,
            responder=running.responder,
            samples=running.samples,
            timeline=timeline,
            proof=proof,
        )
        found = personas.find(persona)
        assert found is not None
        made.persona, made.card = found, f"/sandbox/cards/{persona}/session"
        return made

    walk("kenji").whole()
    active = walk("taro")
    phone = active.enrol("in use")
    active.use(phone)
    half = Browser(running.web)
    enrolment = apply(half, "hanako")
    Walk._follow(_following(walk("hanako"), half), enrolment, {"installed"}, quiet=True)
    element = half.open(enrolment.replace("/api/phone/v1", "/phone") + "/").data["element"]
    return {
        "active": _citizen("taro", active.browser, phone),
        "installed": _citizen("hanako", half, Phone(element, enrolment)),
        "checks": timeline.checks,
    }


def _following(walk: Walk, browser: Browser) -> Walk:
    walk.browser = browser
    return walk


def _citizen(persona: str, browser: Browser, phone: Phone) -> dict[str, Any]:
    cookies = {cookie.name: cookie.value for cookie in browser.client.cookies.jar}
    return {"persona": persona, "element": phone.element, "enrolment": phone.enrolment, "cookies": cookies}


def dump_sqlite(database: Path, target: Path) -> None:
    """Write a database as statements of SQL, compressed."""
    with sqlite3.connect(database) as connection:
        text = "\n".join(connection.iterdump())
    compress(text.encode(), target)


def dump_postgresql(url: str, target: Path) -> None:
    """Write a database as statements of SQL that any connection can run, compressed."""
    command = ["pg_dump", "--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges", f"--dbname={url}"]
    compress(subprocess.run(command, check=True, capture_output=True).stdout, target)


def compress(content: bytes, target: Path) -> None:
    """Write octets, compressed, so that the same ones make the same file."""
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(*sys.argv[1:])
