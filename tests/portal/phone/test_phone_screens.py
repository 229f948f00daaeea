"""The phone's screens: what each shows in each state of an enrolment, and what it refuses."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from django.test import Client

from ca.models import Realm
from portal.problems import CATALOGUE
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN, Citizen, card_of
from tsm import enrolment as enrolments
from tsm.models import Enrolment, Phone

pytestmark = pytest.mark.django_db(transaction=True)

InHand = Callable[[Citizen], None]


def shown(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response
    return str(response.content.decode())


def page_of(reference: str) -> str:
    return f"/phone/enrolments/{reference}/"


# --- choosing a phone


def test_a_new_visitor_is_shown_the_models_with_the_reason_of_each_that_is_not_supported(
    client: Client, realm: Realm
) -> None:
    page = shown(client, "/phone/")
    assert "さくらフォン 8" in page
    assert "セキュアエレメント（GP-SE）がありません" in page
    assert "マイナンバーカードを読み取るNFCがありません" in page


def test_with_a_phone_a_session_has_another_name(client: Client, realm: Realm) -> None:
    client.post("/phone/choose", {"model": "sakura-8"})
    before = client.session.session_key
    client.post("/phone/choose", {"model": "sakura-8"})
    assert client.session.session_key != before
    stranger = Client()
    stranger.cookies["jpki_session"] = str(before)
    assert "phone" not in stranger.session


def test_choosing_a_supported_model_makes_it_this_browsers_phone(client: Client, realm: Realm) -> None:
    response = client.post("/phone/choose", {"model": "sakura-8"})
    assert response.status_code == 302
    assert client.session["phone"] == str(Phone.objects.get().reference)
    assert "まだ電子証明書がありません" in shown(client, "/phone/")


@pytest.mark.parametrize(
    ("model", "reason"),
    [("import-x", "GP-SE"), ("ume-lite", "NFC"), ("sakura-2", "Android 9"), ("ringo-15", "Android")],
)
def test_choosing_an_unsupported_model_is_refused_with_its_reason(
    client: Client, realm: Realm, model: str, reason: str
) -> None:
    response = client.post("/phone/choose", {"model": model})
    assert response.status_code == 409
    alert = response.content.decode().split('role="alert"')[1].split("</div>")[0]
    assert "発行できません" in alert
    assert reason in alert
    assert not Phone.objects.exists()


def test_choosing_no_model_at_all_asks_for_one(client: Client, realm: Realm) -> None:
    response = client.post("/phone/choose")
    assert response.status_code == 400
    assert "機種を選んでください" in response.content.decode()


def test_a_browser_goes_back_to_a_phone_that_it_used_and_to_no_other(
    client: Client, realm: Realm, citizen: Citizen, in_hand: InHand, deliver: Any
) -> None:
    second = Citizen.with_new_phone(realm, deliver, "kaede-3")
    strangers = Citizen.with_new_phone(realm, deliver, "sakura-6")
    in_hand(second)
    assert citizen.phone.name in shown(client, "/phone/")
    client.post("/phone/use", {"phone": str(strangers.phone.reference)})
    assert client.session["phone"] == str(second.phone.reference)
    client.post("/phone/use", {"phone": str(citizen.phone.reference)})
    assert client.session["phone"] == str(citizen.phone.reference)


# --- applying


def test_the_card_is_asked_for_only_after_both_consents(client: Client, citizen: Citizen) -> None:
    assert client.get("/phone/apply/card/").headers["Location"] == "/phone/apply/agree/"
    response = client.post("/phone/apply/agree/", {"conditions": "agreed"})
    assert response.status_code == 400
    assert "両方に同意" in response.content.decode()
    assert client.post("/phone/apply/agree/", {"conditions": "agreed", "disposal": "agreed"}).status_code == 302
    assert "カードを読み取って申請" in shown(client, "/phone/apply/card/")


def test_consent_is_for_one_phone(
    client: Client, realm: Realm, citizen: Citizen, in_hand: InHand, deliver: Any
) -> None:
    client.post("/phone/apply/agree/", {"conditions": "agreed", "disposal": "agreed"})
    in_hand(Citizen.with_new_phone(realm, deliver))
    assert client.get("/phone/apply/card/").headers["Location"] == "/phone/apply/agree/"


def test_the_cards_are_offered_with_the_address_of_their_reader(client: Client, realm: Realm, citizen: Citizen) -> None:
    card_of(realm, "hanako")
    client.post("/phone/apply/agree/", {"conditions": "agreed", "disposal": "agreed"})
    assert 'value="/sandbox/cards/hanako/session"' in shown(client, "/phone/apply/card/")


def test_a_password_field_has_no_name_so_that_no_form_can_carry_it(
    client: Client, realm: Realm, citizen: Citizen
) -> None:
    def fields(address: str) -> list[str]:
        return re.findall(r'<input[^>]*type="password"[^>]*>', shown(client, address))

    client.post("/phone/apply/agree/", {"conditions": "agreed", "disposal": "agreed"})
    found = fields("/phone/apply/card/")
    reference = citizen.apply(card_of(realm)).json()["id"]
    citizen.converse()
    found += fields(page_of(reference))
    citizen.set_passwords()
    citizen.activate(reference)
    found += fields("/phone/end/")
    assert len(found) == 6
    for field in found:
        assert " name=" not in field
        assert 'autocomplete="off"' in field


def test_without_a_phone_every_screen_leads_to_the_choice_or_does_not_exist(client: Client, realm: Realm) -> None:
    assert client.get("/phone/apply/").headers["Location"] == "/phone/"
    assert client.get("/phone/end/").headers["Location"] == "/phone/"
    assert client.get(page_of(str(uuid.uuid4()))).status_code == 404


# --- progress


def test_the_progress_follows_the_rows_step_by_step(client: Client, realm: Realm, citizen: Citizen) -> None:
    reference = citizen.apply(card_of(realm)).json()["id"]
    page = shown(client, page_of(reference))
    assert states(page) == ["done", "doing", "todo", "todo", "todo", "todo"]
    assert "data-moving" in page
    citizen.converse()
    page = shown(client, page_of(reference))
    assert "パスワードを設定する" in page
    assert states(page) == ["done", "done", "done", "done", "done", "doing"]


def test_a_poll_is_answered_with_nothing_while_nothing_is_new(client: Client, realm: Realm, citizen: Citizen) -> None:
    reference = citizen.apply(card_of(realm)).json()["id"]
    seen = shown(client, page_of(reference)).split('data-seen="')[1].split('"')[0]
    unchanged = client.get(f"{page_of(reference)}steps", {"seen": seen})
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    citizen.converse()
    changed = client.get(f"{page_of(reference)}steps", {"seen": seen})
    assert changed.headers["X-Screen"] == "passwords"
    assert states(changed.content.decode()) == ["done"] * 5 + ["doing"]


def test_another_phones_enrolment_does_not_exist_here(
    client: Client, realm: Realm, citizen: Citizen, in_hand: InHand, deliver: Any
) -> None:
    reference = citizen.enrol(card_of(realm))
    addresses = [page_of(reference) + address for address in ("", "steps", "trace", "user-authentication.cer")]
    assert [client.get(address).status_code for address in addresses] == [200] * 4
    in_hand(Citizen.with_new_phone(realm, deliver))
    assert [client.get(address).status_code for address in addresses] == [404] * 4


def test_a_poll_and_a_home_page_cost_few_queries(
    client: Client, realm: Realm, citizen: Citizen, django_assert_max_num_queries: Any
) -> None:
    citizen.enrol(card_of(realm))
    reference = str(Enrolment.objects.get().reference)
    with django_assert_max_num_queries(6):
        shown(client, f"{page_of(reference)}steps")
    with django_assert_max_num_queries(9):
        shown(client, "/phone/")


# --- what was issued


def test_an_active_phone_shows_both_certificates_in_words_and_in_full(
    client: Client, realm: Realm, citizen: Citizen
) -> None:
    reference = citizen.enrol(card_of(realm))
    for address in ("/phone/", page_of(reference)):
        page = shown(client, address)
        found = enrolments.find(citizen.phone, uuid.UUID(reference))
        for certificate in (found.signature_certificate, found.authentication_certificate):
            assert certificate is not None
            assert certificate.serial_number in page
        assert "スマホ用署名用電子証明書" in page
        assert "スマホ用利用者証明用電子証明書" in page
        # The four attributes take the holder's proof: tests/portal/certificates.
        assert found.holder.address not in page
        assert "Mobile CRLDP" in page


def test_a_certificate_can_be_saved_as_der(client: Client, realm: Realm, citizen: Citizen) -> None:
    reference = citizen.enrol(card_of(realm))
    found = enrolments.find(citizen.phone, uuid.UUID(reference))
    response = client.get(f"{page_of(reference)}user-authentication.cer")
    assert response.headers["Content-Type"] == "application/pkix-cert"
    parsed = x509.load_der_x509_certificate(response.content)
    assert found.authentication_certificate is not None
    assert f"{parsed.serial_number:X}".zfill(2) == found.authentication_certificate.serial_number.zfill(2)
    assert client.get(f"{page_of(reference)}nonsense.cer").status_code == 404


def test_the_trace_tells_commands_and_no_data(client: Client, realm: Realm, citizen: Citizen) -> None:
    reference = citizen.enrol(card_of(realm))
    page = shown(client, f"{page_of(reference)}trace")
    for command in ("INITIALIZE UPDATE", "EXTERNAL AUTHENTICATE", "PUT KEY", "GENERATE ASYMMETRIC KEY PAIR", "LOAD ×"):
        assert command in page
    sent = [apdu for leg in Enrolment.objects.get().legs.all() for section in leg.commands for apdu in section]
    assert not [apdu for apdu in sent if len(apdu) > 40 and apdu[10:] in page]
    assert PHONE_PASSWORD not in page
    assert PHONE_PIN not in page


# --- the end


def test_only_a_phone_with_certificates_in_use_can_be_stopped(client: Client, realm: Realm, citizen: Citizen) -> None:
    assert client.get("/phone/end/").headers["Location"] == "/phone/"
    reference = citizen.enrol(card_of(realm))
    page = shown(client, "/phone/end/")
    assert f"/api/phone/v1/enrolments/{reference}/end" in page
    assert f"/sandbox/elements/{citizen.phone.reference}/session" in page


def test_a_stopped_phone_says_so_and_when_its_element_is_empty(client: Client, realm: Realm, citizen: Citizen) -> None:
    reference = citizen.enrol(card_of(realm))
    citizen.end(reference)
    page = shown(client, page_of(reference))
    assert states(page) == ["done", "doing"]
    assert page.count('<span class="tag tag--error">失効</span>') == 2
    citizen.converse()
    page = shown(client, page_of(reference))
    assert states(page) == ["done", "done"]
    assert "data-moving" not in page
    assert "利用は終わりました" in shown(client, "/phone/")


def test_a_device_change_shows_the_old_phones_end_on_the_old_phone(
    client: Client, realm: Realm, citizen: Citizen, in_hand: InHand, deliver: Any
) -> None:
    card = card_of(realm)
    citizen.enrol(card)
    assert "前のスマートフォンが使えます" in shown(client, "/phone/", new="1")
    second = Citizen.with_new_phone(realm, deliver, "kaede-3")
    in_hand(second)
    second.enrol(card)
    assert "利用を終了" in shown(client, "/phone/")
    client.post("/phone/use", {"phone": str(citizen.phone.reference)})
    assert "利用は終わりました" in shown(client, "/phone/")


def test_a_given_up_application_says_why_and_offers_another(
    client: Client, realm: Realm, citizen: Citizen, in_hand: InHand, deliver: Any
) -> None:
    card = card_of(realm)
    first = citizen.apply(card).json()["id"]
    second = Citizen.with_new_phone(realm, deliver, "kaede-3")
    second.apply(card)
    page = shown(client, page_of(first))
    assert "同じ方の新しい申請" in page
    assert "もう一度申請する" in page


@pytest.mark.parametrize(
    ("trouble", "language", "told"),
    [
        ("card_certificate_not_valid", "ja", "カードの電子証明書が有効ではなくなったため"),
        ("card_certificate_not_valid", "en", "The card&#x27;s certificate is no longer valid"),
        ("nobody_knows", "en", CATALOGUE["server_error"].en),
    ],
)
def test_why_an_application_was_given_up_is_told_in_the_pages_language(
    client: Client, realm: Realm, citizen: Citizen, trouble: str, language: str, told: str
) -> None:
    reference = citizen.apply(card_of(realm)).json()["id"]
    Enrolment.objects.update(state=Enrolment.State.ABANDONED, trouble=trouble)
    page = client.get(page_of(reference), headers={"Accept-Language": language}).content.decode()
    assert told in page


def states(page: str) -> list[str]:
    """Return the states of the progress's lines."""
    progress = page.split('<ol class="progress">')[1].split("</ol>")[0]
    return [part.split('"')[0] for part in progress.split('data-state="')[1:]]
