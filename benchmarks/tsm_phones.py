"""Many phones provisioned at once by a whole running system, and none lost.

    make bench-tsm
    python -m benchmarks.tsm_phones [--phones 200] [--database sqlite]

The system is started as `make run` starts it: web, two tsm workers, one ca worker, beat, broker. Beside it one process
is all the phones: each a thread with an element in memory and the local agent's own code, over HTTP. All apply in the
same moment, each with its own holder's card; each is provisioned, sets its passwords, and proves both keys. Elements
generate their keys as they come, with no pool. What the server spent is the CPU time of all its processes, long polls
and the phones' questions included; with PostgreSQL, its own is not in it. Counted in the end, in the database: pairs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks import report
from portal.supervision import folder
from portal.supervision import system as systems
from portal.supervision.processes import SECRETS, Process, as_itself, house
from portal.supervision.supervisor import Supervisor
from portal.supervision.system import System

ROOT = Path(__file__).resolve().parent.parent
GIVE_UP = 600.0
AGAIN = 1.0


def main() -> None:
    """Start a system, run the phones against it, tell."""
    parser = argparse.ArgumentParser(description="Many phones at once, none lost")
    parser.add_argument("--phones", type=int, default=200)
    parser.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql"])
    parser.add_argument("--be", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.be:
        sys.stdout.write(json.dumps(be(chosen.be, chosen.phones)) + "\n")
        return
    environment = {}
    if chosen.database == "postgresql":
        from tests import postgresql

        environment["DATABASE_URL"] = postgresql.server().create("bench_phones")
    with (
        tempfile.TemporaryDirectory(prefix="jpki-bench-") as var,
        systems.started(Path(var), environment) as system,
    ):
        found = provision(system, chosen.phones)
    report.table(f"{chosen.phones} phones at once on {chosen.database}", found, "")
    everybody = {f"{chosen.phones} phones at once, none lost": found["valid pairs"] == chosen.phones}
    report.keep("tsm_phones", {chosen.database: found}, everybody)


def provision(system: System, phones: int) -> dict[str, float]:
    """Provision so many new phones at once on a running system; return the figures."""
    command = (sys.executable, "-m", "benchmarks.tsm_phones", "--be", system.web, "--phones", str(phones))
    outer = {**os.environ, "VAR_DIR": str(system.var), **system.environment}
    # It makes cards and phones, so it is who the tables belong to where each process has an address of its own.
    process = as_itself(Process("manage", command, secrets=SECRETS), outer)
    environment = Supervisor(house(outer), outer).environment(process)
    environment |= {"PYTHONWARNINGS": "ignore", "LOG_LEVEL": "ERROR"}
    with subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as beside:
        assert beside.stdin is not None  # noqa: S101
        assert beside.stdout is not None  # noqa: S101
        if beside.stdout.readline().strip() != "ready":
            raise SystemExit("the phones could not be made; what they said stands above")
        before = cpu(system)
        beside.stdin.write("go\n")
        beside.stdin.flush()
        line = beside.stdout.readline()
        spent = cpu(system) - before
    if not line:
        raise SystemExit("the phones ended early; what they said stands above")
    found: dict[str, float] = json.loads(line)
    return found | {"server's CPU, ms a phone": 1000 * spent / phones}


def cpu(system: System) -> float:
    """Return the seconds of CPU that the system's processes, and theirs, have spent."""
    state: dict[str, Any] = json.loads(folder.state_file(system.var).read_text())
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(process.name)] = int(fields[1])
        seconds[int(process.name)] = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    mine = set(map(int, state["processes"].values()))
    while more := {child for child, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(seconds.get(one, 0.0) for one in mine)


# --- The process that is all the phones ----------------------------------------------------------------------------
def be(site: str, phones: int) -> dict[str, float]:
    """Make citizens, say `ready`, wait for a line, provision them all at once; return the figures.

    `site` may name several, with commas between them: the phones are shared out.
    """
    import django

    django.setup()
    from benchmarks import citizens
    from ca import ceremony
    from ca.models import Certificate, Realm
    from ca.profiles import Medium
    from tsm.models import Enrolment

    sites = site.split(",")
    slug = f"phones{Realm.objects.count()}"
    realm = ceremony.create_realm(slug)
    ceremony.create_authorities(realm)
    everybody = citizens.make(realm, phones)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    together = threading.Barrier(phones)
    seconds: list[float] = []
    tries: list[int] = []
    begin = time.monotonic()

    def run(citizen: Any) -> None:
        together.wait()
        phone = OnePhone(sites[everybody.index(citizen) % len(sites)], citizen, begin + GIVE_UP)
        phone.enrol()
        seconds.append(time.monotonic() - begin)
        tries.append(phone.tries)

    threads = [threading.Thread(target=run, args=(citizen,), daemon=True) for citizen in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(begin + GIVE_UP - time.monotonic(), 0.1))
    active = Enrolment.objects.filter(realm=realm, state=Enrolment.State.ACTIVE)
    phone_certificates = Certificate.objects.filter(realm=realm, medium=Medium.PHONE)
    whole = active.filter(signature_certificate__status="valid", authentication_certificate__status="valid").count()
    if phone_certificates.count() != 2 * phones:
        sys.stderr.write(f"{phone_certificates.count()} phone certificates were issued for {phones} phones\n")
    return {
        "valid pairs": float(whole),
        "certificates issued beyond two a phone": float(phone_certificates.count() - 2 * phones),
        "seconds until the last": max(seconds, default=0.0),
        "seconds, median": statistics.median(seconds) if seconds else 0.0,
        "requests that had to be made again": float(sum(tries)),
    }


class OnePhone:
    """A phone with its agent: what fails on the way to the server is tried again, as a phone does."""

    def __init__(self, site: str, citizen: Any, until: float) -> None:
        import httpx

        from tsm.local_agent.errand import Errands, Identity

        reference, _, token = citizen.bearer.partition(":")
        identity = Identity(site, reference, token, citizen.identifier)
        self._citizen = citizen
        self._until = until
        self._errors = httpx.HTTPError
        self._errands = Errands(identity, self._powered, tell=lambda _: None)
        self._api = httpx.Client(
            base_url=f"{site}/api/phone/v1",
            headers={"Authorization": f"Bearer {citizen.bearer}"},
            timeout=60,
            trust_env=False,
        )
        self.tries = 0

    def _powered(self) -> Any:
        import contextlib

        self._citizen.element.power_on()
        return contextlib.nullcontext(self._citizen.element)

    def enrol(self) -> None:
        """Go from the application to the valid pair."""
        text = self._ask("GET", "/application")["text"]
        reference = self._ask("POST", "/enrolments", self._citizen.application(text))["id"]
        while (found := self._ask("GET", f"/enrolments/{reference}"))["state"] != "installed":
            if not self._again(self._errands.go):
                time.sleep(AGAIN)
        self._citizen.set_passwords()
        proof = self._citizen.proof(found["activation"]["text"])
        self._ask("POST", f"/enrolments/{reference}/activation", proof)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        def once() -> Any:
            response = self._api.request(method, path, json=body)
            response.raise_for_status()
            return response.json()

        return self._again(once)

    def _again(self, work: Any) -> Any:
        while True:
            try:
                return work()
            except self._errors:
                if time.monotonic() > self._until:
                    raise
                self.tries += 1
                time.sleep(AGAIN)


if __name__ == "__main__":
    main()
