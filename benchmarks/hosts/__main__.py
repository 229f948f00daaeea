"""Enrolments a second, by the number of hosts: ten hosts, each with a share of a core, and phones that ask all at once.

    make bench-hosts
    python -m benchmarks.hosts [--phones 60] [--share 0.12]

db (PostgreSQL, durable), mq (RabbitMQ, and beat), web1, web2, ca1, ca2, tsm1, tsm2, responder and phones are network
namespaces of this machine with a bridge between them; the same commands run on them that `make run` starts, each with
its own secrets. Web, ca and tsm hosts have `share` of a core each, so that a second host is more of what it is, though
both stand on the same two cores; the database, the broker and the phones have what they need. Each row is the same
phones anew: all apply in one moment, and the rate is theirs until the last has its pair. Beside it stands how much of
its share each kind of host used: the one that is near 100 % is what the rest waits for.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.hosts import database
from benchmarks.hosts.network import ITSELF, Host, Missing, network
from portal.supervision.processes import SECRETS, Process, house
from portal.supervision.supervisor import Supervisor
from tests import rabbitmq

NAMES = ("db", "mq", "web1", "web2", "ca1", "ca2", "tsm1", "tsm2", "responder", "phones")
# web, tsm, ca: so many hosts of each.
STEPS = ((1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 1), (2, 2, 2))
LIMITED = ("web", "ca", "tsm")
UP_SECONDS = 240


def main() -> None:
    """Make the hosts, measure each step, tell."""
    parser = argparse.ArgumentParser(description="Enrolments a second by the number of hosts")
    parser.add_argument("--phones", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.12, help="of a core, for each web, ca and tsm host")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # told to end, it takes its hosts away, too
    with contextlib.ExitStack() as stack:
        try:
            hosts = stack.enter_context(network(NAMES))
            var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jpki-hosts-")))
            system = Hosts(hosts, var)
            system.begin()
        except (Missing, rabbitmq.Missing) as error:
            raise SystemExit(f"no hosts to be had here: {error}") from None
        figures = {}
        for web, tsm, ca in STEPS:
            system.grow(web=web, tsm=tsm, ca=ca)
            figures[f"{web} web, {tsm} tsm, {ca} ca"] = system.measure(chosen.phones, chosen.share, web, tsm, ca)
        figures["2 web, 2 tsm, 2 ca, no limits"] = system.measure(chosen.phones, None, 2, 2, 2)
    first, last = figures["1 web, 1 tsm, 1 ca"], figures["2 web, 2 tsm, 2 ca"]
    report.keep(
        "hosts",
        {"share_of_a_core": chosen.share, "phones": chosen.phones, "steps": figures},
        {
            "every phone has its pair, at every step": all(row["pairs"] == chosen.phones for row in figures.values()),
            "twice the hosts, 1.7 times the enrolments at least": last["a_second"] > 1.7 * first["a_second"],
        },
    )


class Hosts:
    """The system on its hosts: what runs where, and what it used."""

    def __init__(self, hosts: dict[str, Host], var: Path) -> None:
        self.hosts, self.var = hosts, var
        for name in ("log", "secrets", "static"):
            (var / name).mkdir()
        self.broker = rabbitmq.Broker(hosts["mq"].address, hosts["mq"].inside())
        outer = {name: value for name, value in os.environ.items() if name not in SECRETS}
        outer |= {
            "VAR_DIR": str(var),
            "DATABASE_URL": database.start(hosts["db"]),
            "BROKER_URL": self.broker.create("jpki"),
            "PUBLIC_URL": f"http://{hosts['web1'].address}:8000",
            "RESPONDER_URL": f"http://{hosts['responder'].address}:8001",
            "ALLOWED_HOSTS": " ".join(host.address for host in hosts.values()),
            "LOG_LEVEL": "INFO",
        }
        self.plan = house(outer)
        self.supervisor = Supervisor(self.plan, outer)

    def begin(self) -> None:
        """Migrate, hold the ceremony, start the responder and beat."""
        for step in self.plan.steps:
            done = subprocess.run(  # noqa: S603
                step.command, env=self.supervisor.environment(step), capture_output=True, text=True
            )
            if done.returncode:
                raise SystemExit(f"{step.name} failed:\n{done.stdout}{done.stderr}")
        self._start("responder", self.hosts["responder"], "--host", "0.0.0.0")  # noqa: S104 - its own network
        self._start("beat", self.hosts["mq"])

    def grow(self, **kinds: int) -> None:
        """Start what lacks, so that there are so many hosts of each kind, and wait until they are up."""
        new = []
        for kind, count in kinds.items():
            for host in (self.hosts[f"{kind}{number + 1}"] for number in range(count)):
                if not host.started:
                    more = ("--host", "0.0.0.0") if kind == "web" else ()  # noqa: S104 - its own network
                    self._start(kind, host, *more)
                    new.append(host)
        until = time.monotonic() + UP_SECONDS
        while new := [host for host in new if not self._is_up(host)]:
            if time.monotonic() > until:
                logs = "\n".join(self._log(host).read_text(errors="replace")[-1000:] for host in new)
                raise SystemExit(f"{', '.join(host.name for host in new)} did not start:\n{logs}")
            time.sleep(0.2)

    def measure(self, phones: int, share: float | None, web: int, tsm: int, ca: int) -> dict[str, Any]:
        """Let so many phones enrol at once; return the rate, and what each kind of host used of its share."""
        counts = {"web": web, "tsm": tsm, "ca": ca}
        used = {
            kind: [self.hosts[f"{kind}{number + 1}"] for number in range(count)] for kind, count in counts.items()
        }  # fmt: skip
        others = {name: [self.hosts[name]] for name in ("db", "mq", "phones")}
        sites = ",".join(f"http://{host.address}:8000" for host in used["web"])
        command = (sys.executable, "-m", "benchmarks.tsm_phones", "--be", sites, "--phones", str(phones))
        process = Process("phones", command, secrets=SECRETS)
        environment = self.supervisor.environment(process) | {"PYTHONWARNINGS": "ignore", "LOG_LEVEL": "ERROR"}
        here = self.hosts["phones"]
        with subprocess.Popen(  # noqa: S603
            here.inside(*command),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=here.enter,
        ) as beside:
            assert beside.stdin is not None  # noqa: S101
            assert beside.stdout is not None  # noqa: S101
            if beside.stdout.readline().strip() != "ready":
                raise SystemExit("the phones could not be made; what they said stands above")
            for host in (host for kind in LIMITED for host in used[kind]):
                host.limit(share)
            before = {host.name: host.cpu() for many in (*used.values(), *others.values()) for host in many}
            began = time.monotonic()
            beside.stdin.write("go\n")
            beside.stdin.flush()
            line = beside.stdout.readline()
            took = time.monotonic() - began
            spent = {name: self.hosts[name].cpu() - seconds for name, seconds in before.items()}
            for host in (host for kind in LIMITED for host in used[kind]):
                host.limit(None)
        if not line:
            raise SystemExit("the phones ended early; what they said stands above")
        found = json.loads(line)
        last = found["seconds until the last"] or took
        row: dict[str, Any] = {"pairs": int(found["valid pairs"]), "a_second": found["valid pairs"] / last}
        row["median_seconds"] = found["seconds, median"]
        for kind, many in (used | others).items():
            row[f"{kind}_ms_an_enrolment"] = 1000 * sum(spent[host.name] for host in many) / phones
            if kind in LIMITED and share is not None:
                row[f"{kind}_used_of_its_share"] = sum(spent[host.name] for host in many) / (took * share * len(many))
        shares = "  ".join(f"{kind} {row.get(f'{kind}_used_of_its_share', 0):4.0%}" for kind in LIMITED)
        title = f"{web} web, {tsm} tsm, {ca} ca" + ("" if share else ", no limits")
        report.say(f"  {title:<36}{row['a_second']:>8.2f}/s   {shares}   pairs {row['pairs']}")
        return row

    def _start(self, name: str, host: Host, *more: str) -> None:
        process = next(process for process in self.plan.processes if process.name == name)
        # Celery tells workers apart by their names, and all hosts of this machine have one.
        words = [f"--hostname={host.name}@here" if word.startswith("--hostname=") else word for word in process.command]
        environment = self.supervisor.environment(replace(process, command=tuple(words)))
        with self._log(host, name).open("ab") as log:
            host.start((*words, *more), environment, log)

    def _is_up(self, host: Host) -> bool:
        if host.started[-1].poll() is not None:
            return False
        if host.name.startswith("web"):
            from portal.supervision.child import answers

            return answers(f"http://{host.address}:8000/")
        return f"{host.name}@here ready." in self._log(host).read_text(errors="replace")

    def _log(self, host: Host, name: str = "") -> Path:
        return self.var / "log" / f"{host.name}{'-' + name if host.name == 'mq' else ''}.log"


if __name__ == "__main__":
    report.say(f"ten hosts on {ITSELF}/24")
    main()
