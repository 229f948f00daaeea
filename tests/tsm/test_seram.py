"""SERAM 2.0 to the letter: what agent and TSM say, where its text contradicts itself too, its timers, and who asks."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command

from ca.models import Realm
from sandbox import phones, power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import agent, sei
from tsm.globalplatform import commands
from tsm.models import Conversation, Enrolment

pytestmark = pytest.mark.django_db(transaction=True)

SELECT_ISSUER = commands.select(sei.ISSUER_DOMAIN).encode().hex().upper()


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver) -> Citizen:
    return Citizen.with_new_phone(realm, deliver)


class Played:
    """A TSM that sends the given orders and keeps what the agent tells."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        self.orders: Iterator[dict[str, Any]] = iter(orders)
        self.told: list[tuple[str, dict[str, Any]]] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.told.append((path, body))
        return {} if path == "/handshake" else next(self.orders)


def converse(citizen: Citizen, tsm: Played, **more: Any) -> agent.Tally:
    return agent.converse(
        tsm.post,
        lambda: power.element(citizen.row),
        identifier=citizen.phone.element.identifier,
        sleep=more.pop("sleep", lambda _: None),
        **more,
    )


# --- the agent


@pytest.mark.parametrize(("start", "stop"), [("startCommand", "stopCommand"), ("ramStartCommand", "ramStopCommand")])
def test_the_agent_knows_both_names_and_says_nothing_after_the_stop(citizen: Citizen, start: str, stop: str) -> None:
    script = {"ramCommandType": "seRamCommand", "listOfCAPDU": [SELECT_ISSUER, "80CA004200"]}
    seen: list[str] = []
    tsm = Played(
        {"ramCommands": [{"ramCommandType": start}]},
        {"delay": 0, "ramCommands": [script, {"ramCommandType": "notificationCommand", "deviceAppNotification": "一"}]},
        {"ramCommands": [script, {"ramCommandType": stop}]},
    )
    converse(citizen, tsm, notify=seen.append)
    statuses = [body["localAgentStatus"] for path, body in tsm.told if path == "/remoteManagement"]
    assert [one["localAgentStatusEnum"] for one in statuses] == ["POLLING", "PROCESSED", "PROCESSED"]
    assert [one["executedSeRamCommands"] for one in statuses] == [0, 0, 1]
    assert [one["executedRamCommands"] for one in statuses] == [0, 0, 1]
    assert tsm.told[-1][1]["ramResponses"][0]["listOfRAPDU"][1].endswith("9000")
    assert seen == ["一"]


def test_an_error_is_a_normal_answer_and_the_rest_is_still_sent(citizen: Citizen) -> None:
    tsm = Played(
        {"ramCommands": [{"ramCommandType": "seRamCommand", "listOfCAPDU": ["80E40000024F00", SELECT_ISSUER]}]},
        {"ramCommands": [{"ramCommandType": "stopCommand"}]},
    )
    converse(citizen, tsm)
    answers = tsm.told[-1][1]["ramResponses"][0]["listOfRAPDU"]
    assert (answers[0], answers[1][-4:]) == ("6982", "9000")


def test_a_command_without_an_answer_has_an_empty_one(citizen: Citizen) -> None:
    class Gone:
        def transmit(self, apdu: bytes) -> bytes:
            raise ConnectionError

        def __enter__(self) -> "Gone":
            return self

        def __exit__(self, *args: object) -> None:
            pass

    tsm = Played(
        {"ramCommands": [{"ramCommandType": "seRamCommand", "listOfCAPDU": [SELECT_ISSUER] * 3}]},
        {"ramCommands": [{"ramCommandType": "stopCommand"}]},
    )
    agent.converse(tsm.post, Gone, identifier=citizen.phone.element.identifier, sleep=lambda _: None)
    report = tsm.told[-1][1]
    assert report["localAgentStatus"]["localAgentStatusEnum"] == "UNAVAILABLE_SE"
    assert report["ramResponses"][0]["listOfRAPDU"] == [""]


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"chosenSecureElement": {"seType": "eSE", "seId": "00"}}, "UNAVAILABLE_SE"),
        ({"ramCommands": [{"ramCommandType": "seRamCommand", "listOfCAPDU": ["00O4"]}]}, "UNKNOWN_FAILURE"),
    ],
)
def test_what_cannot_be_done_has_its_status(citizen: Citizen, order: dict[str, Any], status: str) -> None:
    script = {"ramCommandType": "seRamCommand", "listOfCAPDU": [SELECT_ISSUER]}
    tsm = Played({"ramCommands": [script]} | order, {"ramCommands": [{"ramCommandType": "stopCommand"}]})
    converse(citizen, tsm)
    assert tsm.told[-1][1]["localAgentStatus"]["localAgentStatusEnum"] == status


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        ([], "the answer is no object"),
        ({"chosenSecureElement": "00"}, "chosenSecureElement is no object"),
        ({"ramCommands": {}}, "ramCommands is no list"),
        ({"ramCommands": ["startCommand"]}, "a ramCommand is no object"),
        ({"ramCommands": [{"ramCommandType": "seRamCommand", "listOfCAPDU": [1]}]}, "listOfCAPDU stand texts"),
        ({"ramCommands": [{"ramCommandType": "seRamCommand", "listOfCAPDU": ["00"] * 5000}]}, "no list of at most"),
        ({"delay": "soon"}, "delay is a number"),
        ({"delay": -1}, "delay is a number"),
    ],
)
def test_an_answer_that_is_no_seram_is_named_and_nothing_of_it_played(citizen: Citizen, order: Any, wrong: str) -> None:
    with pytest.raises(httpx.HTTPError, match=wrong):
        converse(citizen, Played(order), shaken=True)


