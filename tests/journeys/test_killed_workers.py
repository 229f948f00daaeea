"""Worker processes killed with SIGKILL, all at once, at each step of an enrolment: it is finished all the same."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.supervision import system as systems
from portal.supervision.system import System
from sandbox.demo.browser import Browser, b64
from tests.journeys.applying import apply
from tsm import jpki
from tsm.jpki import Key

WORKERS = ("tsm", "ca", "phones", "factory")
# Died with its hands full: everything is taken up again within seconds instead of a minute.
IMPATIENT = {
    "TSM_LEASE_SECONDS": "2",
    "CA_LEASE_SECONDS": "2",
    "TSM_LONG_POLL_SECONDS": "2",
    "TSM_SILENCE_SECONDS": "3",
    "TSM_SWEEP_SECONDS": "1",
    "SANDBOX_SESSION_SECONDS": "3",
    "SANDBOX_TALK_SECONDS": "6",
}
STEPS = ("verified", "order", "keyed", "issuing", "certified", "installed")


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Start a system that doesn't wait long for the dead."""
    with systems.started(tmp_path_factory.mktemp("impatient"), IMPATIENT) as running:
        yield running


def wait_for(browser: Browser, enrolment: str, *, step: str, seconds: float) -> dict[str, Any]:
    """Wait until the enrolment has taken a step."""
    deadline = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = browser.ask("GET", enrolment)
        if any(one["step"] == step for one in found["steps"]):
            return found
        assert time.monotonic() < deadline, f"no {step} in {seconds} s: {found['state']} {found['steps']}"
        time.sleep(0.01)


@pytest.mark.parametrize("step", STEPS)
def test_workers_killed_at_a_step_leave_one_pair(impatient: System, step: str, tmp_path: Path) -> None:
    browser = Browser(impatient.web)
    enrolment = apply(browser, "taro")
    wait_for(browser, enrolment, step=step, seconds=30)
    for worker in WORKERS:
        impatient.kill(worker)
    found = wait_for(browser, enrolment, step="installed", seconds=90)
    serials = [one["serial_number"] for one in found["certificates"]]
    assert [one["purpose"] for one in found["certificates"]] == ["signature", "user_authentication"]
    element = browser.open(enrolment.replace("/api/phone/v1", "/phone") + "/").data["element"]
    password, pin = "KILLED48ZX", "7318"
    browser.play(
        element,
        [
            jpki.select_application(),
            jpki.select_file(jpki.File.AUTHENTICATION_PIN),
            jpki.change_password(pin.encode()),
            jpki.select_file(jpki.File.SIGNATURE_PASSWORD),
            jpki.change_password(password.encode()),
        ],
    )
    message = browser.ask("GET", enrolment)["activation"]["text"].encode()
    signatures = {
        "signature": b64(browser.sign(element, Key.SIGNATURE, password, message)),
        "user_authentication": b64(browser.sign(element, Key.AUTHENTICATION, pin, message)),
    }
    active = browser.ask("POST", f"{enrolment}/activation", {"signatures": signatures})
    assert active["state"] == "active"
    assert [one["serial_number"] for one in active["certificates"]] == serials
    counted = impatient.manage(
        "shell", "-v0", "-c",
        "from ca.models import *; "
        "print(Issuance.objects.filter(medium='phone').count(), "
        "Certificate.objects.filter(medium='phone').count(), "
        "Certificate.objects.filter(medium='phone', status='valid').count())",
    ).split()  # fmt: skip
    # Each enrolment asked twice and got two; only the newest pair is valid.
    assert counted[0] == counted[1]
    assert counted[2] == "2"
