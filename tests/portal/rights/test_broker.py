"""Queue rights: each user of the definitions connects to a real RabbitMQ and tries everything."""

import json
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import amqp
import kombu
import pytest
from celery import Celery
from django.core.management import call_command

from portal.rights import definitions, passwords, queues
from tests import rabbitmq

HOST = "rights"
ROLES = list(definitions.rights(sandbox=True))
QUEUES = list(queues.queues(sandbox=True))


@pytest.fixture(scope="module")
def words(broker: rabbitmq.Broker, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Give a broker the definitions that the command writes; return the users' passwords."""
    folder = tmp_path_factory.mktemp("passwords") / "broker"
    written = folder.parent / "definitions.json"
    call_command("broker_definitions", "--passwords", str(folder), "--vhost", HOST, "--sandbox", "--out", str(written))
    broker.create(HOST)
    told = json.loads(written.read_text())
    broker.ask("POST", "definitions", told)
    found = {name: (folder / name).read_text().strip() for name in ROLES}
    assert not [word for word in found.values() if word in written.read_text()], "a password in clear"
    return found


@pytest.fixture
def connect(broker: rabbitmq.Broker, words: Mapping[str, str]) -> Iterator[Callable[[str], kombu.Connection]]:
    opened = []

    def connection(role: str) -> kombu.Connection:
        made = kombu.Connection(broker.url(HOST, f"jpki_{role}", words[role]))
        opened.append(made)
        return made

    yield connection
    for each in opened:
        each.release()


def refused(connection: kombu.Connection, act: Callable[[amqp.Channel], object]) -> bool:
    """Do something on a channel of its own; say whether RabbitMQ refused access. What else goes wrong comes out."""
    channel = connection.channel()
    try:
        act(channel)
        # What is sent isn't answered: the next question is, or the channel was closed before.
        channel.basic_qos(0, 1, False)
    except amqp.AccessRefused:
        return True
    finally:
        with suppress(amqp.AMQPError, OSError):
            channel.close()
    return False


@pytest.mark.parametrize("role", ROLES)
def test_a_process_takes_from_its_queues_and_sends_to_those_it_has_to_and_no_others(
    connect: Callable[[str], kombu.Connection], role: str
) -> None:
    table = queues.queues(sandbox=True)
    connection = connect(role)
    for name in QUEUES:
        # How many wait may be asked by everybody: it is what the metrics tell.
        assert not refused(connection, lambda channel, name=name: channel.queue_declare(name, passive=True))
    read = {name for name in QUEUES if not refused(connection, lambda channel, name=name: channel.basic_get(name))}
    assert read == {name for name, access in table.items() if role in access.readers}
    message = amqp.Message("{}")
    written = {
        name
        for name in QUEUES
        if not refused(
            connection, lambda channel, name=name: channel.basic_publish(message, queues.exchange(name), name)
        )
    }
    assert written == {name for name, access in table.items() if role in access.writers}


@pytest.mark.parametrize("role", ROLES)
def test_nobody_makes_empties_or_ends_a_queue_or_goes_round_the_exchanges(
    connect: Callable[[str], kombu.Connection], role: str
) -> None:
    connection = connect(role)
    foreign = next(name for name in QUEUES if role not in queues.queues(sandbox=True)[name].readers)
    message = amqp.Message("{}")
    tries: dict[str, Callable[[amqp.Channel], object]] = {
        "make a queue": lambda channel: channel.queue_declare("mine"),
        "make a nameless queue": lambda channel: channel.queue_declare(""),
        "make an exchange": lambda channel: channel.exchange_declare("mine", "fanout"),
        "end a queue": lambda channel: channel.queue_delete("ca"),
        "end an exchange": lambda channel: channel.exchange_delete("to-ca"),
        "empty another's queue": lambda channel: channel.queue_purge(foreign),
        "have another's messages copied": lambda channel: channel.queue_bind(foreign, "to-ca", "ca"),
        "have its own fed by another's": lambda channel: channel.queue_bind("ca", "to-sweeps", "sweeps"),
        "send by the default exchange": lambda channel: channel.basic_publish(message, "", "ca"),
        "send by the fanout": lambda channel: channel.basic_publish(message, "amq.fanout", "ca"),
    }
    assert [name for name, act in tries.items() if not refused(connection, act)] == []


def test_who_has_nothing_to_do_with_queues_has_no_user(broker: rabbitmq.Broker, words: Mapping[str, str]) -> None:
    users = {each["name"] for each in broker.ask("GET", "users")}
    assert users == {"guest", *(f"jpki_{name}" for name in ROLES)}
    assert "jpki_responder" not in users
    place = f"vhosts/{urllib.parse.quote(HOST, '')}/permissions"
    assert {each["configure"] for each in broker.ask("GET", place) if each["user"] != "guest"} == {"^$"}


def test_celery_sends_and_takes_under_these_rights(
    broker: rabbitmq.Broker, words: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings' own queues and routes: a message goes from the web to the `ca` worker's queue, by its exchange."""
    monkeypatch.setenv("BROKER_MAKES_QUEUES", "0")
    settings = _settings()
    web = Celery("web", broker=broker.url(HOST, "jpki_web", words["web"]), set_as_current=False)
    web.conf.update(settings)
    before = broker.waiting(HOST, "ca")
    web.send_task("ca.issue", args=[[1]])
    while broker.waiting(HOST, "ca") == before:
        pass
    with web.amqp.producer_pool.acquire(block=True) as producer:
        # Another process's route: that exchange isn't the web's to write to. The refusal comes with the next answer.
        web.send_task("ca.sweep_linkage", producer=producer)
        with pytest.raises(amqp.AccessRefused):
            producer.channel.basic_qos(0, 1, False)


def _settings() -> dict[str, object]:
    """Return Celery's settings as `portal.settings.workers` makes them in this environment."""
    import importlib.util

    from portal.settings import workers

    spec = importlib.util.spec_from_file_location("workers_anew", workers.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = ("TASK_QUEUES", "TASK_CREATE_MISSING_QUEUES", "TASK_ROUTES", "TASK_DEFAULT_QUEUE")
    return {name.lower(): getattr(module, f"CELERY_{name}") for name in names}


def test_the_hashes_are_what_the_servers_verify_with() -> None:
    # RabbitMQ's documentation, "Computing a password hash": salt 908D C60A, password test12.
    assert passwords.rabbitmq("test12", bytes.fromhex("908DC60A")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    # Made by PostgreSQL itself: `SET password_encryption = 'scram-sha-256'` is tried by logging in (test_database).
    assert passwords.scram("pencil").startswith("SCRAM-SHA-256$4096:")
