"""The whole path, each process under its own role at PostgreSQL and its own user at RabbitMQ."""

import io
import json
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command

from portal.rights import definitions, passwords, statements
from portal.rights.processes import OWNER, processes, role
from portal.supervision import system as systems
from portal.supervision.system import System
from sandbox.demo.proof import Proof
from sandbox.demo.timeline import Timeline
from sandbox.demo.walk import Walk
from tests import postgresql, rabbitmq

NAME = "under_roles"
# What PostgreSQL and RabbitMQ say when somebody wants what isn't theirs, and what our triggers say.
REFUSED = re.compile(r"permission denied|InsufficientPrivilege|row-level security|ACCESS_REFUSED|access_refused", re.I)


@pytest.fixture(scope="module")
def separated(
    postgres: postgresql.Server, broker: rabbitmq.Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("under-roles")
    words = {name: passwords.password(folder / "database", name) for name in [OWNER, *processes(sandbox=True)]}
    address = postgres.create(NAME)
    with psycopg.connect(address) as connection:
        for one in statements.roles(words, database=NAME, sandbox=True):
            connection.execute(one)  # type: ignore[arg-type]
    written = folder / "definitions.json"
    call_command("broker_definitions", "--passwords", str(folder / "broker"), "--vhost", NAME, "--out", str(written))
    broker.create(NAME)
    broker.ask("POST", "definitions", json.loads(written.read_text()))

    def database(name: str) -> str:
        parts = urllib.parse.urlsplit(address)
        return parts._replace(netloc=f"{role(name)}:{words[name]}@").geturl()

    def queue(name: str) -> str:
        return broker.url(NAME, role(name), (folder / "broker" / name).read_text().strip())

    environment = {"TSM_SWEEP_SECONDS": "2", "LINKAGE_SWEEP_SECONDS": "2", "BROKER_MAKES_QUEUES": "0"}
    # Nobody has what all could have.
    environment |= {
        "DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent",
        "BROKER_URL": "amqp://127.0.0.1:1/",
    }
    for name in processes(sandbox=True):
        environment[f"DATABASE_URL_{name.upper()}"] = database(name)
    for name in definitions.rights(sandbox=True):
        environment[f"BROKER_URL_{name.upper()}"] = queue(name)
    # The steps of the start: the tables are the owner's, and the test world is set up by it.
    environment |= {f"DATABASE_URL_{step}": database(OWNER) for step in ("MIGRATE", "RIGHTS", "SETUP", "MANAGE")}
    environment["BROKER_URL_SETUP"] = environment["BROKER_URL_MANAGE"] = queue("ceremony")
    with systems.started(folder / "var", environment, seconds=600) as running:
        yield running


def assert_nobody_was_refused(system: System, broker: rabbitmq.Broker) -> None:
    said = {path.name: path.read_text(errors="replace").splitlines() for path in (system.var / "log").iterdir()}
    # A message that is refused is told to nobody but the broker's log, where other tests' are, too.
    said["broker"] = [line for line in (broker.folder / "log").read_text().splitlines() if f"'{NAME}'" in line]
    refused = {name: [line for line in lines if REFUSED.search(line)][:5] for name, lines in said.items()}
    assert {name: lines for name, lines in refused.items() if lines} == {}


def test_the_whole_path_holds_and_nobody_is_refused_anything(
    separated: System, broker: rabbitmq.Broker, tmp_path: Path
) -> None:
    timeline = Timeline(io.StringIO())
    Walk(
        web=separated.web,
        responder=separated.responder,
        samples=separated.samples,
        timeline=timeline,
        proof=Proof(tmp_path, timeline),
    ).whole()
    assert timeline.checks > 25
    assert_nobody_was_refused(separated, broker)
    assert "sandbox" in separated.manage("verify_journal")


def test_no_process_holds_anothers_address(separated: System) -> None:
    seen = {}
    for name in [*processes(sandbox=True)]:
        if name in ("ceremony", "reader"):
            continue
        words = Path(f"/proc/{separated.pid(name)}/environ").read_bytes().decode().split("\0")
        seen[name] = {word.split("=", 1)[0] for word in words if word.startswith(("DATABASE_URL", "BROKER_URL"))}
        text = "\0".join(words)
        assert f"{role(name)}:" in text or name in ("responder", "beat")
        assert not [other for other in processes(sandbox=True) if other != name and f"{role(other)}:" in text], name
    assert set().union(*seen.values()) == {"DATABASE_URL", "BROKER_URL"}
