"""The whole system as `make run` starts it, on free ports and data of its own."""

import concurrent.futures
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from portal.supervision import folder, system
from portal.supervision.child import end_all, launch
from portal.supervision.processes import SECRETS, house
from portal.supervision.system import System
from tests import memory

pytestmark = pytest.mark.running

SLEEPER = """
import time
def application(environ, start_response):
    time.sleep(6 if environ["PATH_INFO"] == "/wait" else 0)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]
"""


def test_every_address_answers_and_it_is_found_as_running(system: System) -> None:
    assert httpx.get(f"{system.web}/").status_code == 200
    assert httpx.get(f"{system.samples}/").status_code == 200
    assert httpx.get(f"{system.responder}/authority/sandbox/signature.cer").status_code == 200


def test_each_process_holds_its_own_secrets_and_no_others(system: System) -> None:
    plan = house({"VAR_DIR": str(system.var)})
    secrets = {name: folder.secret(system.var, name).read_text().strip() for name in SECRETS}
    for process in plan.processes:
        assert memory.held(system.pid(process.name), secrets) == set(process.secrets), process.name


def test_no_log_holds_a_secret(system: System) -> None:
    for name in SECRETS:
        value = folder.secret(system.var, name).read_text().strip()
        for log in (system.var / "log").iterdir():
            assert value not in log.read_text(errors="replace"), (name, log.name)


@pytest.mark.parametrize("name", ["web", "ca", "tsm", "phones", "beat", "responder", "samples", "redis"])
def test_a_killed_process_is_back_and_the_rest_stayed(system: System, name: str) -> None:
    others = {process.name: system.pid(process.name) for process in house().processes if process.name != name}
    system.restart(name)
    assert others == {other: system.pid(other) for other in others}
    deadline = time.monotonic() + 20
    for address in (f"{system.web}/", f"{system.samples}/", f"{system.responder}/authority/sandbox/signature.cer"):
        while True:
            try:
                assert httpx.get(address, timeout=20).status_code == 200
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, address
                time.sleep(0.1)


def test_a_second_start_goes_on_with_the_same_data_and_holds_nothing_of_the_first(tmp_path: Path) -> None:
    authorities = []
    for _ in range(2):
        with system.started(tmp_path / "var") as second:
            authorities.append(httpx.get(f"{second.responder}/authority/sandbox/signature.cer").content)
            numbers = [second.pid(process.name) for process in house().processes]
            began = time.monotonic()
            found = system.running(tmp_path / "var")
            assert found is not None
            with found as same:
                assert (same.web, same.responder, same.samples) == (second.web, second.responder, second.samples)
        assert time.monotonic() - began < 10
        assert not [number for number in numbers if Path(f"/proc/{number}").exists()]
        assert system.running(tmp_path / "var") is None
    assert authorities[0] == authorities[1]
    assert len(authorities[0]) > 500


def test_without_a_sandbox_it_starts_and_says_what_is_missing_until_nothing_is(tmp_path: Path) -> None:
    var, earnest = tmp_path / "var", {"PRODUCTION": "1"}
    with system.started(var, earnest):
        said = (var / "supervisor.log").read_text()
        assert "PHONE_SIGNATURE_POLICY_OID" in said
        assert "STAFF_LEAKED_PASSWORDS not set" in said
    earnest |= {
        "STAFF_LEAKED_PASSWORDS": "/nowhere/leaked",
        "PHONE_SIGNATURE_POLICY_OID": "1.2.392.200149.8.5.1.1.40",
        "PHONE_USER_AUTHENTICATION_POLICY_OID": "1.2.392.200149.8.5.1.3.50",
    }
    with system.started(var, earnest) as bare:
        said = (var / "supervisor.log").read_text()
        assert "STAFF_LEAKED_PASSWORDS" not in said
        assert "There is no realm 'production'" in said
        assert "manage.py create_authorities --realm production --kind production" in said
        assert httpx.get(f"{bare.web}/").status_code == 200
        assert httpx.get(f"{bare.web}/register/").status_code == 404
        assert httpx.get(f"{bare.web}/api/v1/trust").json()["code"] == "realm_unknown"
        bare.manage("create_authorities", "--realm", "production", "--kind", "production")
        assert httpx.get(f"{bare.responder}/authority/production/signature.cer").status_code == 200
    with system.started(var, earnest):
        said = (var / "supervisor.log").read_text()
        assert "There is no realm" not in said
        assert "No service is on the register of realm 'production'" in said
    assert not [log.name for log in (var / "log").iterdir() if "Traceback" in log.read_text(errors="replace")]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[str]:
    """Serve an application that sleeps, with the very command that serves the site."""
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    port = system.free_ports(1)[0]
    web = next(process for process in house({"PORT": str(port)}).processes if process.name == "web")
    web = dataclasses.replace(web, command=(*web.command[:-1], "--working-dir", str(tmp_path), "sleeper:application"))
    with (tmp_path / "log").open("wb") as log:
        popen = launch(web.command, {}, log)
    deadline = time.monotonic() + 15
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            httpx.get(address)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)
    yield address
    end_all([popen])


def test_twenty_phones_that_wait_keep_nobody_else_waiting(sleeper: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(20) as phones:
        waiting = [phones.submit(httpx.get, f"{sleeper}/wait", timeout=30) for _ in range(20)]
        time.sleep(0.5)
        assert httpx.get(sleeper).text == "here"
        assert not [each for each in waiting if each.done()], "answered while all of them were still waiting"
        assert {each.result().text for each in waiting} == {"here"}
