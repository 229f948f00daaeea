"""A card and a blank development element in two readers: registered, applied for, provisioned, activated."""

import base64
import hashlib
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command

from ca.models import Realm
from sandbox import personas, power, sealing
from sandbox.management.commands.virtual_phone import DEVELOPMENT_CIN, DEVELOPMENT_IIN
from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.vpcd import Slot
from tests.ca.fixtures import *  # noqa: F403
from tests.pcsc.conftest import PATIENCE, Reader, inserted
from tests.pcsc.page import SECOND_READER, Agent, agent
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN, Deliver, card_of
from tsm import jpki
from tsm.globalplatform.scp03 import KeySet
from tsm.jpki import Key
from tsm.local_agent.errand import Identity
from tsm.models import Enrolment, Leg, Phone, SecureElement
from tsm.registering import DEVELOPMENT_KEY
from tsm.transports import pcsc
from tsm.transports.base import CardNotPresent

pytestmark = pytest.mark.django_db(transaction=True)


def blank(version: int = 0x30) -> Element:
    return Element.manufacture(
        iin=DEVELOPMENT_IIN,
        cin=DEVELOPMENT_CIN,
        isd_keys=KeySet(DEVELOPMENT_KEY, DEVELOPMENT_KEY, DEVELOPMENT_KEY, version),
        natives=power.NATIVES,
    )


@contextmanager
def in_second_reader(element: Element, reader: Reader) -> Iterator[None]:
    """Put an element into the second reader and take it out again, each time until the daemon has noticed."""

    def wait(*, present: bool) -> None:
        until = time.monotonic() + PATIENCE
        while is_there() != present:
            assert time.monotonic() < until
            time.sleep(0.05)

    def is_there() -> bool:
        try:
            pcsc.insertion(SECOND_READER)
        except CardNotPresent:
            return False
        return True

    with Slot(element, port=reader.port + 1):
        wait(present=True)
        yield
    wait(present=False)


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def signed(running: Agent, target: str, site: str, key: Key, secret: str, text: str) -> bytes:
    info = jpki.digest_info(hashlib.sha256(text.encode()).digest())
    commands = (
        jpki.select_application(),
        jpki.select_file(key.password_file),
        jpki.verify(secret.encode()),
        jpki.sign(info, key),
    )
    return running.play(target, *commands, site=site)[-1]


def card_certificate(running: Agent, site: str, secret: str) -> bytes:
    opening = (
        jpki.select_application(),
        jpki.select_file(jpki.File.SIGNATURE_PASSWORD),
        jpki.verify(secret.encode()),
        jpki.select_file(jpki.File.SIGNATURE_CERTIFICATE),
    )
    length = jpki.certificate_length(running.play("card", *opening, jpki.read_binary(0, 4), site=site)[-1])
    reads = [jpki.read_binary(at, min(256, length - at)) for at in range(0, length, 256)]
    return b"".join(running.play("card", *opening, *reads, site=site)[len(opening) :])


def until_state(state: Enrolment.State, deliver: Deliver, running: Agent) -> None:
    deadline = time.monotonic() + 4 * PATIENCE
    while not Enrolment.objects.filter(state=state).exists():
        assert time.monotonic() < deadline, (list(Leg.objects.values_list("kind", "outcome")), running.said)
        deliver("tsm", "ca", "sweeps")
        time.sleep(0.1)


@pytest.mark.parametrize("version", [0x30, 0xFF], ids=["in the place of the maker's keys", "beside initial keys"])
def test_a_development_element_becomes_a_phone_with_a_valid_pair(
    realm: Realm, reader: Reader, live_server: Any, deliver: Deliver, settings: Any, tmp_path: Path, version: int
) -> None:
    site = live_server.url
    settings.PUBLIC_URL = site
    row, persona = card_of(realm), personas.find("hanako")
    assert persona is not None
    row.refresh_from_db()
    card = MyNumberCard.restore(sealing.unseal(bytes(row.sealed_state)))
    identity = tmp_path / "identity.json"
    with in_second_reader(blank(version), reader), inserted(reader, card):
        options: dict[str, Any] = {"reader": SECOND_READER, "realm": realm.slug, "site": site, "key_version": version}
        call_command("register_element", identity, **options, stdout=io.StringIO())
        again = io.StringIO()
        call_command("register_element", identity, **options, stdout=again)
        assert "had the issuer's keys already" in again.getvalue()
        assert oct(identity.stat().st_mode & 0o777) == "0o600"
        assert Phone.objects.count() == 1, "registered twice is one phone"

        arguments = ("--identity", str(identity), "--card-reader", reader.name, "--element-reader", SECOND_READER)
        with agent(*arguments, "--yes", "--idle", "0.1", folder=tmp_path) as running:
            bearer = {"Authorization": f"Bearer {Identity.read(identity).bearer}"}
            api = httpx.Client(base_url=f"{site}/api/phone/v1", headers=bearer, trust_env=False)
            text = api.get("/application").json()["text"]
            application = {
                "application": text,
                "certificate": b64(card_certificate(running, site, persona.signature_password)),
                "signature": b64(signed(running, "card", site, Key.SIGNATURE, persona.signature_password, text)),
            }
            enrolment = api.post("/enrolments", json=application).json()["id"]
            until_state(Enrolment.State.INSTALLED, deliver, running)
            running.play(
                "element",
                jpki.select_application(),
                jpki.select_file(jpki.File.AUTHENTICATION_PIN),
                jpki.change_password(PHONE_PIN.encode()),
                jpki.select_file(jpki.File.SIGNATURE_PASSWORD),
                jpki.change_password(PHONE_PASSWORD.encode()),
                site=site,
            )
            proof = api.get(f"/enrolments/{enrolment}").json()["activation"]["text"]
            signatures = {
                "signature": b64(signed(running, "element", site, Key.SIGNATURE, PHONE_PASSWORD, proof)),
                "user_authentication": b64(signed(running, "element", site, Key.AUTHENTICATION, PHONE_PIN, proof)),
            }
            active = api.post(f"/enrolments/{enrolment}/activation", json={"signatures": signatures}).json()
    assert active["state"] == "active"
    assert {one["status"] for one in active["certificates"]} == {"valid"}
    assert "The TSM and the element have talked" in running.said
    assert PHONE_PASSWORD not in running.said


def test_keys_that_are_not_the_makers_are_told_and_nothing_is_written(
    realm: Realm, reader: Reader, tmp_path: Path
) -> None:
    element = blank()
    before = element.snapshot()
    with inserted(reader, element), pytest.raises(CommandError, match="element_not_fit: no channel with version 30"):
        call_command("register_element", tmp_path / "identity", reader=reader.name, realm=realm.slug, key=b"\x01" * 16)
    assert not SecureElement.objects.exists()
    assert not (tmp_path / "identity").exists()
    assert element.snapshot().count(b"key_tries") == before.count(b"key_tries")


def test_a_card_is_no_element(realm: Realm, reader: Reader, issued_card: bytes, tmp_path: Path) -> None:
    with (
        inserted(reader, MyNumberCard.restore(issued_card)),
        pytest.raises(CommandError, match="element_wrong: no issuer security domain"),
    ):
        call_command("register_element", tmp_path / "identity", reader=reader.name, realm=realm.slug)
