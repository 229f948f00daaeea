"""A whole running system, observed: one id from page to authority, counts from every process, no secret anywhere."""

import json
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import generate_latest

from benchmarks import tsm_phones
from portal.observing import alive, exporter
from portal.supervision.system import System
from sandbox.personas import PERSONAS
from tests.conftest import UNDER_ROLES

# Nothing that a citizen keeps to himself, and nothing that says who he is. Four digits of a PIN stand everywhere.
PRIVATE = [text for one in PERSONAS for text in (one.name, one.romaji, one.address, one.signature_password) if text]
OWN = ("web", "responder", "ca", "tsm", "notices", "probes", "workspaces", "phones", "factory")


def lines(system: System, process: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in system.log(process).splitlines() if line.startswith("{")]


def test_an_application_is_followed_from_page_to_authority_and_nobody_is_named(system: System, settings: Any) -> None:
    assert tsm_phones.provision(system, 1)["valid pairs"] == 1
    processes = defaultdict(set)
    for process in ("web", "tsm", "ca"):
        for line in lines(system, process):
            assert line["process"] == process
            processes[line.get("request_id")].add(process)
    assert {"web", "tsm", "ca"} in [found for id_, found in processes.items() if id_]

    folder = Path(system.environment["METRICS_DIR"])
    settings.METRICS_DIR = str(folder)
    told = generate_latest(exporter.registries()["/metrics/processes"]).decode()
    assert 'jpki_http_requests_total{method="POST",process="web"' in told
    sweeps = "sweeps" if UNDER_ROLES else "tsm"
    for process, task in (("tsm", "tsm.advance"), ("ca", "ca.issue"), (sweeps, "ca.sweep_linkage")):
        assert f'jpki_tasks_total{{outcome="success",process="{process}",task="{task}"}}' in told, task
    httpx.get(f"{system.responder}/healthz").raise_for_status()
    httpx.get(f"{system.web}/readyz").raise_for_status()
    workers = dict(alive.ages(str(folder)))
    assert {"ca", "tsm", "notices", "phones"} <= workers.keys()
    assert max(workers.values()) < alive.SILENT

    written = {process: system.log(process) for process in OWN} | {"metrics": told}
    for text in PRIVATE:
        assert not [process for process, said in written.items() if text in said], text


def test_a_whole_system_has_nothing_wrong(system: System) -> None:
    # A register that was empty until somebody's test, or a list that waits for its minute, is no fault of the system.
    none_of_its = {"crl.missing", "disk.full"}
    # Nor is what no worker of a system that has just begun has come to yet.
    deadline = time.monotonic() + 60
    while found := [one for one in json.loads(_doctor(system))["findings"] if one["id"] not in none_of_its]:
        assert time.monotonic() < deadline, found
        time.sleep(1)


def _doctor(system: System) -> str:
    try:
        return system.manage("doctor", "--json")
    except subprocess.CalledProcessError as error:
        return str(error.stdout)