def test_what_is_too_short_for_a_command_is_not_played(citizen: Citizen) -> None:
    script = {"ramCommandType": "seRamCommand", "listOfCAPDU": [SELECT_ISSUER, "80CA"]}
    tsm = Played({"ramCommands": [script]}, {"ramCommands": [{"ramCommandType": "stopCommand"}]})
    converse(citizen, tsm)
    assert tsm.told[-1][1]["localAgentStatus"]["localAgentStatusEnum"] == "UNKNOWN_FAILURE"
    assert len(tsm.told[-1][1]["ramResponses"][0]["listOfRAPDU"]) == 1


def test_nobody_makes_the_agent_wait_for_more_than_a_minute(citizen: Citizen) -> None:
    waited: list[float] = []
    tsm = Played({"delay": 1e300}, {"ramCommands": [{"ramCommandType": "stopCommand"}]})
    converse(citizen, tsm, sleep=waited.append)
    assert waited == [60]


def test_the_agent_waits_as_long_as_it_is_told(citizen: Citizen) -> None:
    waited: list[float] = []
    tsm = Played({"delay": 700}, {}, {"ramCommands": [{"ramCommandType": "stopCommand"}]})
    converse(citizen, tsm, sleep=waited.append)
    assert waited == [0.7, 0.1]


def test_the_agent_tries_again_for_five_minutes(citizen: Citizen) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        raise httpx.ConnectError("nobody there")

    with pytest.raises(httpx.ConnectError):
        agent.converse(
            post,
            lambda: power.element(citizen.row),
            identifier="00",
            sleep=sleep,
            clock=lambda: now[0],
        )
    assert 300 <= now[0] <= 302
    assert agent.ANSWER_TIMEOUT == 40


# --- the TSM


def asked(citizen: Citizen, path: str, body: dict[str, Any], **headers: str) -> Any:
    session = Conversation.objects.latest("pk").reference
    headers = headers or {"authorization": f"Bearer {phones.bearer(citizen.row)}"}
    return citizen.client.post(
        f"/gp/seram{path}?sessionId={session}", body, content_type="application/json", headers=headers
    )


def elements(citizen: Citizen, **more: Any) -> dict[str, Any]:
    return {"secureElements": [{"seType": "eSE", "seId": citizen.phone.element.identifier}], **more}


def test_the_tsm_takes_every_spelling_and_every_default(citizen: Citizen, realm: Realm) -> None:
    citizen.apply(card_of(realm))
    citizen.deliver("tsm")
    for versions in ({}, {"supportedVersions": ["2.0.0"]}, {"supportedVersion": ["2.0.0"]}):
        shaken = asked(citizen, "/handshake", elements(citizen, **versions))
        assert shaken.status_code == 200
        chosen = shaken.json()
        assert chosen["chosenDataFormat"] == chosen["chosenDataProtocol"] == "application/json"
    for spelling in ("executedSeRamCommands", "executedRamCommands", "executeRamCommands"):
        body = {"localAgentStatus": {"localAgentStatusEnum": "POLLING", spelling: 0}}
        assert asked(citizen, "/remoteManagement", body).status_code == 200


@pytest.mark.parametrize("session", ["", "no session", "0f96af97-f879-45a2-a011-ee7439df3804"])
def test_an_unknown_session_is_not_found(citizen: Citizen, session: str) -> None:
    answer = citizen.client.post(
        f"/gp/seram/handshake?sessionId={session}",
        elements(citizen),
        content_type="application/json",
        headers={"authorization": f"Bearer {phones.bearer(citizen.row)}"},
    )
    assert answer.status_code == 404


def test_an_agent_that_opens_channels_has_no_answer_to_select(citizen: Citizen, realm: Realm) -> None:
    citizen.apply(card_of(realm))
    client_post = citizen.client.post

    def post(url: str, body: Any = None, **more: Any) -> Any:
        for part in (body or {}).get("ramResponses", []):
            part["listOfRAPDU"][0] = ""
        return client_post(url, body, **more)

    citizen.client.post = post  # type: ignore[method-assign]
    citizen.converse()
    assert Enrolment.objects.get().state == "installed"


# --- TLS client certificates


@pytest.fixture
def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "agent")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now)
    return builder.sign(key, SHA256())


def test_an_agents_client_certificate_stands_for_its_token(
    citizen: Citizen, realm: Realm, settings: Any, certificate: x509.Certificate, tmp_path: Path
) -> None:
    citizen.apply(card_of(realm))
    citizen.deliver("tsm")
    pem = certificate.public_bytes(Encoding.PEM)
    header = {"x-client-certificate": quote(pem.decode())}
    body = elements(citizen)
    settings.TSM_CLIENT_CERTIFICATE_HEADER = "X-Client-Certificate"
    assert asked(citizen, "/handshake", body, **header).status_code == 401
    file = tmp_path / "agent.pem"
    file.write_bytes(pem)
    call_command("phone_certificate", str(citizen.phone.reference), str(file))
    assert asked(citizen, "/handshake", body, **header).status_code == 200
    assert asked(citizen, "/handshake", body, **{"x-client-certificate": "nonsense"}).status_code == 401
    other = Citizen.with_new_phone(realm, citizen.deliver)
    with pytest.raises(CommandError, match="another phone"):
        call_command("phone_certificate", str(other.phone.reference), str(file))
    # Without a proxy the header is anybody's, and proves nothing.
    settings.TSM_CLIENT_CERTIFICATE_HEADER = ""
    assert asked(citizen, "/handshake", body, **header).status_code == 401
