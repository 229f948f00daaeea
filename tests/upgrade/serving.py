"""The release serves while this code migrates its database, and after; then this code's system goes on. `make upgrade`.

Minutes long, so its name keeps it out of `make test`. It needs the release's own code, from the history.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from portal.supervision import system as systems
from portal.supervision.child import end_all
from portal.supervision.system import System
from sandbox.demo.proof import Proof
from sandbox.demo.timeline import Timeline
from sandbox.demo.walk import PHONE_PASSWORD, PHONE_PIN, Phone, Walk
from tests import postgresql
from tests.conftest import missing
from tests.upgrade import release
from tests.upgrade.recording import QUICK
from tsm import jpki

SECONDS = 900


@contextlib.contextmanager
def started(folder: Path, laid: release.Laid, environment: Mapping[str, str]) -> Iterator[None]:
    """Start the release's own system, from its own code."""
    log = (laid.var / "release.log").open("ab")
    command = (sys.executable, "-m", "portal.supervision")
    popen = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                if json.loads((laid.var / "system.json").read_text())["ready"]:
                    break
            said = (laid.var / "release.log").read_text(errors="replace")
            assert popen.poll() is None and time.monotonic() < deadline, said[-3000:]  # noqa: PT018
            time.sleep(0.2)
        yield
    finally:
        end_all([popen], seconds=30)
        log.close()


def manage(folder: Path, environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    command = (sys.executable, "manage.py", *arguments)
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True)


def finished(popen: "subprocess.Popen[str]") -> str:
    said, _ = popen.communicate(timeout=SECONDS)
    assert popen.returncode == 0, said[-3000:]
    return said


@pytest.mark.parametrize("kind", release.KINDS)
def test_the_release_serves_while_it_is_migrated_and_this_code_goes_on(kind: str, tmp_path: Path) -> None:
    try:
        folder = release.code(tmp_path)
        laid = release.lay_down(kind, tmp_path / "laid", today=True)
    except (release.HistoryMissing, postgresql.Missing) as error:
        missing(str(error))
    ports = dict(zip(systems.PORTS, map(str, systems.free_ports(len(systems.PORTS))), strict=True))
    environment = {"VAR_DIR": str(laid.var), "DATABASE_URL": laid.url, **ports, **QUICK, **release.PATIENT}
    own = {"PYTHONPATH": str(folder / "sandbox" / "client" / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    # The site's settings on this data, not the tests', which have a folder of their own.
    outer = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    theirs = outer | environment | own
    with started(folder, laid, theirs):
        # The whole path: enrolment, hand-off, end, linked revocation, by the release's own walk.
        walk = manage(folder, theirs, "demo", "--output", str(tmp_path / "during"))
        # The walk takes longer than it takes to begin to migrate.
        migration = manage(release.ROOT, outer | environment, "migrate", "--no-input")
        assert "OK" in finished(migration)
        assert "all right" in finished(walk)
        assert "all right" in finished(manage(folder, theirs, "demo", "--output", str(tmp_path / "after")))
    with systems.started(laid.var, environment, seconds=SECONDS) as running:
        assert "0 planned" not in running.manage("migrate", "--plan")
        goes_on(running, laid, tmp_path)
        assert "whole" in running.manage("verify_journal")


def goes_on(running: System, laid: release.Laid, folder: Path) -> None:
    """Go on as the citizens of before: one uses the phone, one finishes; and walk the whole path."""
    timeline = Timeline()

    def walk(name: str) -> tuple[Walk, Phone]:
        made = Walk(
            web=running.web,
            responder=running.responder,
            samples=running.samples,
            timeline=timeline,
            proof=Proof(folder / name, timeline),
        )
        told = laid.world[name]
        for cookie, value in told["cookies"].items():
            if not cookie.startswith("samples_"):  # a service's session is a browser's, and may be begun anew
                made.browser.client.cookies.set(cookie, value, domain="localhost.local")
        return made, Phone(told["element"], told["enrolment"])

    active, phone = walk("active")
    for key in (jpki.Key.SIGNATURE, jpki.Key.AUTHENTICATION):
        active.published.fetch_authority(key)
    active.use(phone)
    half, phone = walk("installed")
    set_passwords(half, phone)
    whole = Walk(
        web=running.web,
        responder=running.responder,
        samples=running.samples,
        timeline=timeline,
        proof=Proof(folder / "whole", timeline),
    )
    whole.whole()


def set_passwords(walk: Walk, phone: Phone) -> None:
    """Finish an enrolment: both passwords, then the proof of both keys."""
    from sandbox.demo.browser import b64

    walk.browser.play(
        phone.element,
        [
            jpki.select_application(),
            jpki.select_file(jpki.File.AUTHENTICATION_PIN),
            jpki.change_password(PHONE_PIN.encode()),
            jpki.select_file(jpki.File.SIGNATURE_PASSWORD),
            jpki.change_password(PHONE_PASSWORD.encode()),
        ],
    )
    text = walk.browser.ask("GET", phone.enrolment)["activation"]["text"].encode()
    signatures = {
        "signature": b64(walk.browser.sign(phone.element, jpki.Key.SIGNATURE, PHONE_PASSWORD, text)),
        "user_authentication": b64(walk.browser.sign(phone.element, jpki.Key.AUTHENTICATION, PHONE_PIN, text)),
    }
    active = walk.browser.ask("POST", f"{phone.enrolment}/activation", {"signatures": signatures})
    assert active["state"] == "active"
