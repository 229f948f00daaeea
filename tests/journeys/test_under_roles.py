"""The whole path, each process under its own role at PostgreSQL and its own user at RabbitMQ."""

import io
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portal.rights.processes import processes
from portal.supervision.system import System
from sandbox.demo.proof import Proof
from sandbox.demo.timeline import Timeline
from sandbox.demo.walk import Walk
from tests import memory, postgresql, rabbitmq, under_roles

NAME = "under_roles"
ADDRESSES = ("DATABASE_URL", "BROKER_URL")
# Who has no user at the broker reaches none.
NOWHERE = {"DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent", "BROKER_URL": "amqp://127.0.0.1:1/"}


@pytest.fixture(scope="module")
def separated(
    postgres: postgresql.Server, broker: rabbitmq.Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    with under_roles.separated(tmp_path_factory.mktemp("under-roles"), NAME, postgres, broker) as running:
        yield running


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
    assert under_roles.refusals(separated, NAME, broker) == {}
    assert "sandbox" in separated.manage("verify_journal")


def test_no_process_holds_anothers_password(separated: System) -> None:
    named = [name for name in processes(sandbox=True) if name not in ("ceremony", "counter", "reader")]
    words = {
        f"{kind} {name}": urllib.parse.urlsplit(address).password or ""
        for kind in ADDRESSES
        for name in processes(sandbox=True)
        if (address := separated.environment.get(f"{kind}_{name.upper()}"))
    }
    assert len(words) > len(named)
    for name in named:
        own = {f"{kind} {name}" for kind in ADDRESSES} & set(words)
        assert memory.held(separated.pid(name), words) == own, name


def managed(system: System, process: str, *words: str) -> tuple[int, str]:
    """Run a command as one of the processes; return how it ended, and what it said."""
    own = {f"{name}_MANAGE": system.environment.get(f"{name}_{process.upper()}", "") for name in ADDRESSES}
    own = {name: address or NOWHERE[name.removesuffix("_MANAGE")] for name, address in own.items()}
    try:
        return 0, replace(system, environment=dict(system.environment) | own).manage(*words)
    except subprocess.CalledProcessError as error:
        return error.returncode, error.stdout


@pytest.mark.parametrize(
    ("process", "words"),
    [
        # What looks into virtual phones needs their key, which the reader has not.
        ("reader", ["books", "--realm", "sandbox", "--quick"]),
        ("reader", ["doctor"]),
        ("reader", ["missing"]),
        ("ceremony", ["verify_journal", "--realm", "sandbox"]),
        ("ceremony", ["halt", "--realm", "sandbox"]),
        ("ceremony", ["resume", "--realm", "sandbox", "--by", "an officer"]),
        ("counter", ["order_cards", "--realm", "sandbox", "--issued"]),
        ("web", ["staff", "add", "sakura", "--role", "helpdesk"]),
        ("notices", ["letters", "--help"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_command_has_the_rights_that_it_needs_as_the_process_that_is_named_for_it(
    separated: System, process: str, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    ended, said = managed(separated, process, *words)
    assert not under_roles.REFUSED.search(said + capfd.readouterr().err)
    assert ended == 0 or words[0] in ("doctor", "books"), said  # those end with 1 where they find something


def test_another_process_could_not_lift_a_halt(separated: System, capfd: pytest.CaptureFixture[str]) -> None:
    managed(separated, "ceremony", "halt", "--realm", "sandbox")
    try:
        ended, _ = managed(separated, "web", "resume", "--realm", "sandbox", "--by", "nobody")
        assert ended
        assert under_roles.REFUSED.search(capfd.readouterr().err)
    finally:
        assert managed(separated, "ceremony", "resume", "--realm", "sandbox", "--by", "an officer")[0] == 0
