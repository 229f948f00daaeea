"""A whole system in which each process has its own role at PostgreSQL and its own user at RabbitMQ."""

import contextlib
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from django.core.management import call_command

from portal.rights import definitions, passwords, statements
from portal.rights.processes import OWNER, processes, role
from portal.supervision import system as systems
from portal.supervision.system import System
from tests import postgresql, rabbitmq

# What PostgreSQL and RabbitMQ say when somebody wants what isn't theirs, and what our triggers say.
REFUSED = re.compile(r"permission denied|InsufficientPrivilege|row-level security|ACCESS_REFUSED|access_refused", re.I)


@contextlib.contextmanager
def separated(
    folder: Path, name: str, postgres: postgresql.Server, broker: rabbitmq.Broker, more: Mapping[str, str] | None = None
) -> Iterator[System]:
    """Start it; `name` is its database's and its virtual host's."""
    words = {one: passwords.password(folder / "database", one) for one in [OWNER, *processes(sandbox=True)]}
    address = postgres.create(name)
    with psycopg.connect(address) as connection:
        for one in statements.roles(words, database=name, sandbox=True):
            connection.execute(one)  # type: ignore[arg-type]
    written = folder / "definitions.json"
    call_command("broker_definitions", "--passwords", str(folder / "broker"), "--vhost", name, "--out", str(written))
    broker.create(name)
    broker.ask("POST", "definitions", json.loads(written.read_text()))

    def database(process: str) -> str:
        parts = urllib.parse.urlsplit(address)
        return parts._replace(netloc=f"{role(process)}:{words[process]}@").geturl()

    def queue(process: str) -> str:
        return broker.url(name, role(process), (folder / "broker" / process).read_text().strip())

    environment = {"TSM_SWEEP_SECONDS": "2", "LINKAGE_SWEEP_SECONDS": "2", "BROKER_MAKES_QUEUES": "0", **(more or {})}
    # Nobody has what all could have.
    environment |= {
        "DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent",
        "BROKER_URL": "amqp://127.0.0.1:1/",
    }
    for process in processes(sandbox=True):
        environment[f"DATABASE_URL_{process.upper()}"] = database(process)
    for process in definitions.rights(sandbox=True):
        environment[f"BROKER_URL_{process.upper()}"] = queue(process)
    # The steps of the start: the tables are the owner's, and the test world is set up by it.
    environment |= {f"DATABASE_URL_{step}": database(OWNER) for step in ("MIGRATE", "RIGHTS", "SETUP", "MANAGE")}
    # A command of the test world asks the virtual phones, too, which a ceremony may not.
    environment |= {"BROKER_URL_SETUP": queue("ceremony"), "BROKER_URL_MANAGE": queue("web")}
    with systems.started(folder / "var", environment, seconds=600) as running:
        yield running


def refusals(system: System, name: str, broker: rabbitmq.Broker) -> dict[str, list[str]]:
    """Return what the logs say of somebody who wanted what isn't his: five lines at most of each log."""
    said = {path.name: path.read_text(errors="replace").splitlines() for path in (system.var / "log").iterdir()}
    # A message that is refused is told to nobody but the broker's log, where other tests' are, too.
    said["broker"] = [line for line in (broker.folder / "log").read_text().splitlines() if f"'{name}'" in line]
    refused = {one: [line for line in lines if REFUSED.search(line)][:5] for one, lines in said.items()}
    return {one: lines for one, lines in refused.items() if lines}
