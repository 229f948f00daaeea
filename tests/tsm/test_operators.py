"""What operators see and order: traces without secrets, the console page, probes, and the commands."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ca.models import Realm
from sandbox import power
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, Citizen, Deliver, card_of
from tsm import describe, jpki, keysets, probe, sei, store, trace
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Command
from tsm.management.commands.probe_element import lines
from tsm.models import Conversation, Enrolment, Leg, SecureElement
from tsm.trace import Waiting

pytestmark = pytest.mark.django_db(transaction=True)


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver) -> Citizen:
    made = Citizen.with_new_phone(realm, deliver)
    made.enrol(card_of(realm))
    return made


def test_a_trace_names_commands_tags_and_status_words(citizen: Citizen) -> None:
    text = told("trace", str(citizen.phone.reference))
    for expected in (
        "SELECT",
        "issuer security domain",
        "INITIALIZE UPDATE  key version 30",
        "INSTALL SM  [for load] package D392F0002601000000 (JPKI package)",
        "LOAD × ",
        "PUT KEY SM  key version 31, keys ••",
        "generate key 9A",
        "UPDATE BINARY × ",
        "9000 done",
        "keyed  generated 2",
        "waits for nothing",
    ):
        assert expected in text, (expected, text)


def test_a_trace_shows_no_key_and_no_certificate(citizen: Citizen) -> None:
    text = told("trace", str(citizen.phone.reference), "--whole").upper()
    enrolment = Enrolment.objects.get()
    element = SecureElement.objects.get()
    number = bytes.fromhex(element.identifier)
    secrets = [*keysets.issuer(number).keys, *keysets.domain(number).keys, PHONE_PASSWORD.encode()]
    assert enrolment.signature_certificate is not None
    der = bytes(enrolment.signature_certificate.der)
    for secret in (*secrets, der[100:116], bytes(enrolment.challenge)[:16], store.example()[2000:2016]):
        assert secret.hex().upper() not in text
    # Neither what was sent nor what came back: only headers, lengths and status words.
    leg = Leg.objects.filter(kind="prepare").get()
    assert all(apdu[10:42] not in text for section in leg.commands for apdu in section if len(apdu) > 60)


def test_a_trace_is_found_by_phone_enrolment_session_and_element(citizen: Citizen) -> None:
    named = (
        str(citizen.phone.reference),
        str(Enrolment.objects.get().reference),
        str(Conversation.objects.get().reference),
        citizen.phone.element.identifier,
    )
    assert len({told("trace", name) for name in named}) == 1
    assert str(Conversation.objects.get().reference) in told("trace")
    for wrong, said in (("no such", "neither a reference"), ("00" * 13, "neither a reference")):
        with pytest.raises(CommandError, match=said):
            told("trace", wrong)


def test_a_trace_says_what_is_waited_for(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    element = citizen.phone.element
    seen = [trace.waiting(element)[0]]
    reference = citizen.apply(card_of(realm)).json()["id"]
    seen.append(trace.waiting(element)[0])
    deliver("tsm")
    seen.append(trace.waiting(element)[0])
    citizen.converse(queues=("tsm",), until="keyed")
    seen.append(trace.waiting(element)[0])
    citizen.converse()
    seen.append(trace.waiting(element)[0])
    citizen.set_passwords()
    citizen.activate(reference)
    seen.append(trace.waiting(element)[0])
    assert seen == [
        Waiting.NOTHING,
        Waiting.TSM_WORKER,
        Waiting.PHONE_TO_COME,
        Waiting.CA_WORKER,
        Waiting.HOLDER,
        Waiting.NOTHING,
    ]


def test_the_console_shows_a_conversation_and_needs_no_key(realm: Realm, citizen: Citizen, settings: Any) -> None:
    settings.DEFAULT_REALM = realm.slug
    settings.TSM_MASTER_KEY = None
    reference = Conversation.objects.get().reference
    client = Client(headers={"accept-language": "en"})
    assert str(reference) in client.get("/sandbox/conversations/").content.decode()
    page = client.get(f"/sandbox/conversations/{reference}?whole").content.decode()
    assert "[for load] package D392F0002601000000 (JPKI package)" in page
    assert "Waiting for nothing" in page
    settings.DEFAULT_REALM = "another"
    assert client.get(f"/sandbox/conversations/{reference}").status_code == 404


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (commands.select(jpki.AID), "D392F000260100000001 (JPKI application)"),
        (commands.delete(jpki.PACKAGE_AID), "4F AID D392F0002601000000 (JPKI package)"),
        (commands.delete_key(0x30), "D2 key version 30"),
        (commands.get_data(0xC1), "tag C1 sequence counter"),
        (Command(0x80, 0xE6, 0x02, 0x00, b"\x09\x01"), "•• 2 bytes"),
        (Command(0x00, 0x20, 0x00, 0x80, b"SECRET12"), "•• 8 bytes"),
        (Command(0x80, 0x99, 0x00, 0x00, b"x"), "•• 1 bytes"),
    ],
)
def test_a_command_in_plain_words(command: Command, says: str) -> None:
    assert describe.command(command) == says


# --- probes


def test_a_probe_moves_no_counter_and_tells_what_the_element_is(citizen: Citizen) -> None:
    before = bytes(citizen.row.sealed_state)
    with power.element(citizen.row) as chip:
        found = probe.probe(chip)
        assert probe.probe(chip) == found
    assert found.number == citizen.phone.element.identifier
    assert (found.version, found.protocols) == ("2.3.1", ["SCP03 i=70"])
    assert len(found.keys) == 3
    assert found.applications == [describe.aid(sei.PROVIDER_DOMAIN), describe.aid(jpki.AID)]
    assert bytes(citizen.row.sealed_state) == before
    text = "\n".join(lines(found))
    assert f"in the registry: {citizen.phone.name}" in text
    assert "applet 1.0" in text
    SecureElement.objects.update(cin=b"\x00" * 8)
    assert lines(found)[-1] == "not in the registry"


@pytest.mark.parametrize("answer", ["6A82", "", "90"])
def test_a_probe_of_something_else_says_so(answer: str) -> None:
    class Other:
        def transmit(self, apdu: bytes) -> bytes:
            return bytes.fromhex(answer)

    with pytest.raises(probe.NotAnElement):
        probe.probe(Other())


# --- orders and lists


def test_the_operator_orders_and_the_phone_carries_out(citizen: Citizen) -> None:
    reference = str(Enrolment.objects.get().reference)
    assert "ordered" in told("service_order", "suspend", reference)
    assert "ordered" in told("service_order", "rotate-issuer-keys", "--all")
    citizen.converse()
    assert SecureElement.objects.get().isd_generation == 1
    for arguments in (("suspend", "--all"), ("suspend", "no reference"), ("upgrade", "--realm", "none")):
        with pytest.raises(CommandError):
            told("service_order", *arguments)
    told("service_order", "terminate", reference)
    with pytest.raises(CommandError, match="wrong_state"):
        told("service_order", "suspend", reference)


def test_a_report_follows_the_policy_and_the_policy_can_be_read(citizen: Citizen) -> None:
    assert "silent: after 90 days: notice, after 180 days: hold, after 365 days: revoke" in told("report_phone")
    assert "now ended" in told("report_phone", str(citizen.phone.reference))
    with pytest.raises(CommandError, match="no phone"):
        told("report_phone", str(citizen.phone.reference))


def test_conformance_and_load_files_are_kept_by_command(db: None, tmp_path: Path) -> None:
    assert "supported" in told("record_conformance", "sakura-8", "--on", "2026-10-01", "--build", "B2")
    failed = told("record_conformance", "sakura-8", "--on", "2026-10-02", "--build", "B3", "--failed")
    assert "not supported: conformance_failed" in failed
    with pytest.raises(CommandError, match="no model"):
        told("record_conformance", "none", "--on", "2026-10-01", "--build", "B2")
    file = tmp_path / "applet.lfdb"
    file.write_bytes(store.example((2, 0)))
    assert " 2.0 " in told("load_files", "--add", str(file))
    assert "withdrawn" in told("load_files", "--withdraw", "2.0")
    file.write_bytes(b"nothing")
    for arguments in (("--add", str(file)), ("--add", str(tmp_path / "none")), ("--withdraw", "7.7")):
        with pytest.raises(CommandError):
            told("load_files", *arguments)


def test_a_trace_times_its_legs(citizen: Citizen) -> None:
    Leg.objects.filter(kind="install").update(sent_at=Leg.objects.last().reported_at - timedelta(milliseconds=70))  # type: ignore[union-attr,operator]
    assert "install checked, 70 ms" in told("trace", str(citizen.phone.reference))
