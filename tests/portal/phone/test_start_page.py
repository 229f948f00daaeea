"""The start page: six steps, and the visitor's next one stands out."""

from typing import Any

import pytest
from django.test import Client

from ca import clock, linkage, revocation
from ca.models import Realm
from ca.revocation import Cause
from tests.tsm.enrolment.citizen import Citizen, card_of
from tsm import enrolment as enrolments
from tsm import services, sweep

pytestmark = pytest.mark.django_db(transaction=True)


def steps(client: Client) -> list[str]:
    page = client.get("/").content.decode()
    path = page.split('<ol class="journey">')[1].split("</ol>")[0]
    return [part.split('"')[0] for part in path.split('data-state="')[1:]]


def test_a_newcomer_is_at_the_first_step(client: Client, realm: Realm) -> None:
    assert steps(client) == ["current", "waiting", "waiting", "open", "waiting", "open"]


def test_the_page_stands_before_anything_is_set_up(client: Client, db: None) -> None:
    assert client.get("/").status_code == 200


def test_the_next_step_moves_with_the_visitor(client: Client, realm: Realm, citizen: Citizen) -> None:
    card = card_of(realm)
    assert steps(client)[0] == "current"
    reference = citizen.apply(card).json()["id"]
    assert steps(client)[:3] == ["done", "current", "waiting"]
    citizen.converse()
    assert steps(client)[:4] == ["done", "done", "current", "open"]
    citizen.set_passwords()
    citizen.activate(reference)
    assert steps(client) == ["done", "done", "done", "current", "open", "open"]
    citizen.end(reference)
    assert steps(client) == ["done", "done", "done", "open", "done", "open"]


def test_a_linked_revocation_is_the_sixth_steps_doing(client: Client, realm: Realm, citizen: Citizen) -> None:
    citizen.enrol(card_of(realm))
    found = enrolments.current(citizen.phone)
    assert found is not None
    revocation.revoke(found.card_signature_certificate, cause=Cause.ATTRIBUTES_CHANGED, now=clock.now(realm))
    linkage.sweep(realm)
    sweep.follow_linkage(realm)
    assert steps(client) == ["done", "done", "done", "open", "open", "done"]
    assert "カードと連動して失効しました" in client.get("/phone/").content.decode()
    page = client.get(f"/phone/enrolments/{found.reference}/").content.decode()
    assert "発行が終わりました" not in page, "of a certificate that has fallen nobody is told that it is ready"
    revocation.revoke(found.card_authentication_certificate, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    linkage.sweep(realm)
    sweep.follow_linkage(realm)
    assert steps(client) == ["done", "done", "done", "open", "waiting", "done"]
    assert "連動して失効しました" in client.get("/phone/").content.decode()


def test_a_pair_on_hold_is_not_to_be_used_but_to_be_released(client: Client, realm: Realm, citizen: Citizen) -> None:
    citizen.enrol(card_of(realm))
    found = enrolments.current(citizen.phone)
    assert found is not None
    services.suspend(found, source="test")
    assert steps(client) == ["done", "done", "done", "current", "open", "open"]
    page = client.get("/").content.decode()
    assert "電子証明書は一時利用停止中です" in page
    assert 'href="/phone/found/"' in page
    assert "見本の銀行を開く" not in page


def test_without_a_sandbox_there_is_no_office(client: Client, realm: Realm, settings: Any) -> None:
    settings.SANDBOX = False
    page = client.get("/").content.decode()
    assert len(steps(client)) == 5
    assert "/sandbox/office/" not in page
    assert "これは試験用です" not in page
    assert settings.SAMPLES_URL not in page


def test_the_sample_services_open_in_the_visitors_language(client: Client, realm: Realm, settings: Any) -> None:
    for language in ("ja", "en"):
        page = client.get("/", headers={"Accept-Language": language}).content.decode()
        assert f"{settings.SAMPLES_URL}/bank/?lang={language}" in page
        assert f"{settings.SAMPLES_URL}/unlisted/?lang={language}" in page


def test_every_link_to_the_responder_leads_to_what_it_serves(client: Client, realm: Realm, settings: Any) -> None:
    card_of(realm)
    page = client.get("/").content.decode()
    for path in ("authority/test/signature.cer", "authority/test/user-authentication.cer", "crl/test/signature/phone/"):
        assert f"{settings.RESPONDER_URL}/{path}" in page
