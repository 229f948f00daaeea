"""The screen lock in place of the PIN: who may set it up, what a gesture proves, when the PIN is asked for again."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client

from ca import journal
from ca.models import JournalEntry, Realm
from portal.models import ScreenChallenge, ScreenLock
from portal.screen_lock import challenges, locks
from portal.screen_lock.challenges import LIFETIME
from tests.portal.screen_lock.authenticator import Authenticator, url_base64
from tests.portal.screen_lock.pages import gesture, post, prove, set_up, signed
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN, Citizen, card_of
from tsm import services
from tsm.jpki import Key
from tsm.models import Enrolment, Phone

pytestmark = pytest.mark.django_db(transaction=True)


def shown(client: Client) -> str:
    return str(client.get("/phone/screen-lock/").content.decode())


def travel(realm: Realm, by: timedelta) -> None:
    Realm.objects.filter(pk=realm.pk).update(clock_offset=by)


# --- setting it up


def test_it_is_set_up_with_the_right_pin_and_gives_the_share_for_a_gesture(
    client: Client, enrolled: Citizen, authenticator: Authenticator, realm: Realm
) -> None:
    assert 'id="set-up"' in shown(client)
    made = set_up(client, enrolled, authenticator)
    assert made.status_code == 201
    unlocked = gesture(client, authenticator)
    assert unlocked.status_code == 200
    assert unlocked.json()["share"] == made.json()["share"]
    lock = ScreenLock.objects.get()
    assert (bytes(lock.credential_id), lock.sign_count) == (authenticator.credential_id, 1)
    page = shown(client)
    assert "画面ロックで確認できます" in page
    assert 'id="set-up"' not in page
    kinds = [one.kind for one in JournalEntry.objects.filter(kind__startswith="screen_lock.").order_by("sequence")]
    assert kinds == ["screen_lock.set_up", "screen_lock.used"]
    assert journal.verify(realm) is None


def test_a_page_without_certificates_in_the_phone_says_that_it_cannot_be_set_up(
    client: Client, citizen: Citizen, authenticator: Authenticator
) -> None:
    assert "いまは設定できません" in shown(client)
    offer = post(client, "offer", {"kind": "biometrics"})
    text, options = offer.json()["text"], offer.json()["options"]
    body = {"kind": "biometrics", "text": text, "signature": "AA==", "credential": authenticator.create(options)}
    refused = post(client, "set-up", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_refused")


def test_the_signature_key_or_another_text_proves_no_pin(
    client: Client, enrolled: Citizen, authenticator: Authenticator
) -> None:
    for changed in ("by the signature key", "another text", "of another use"):
        offer = post(client, "offer", {"kind": "biometrics"}).json()
        text = offer["text"]
        signature = signed(enrolled, text)
        if changed == "by the signature key":
            signature = signed(enrolled, text, Key.SIGNATURE)
        elif changed == "another text":
            signature = signed(enrolled, text + "x")
        else:
            text = text.replace("register", "open")
            signature = signed(enrolled, text)
        body = {"kind": "biometrics", "text": text, "signature": signature}
        refused = post(client, "set-up", body | {"credential": authenticator.create(offer["options"])})
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_refused"), changed
    assert not ScreenLock.objects.exists()


def test_without_the_users_verification_or_at_another_origin_nothing_is_set_up(
    client: Client, enrolled: Citizen
) -> None:
    for wrong in (Authenticator(verified=False), Authenticator(origin="https://evil.example")):
        refused = set_up(client, enrolled, wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "screen_lock_refused")
    assert not ScreenLock.objects.exists()


def test_a_registration_is_good_once(client: Client, enrolled: Citizen, authenticator: Authenticator) -> None:
    offer = post(client, "offer", {"kind": "biometrics"}).json()
    body = {
        "kind": "biometrics",
        "text": offer["text"],
        "signature": signed(enrolled, offer["text"]),
        "credential": authenticator.create(offer["options"]),
    }
    assert post(client, "set-up", body).status_code == 201
    again = post(client, "set-up", body)
    assert (again.status_code, again.json()["code"]) == (409, "challenge_over")


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("sakura-8", "device_credential", None),
        ("sakura-8", "biometrics", None),
        ("kaede-3", "biometrics", None),
        ("kaede-3", "device_credential", "screen_lock_kind_refused"),
        ("import-x", "biometrics", "screen_lock_unsupported"),
    ],
)
def test_the_models_profile_decides_which_screen_lock_may_stand_for_the_pin(
    client: Client, realm: Realm, citizen: Citizen, model: str, kind: str, code: str | None
) -> None:
    Phone.objects.filter(pk=citizen.phone.pk).update(model_code=model)
    offered = post(client, "offer", {"kind": kind})
    assert offered.json().get("code") == code
    assert offered.status_code == (200 if code is None else 409)


def test_android_10_is_offered_biometrics_alone_and_says_why(client: Client, enrolled: Citizen) -> None:
    assert 'value="device_credential"' in shown(client)
    Phone.objects.update(model_code="kaede-3")
    page = shown(client)
    assert 'value="device_credential"' not in page
    assert "この機種（Android 10）で使えるのは、指紋や顔（生体認証）だけです" in page
    Phone.objects.update(model_code="import-x")
    assert "この機種では使えません" in shown(client)


# --- a gesture


def test_a_gesture_is_good_once_and_soon(
    client: Client, enrolled: Citizen, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(client, enrolled, authenticator)
    answer = {"credential": authenticator.get(post(client, "ask").json()["options"])}
    assert post(client, "unlock", answer).status_code == 200
    assert post(client, "unlock", answer).json()["code"] == "challenge_over"
    late = {"credential": authenticator.get(post(client, "ask").json()["options"])}
    ScreenChallenge.objects.update(expires_at=challenges.clock.machine())
    assert post(client, "unlock", late).json()["code"] == "challenge_over"
    # A challenge for something else doesn't do.
    other = post(client, "offer", {"kind": "biometrics"}).json()["options"]["challenge"]
    answer = {"credential": authenticator.get({"rpId": "localhost", "challenge": other})}
    assert post(client, "unlock", answer).json()["code"] == "challenge_over"


def test_a_gesture_that_does_not_hold_gives_nothing(
    client: Client, enrolled: Citizen, authenticator: Authenticator
) -> None:
    set_up(client, enrolled, authenticator)
    stranger = Authenticator(credential_id=authenticator.credential_id)
    authenticator.verified = False
    elsewhere = Authenticator("https://evil.example", key=authenticator.key, credential_id=authenticator.credential_id)
    for wrong in (stranger, authenticator, elsewhere):
        refused = gesture(client, wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "screen_lock_refused")
        assert "share" not in refused.json()
    assert ScreenLock.objects.get().used_at is None


def test_a_copied_authenticator_is_found_by_its_count(
    client: Client, enrolled: Citizen, authenticator: Authenticator
) -> None:
    set_up(client, enrolled, authenticator)
    for _ in range(3):
        assert gesture(client, authenticator).status_code == 200
    copy = Authenticator(key=authenticator.key, credential_id=authenticator.credential_id)
    assert gesture(client, copy).json()["code"] == "screen_lock_refused"


@pytest.mark.parametrize(
    "credential",
    [
        None,
        [],
        {},
        {"response": []},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "?"}},
    ],
)
def test_what_is_no_answer_of_an_authenticator_is_a_problem(
    client: Client, enrolled: Citizen, authenticator: Authenticator, credential: Any
) -> None:
    set_up(client, enrolled, authenticator)
    answer = post(client, "unlock", {"credential": credential})
    assert answer.status_code in (400, 403)
    assert answer.json()["code"] in ("invalid_request", "screen_lock_refused")


def test_another_phones_session_unlocks_nothing(
    client: Client, enrolled: Citizen, authenticator: Authenticator, realm: Realm, deliver: Any, in_hand: Callable
) -> None:
    set_up(client, enrolled, authenticator)
    answer = {"credential": authenticator.get(post(client, "ask").json()["options"])}
    in_hand(Citizen.with_new_phone(realm, deliver))
    assert post(client, "unlock", answer).json()["code"] == "screen_lock_missing"
    assert post(Client(), "unlock", answer).status_code in (401, 403)


# --- the PIN is asked for again


def test_after_72_hours_without_the_pin_a_gesture_does_not_do_until_it_was_typed(
    client: Client, enrolled: Citizen, authenticator: Authenticator, realm: Realm
) -> None:
    def button() -> str:
        phone = Phone.objects.select_related("realm").get(pk=enrolled.phone.pk)
        return Template("{% load screen_lock %}{% screen_lock_button phone %}").render(Context({"phone": phone}))

    set_up(client, enrolled, authenticator)
    travel(realm, timedelta(hours=71, minutes=59))
    assert gesture(client, authenticator).status_code == 200
    assert "data-hours" in button()
    assert "data-due" not in button()
    travel(realm, timedelta(hours=72))
    # The browser's clock isn't the realm's: the page is told.
    assert "data-due" in button()
    refused = gesture(client, authenticator)
    assert (refused.status_code, refused.json()["code"]) == (409, "screen_lock_pin_due")
    # By gesture the time isn't made longer, by typing it is.
    prove(client, enrolled, typed=False)
    assert gesture(client, authenticator).json()["code"] == "screen_lock_pin_due"
    prove(client, enrolled, typed=True)
    assert gesture(client, authenticator).status_code == 200
    # A clock that is set back doesn't do either.
    travel(realm, timedelta(hours=1))
    assert gesture(client, authenticator).json()["code"] == "screen_lock_pin_due"


def test_the_hours_are_a_setting(
    client: Client, enrolled: Citizen, authenticator: Authenticator, realm: Realm, settings: Any
) -> None:
    settings.SCREEN_LOCK_PIN_HOURS = 24.0
    set_up(client, enrolled, authenticator)
    assert "24時間を過ぎると" in shown(client)
    travel(realm, timedelta(hours=24))
    assert gesture(client, authenticator).json()["code"] == "screen_lock_pin_due"


def test_the_pin_typed_in_a_hand_off_counts(
    client: Client, enrolled: Citizen, authenticator: Authenticator, realm: Realm
) -> None:
    set_up(client, enrolled, authenticator)
    travel(realm, timedelta(hours=80))
    text = post(client, "proof-text", {"use": "typed"}).json()["text"]
    body = {"text": text, "signature": signed(enrolled, text), "typed": True}
    assert post(client, "typed", body).status_code == 200
    assert post(client, "typed", body).json()["code"] == "challenge_over"
    assert gesture(client, authenticator).status_code == 200
    # It opens nothing else.
    assert "holder_proof" not in client.session


# --- the PIN is another one


def test_an_unblocked_pin_ends_it(client: Client, enrolled: Citizen, authenticator: Authenticator) -> None:
    set_up(client, enrolled, authenticator)
    services.unblock(Enrolment.objects.get(), Key.AUTHENTICATION, source="test")
    refused = gesture(client, authenticator)
    assert (refused.status_code, refused.json()["code"]) == (409, "screen_lock_stale")
    assert "暗証番号が初期化された" in refused.json()["citizen"]["ja"]
    assert 'id="set-up"' in shown(client)
    assert set_up(client, enrolled, authenticator).status_code == 201


def test_the_next_pair_in_the_same_phone_has_its_own(
    client: Client, enrolled: Citizen, authenticator: Authenticator, realm: Realm
) -> None:
    set_up(client, enrolled, authenticator)
    enrolled.end(str(Enrolment.objects.get().reference))
    assert gesture(client, authenticator).json()["code"] == "screen_lock_stale"
    enrolled.converse()
    enrolled.enrol(card_of(realm, "misaki"))
    assert gesture(client, authenticator).json()["code"] == "screen_lock_stale"
    assert 'id="set-up"' in shown(client)


def test_turned_off_nothing_is_left_that_could_open_the_pin(
    client: Client, enrolled: Citizen, authenticator: Authenticator
) -> None:
    set_up(client, enrolled, authenticator)
    assert client.post("/phone/screen-lock/off").headers["Location"] == "/phone/screen-lock/"
    assert not ScreenLock.objects.exists()
    assert gesture(client, authenticator).json()["code"] == "screen_lock_missing"
    assert post(client, "off", {"reason": "pin_changed"}).json() == {"off": False}
    assert JournalEntry.objects.get(kind="screen_lock.turned_off").data == {"reason": "by_holder"}


def test_set_up_anew_takes_the_place_of_the_old_one(client: Client, enrolled: Citizen) -> None:
    old, new = Authenticator(), Authenticator()
    set_up(client, enrolled, old)
    set_up(client, enrolled, new, "device_credential")
    assert ScreenLock.objects.get().kind == "device_credential"
    assert gesture(client, old).json()["code"] == "screen_lock_refused"
    assert gesture(client, new).status_code == 200


# --- what the server never has


def test_what_a_page_should_not_send_is_dropped(
    client: Client, enrolled: Citizen, authenticator: Authenticator, caplog: pytest.LogCaptureFixture
) -> None:
    secret = url_base64(b"a PRF secret of thirty-two bytes")
    results = {"prf": {"enabled": True, "results": {"first": secret}}}
    offer = post(client, "offer", {"kind": "biometrics"}).json()
    body = {
        "kind": "biometrics",
        "text": offer["text"],
        "signature": signed(enrolled, offer["text"]),
        "credential": authenticator.create(offer["options"], clientExtensionResults=results),
        "pin": PHONE_PIN,
    }
    assert post(client, "set-up", body).status_code == 201
    assert gesture(client, authenticator, clientExtensionResults=results).status_code == 200
    rows = [*ScreenLock.objects.values(), *ScreenChallenge.objects.values()]
    rows += JournalEntry.objects.filter(kind__startswith="screen_lock").values()
    kept = json.dumps(
        rows, default=lambda value: bytes(value).hex() if isinstance(value, memoryview | bytes) else str(value)
    )
    for text in (secret, b"a PRF secret".hex(), PHONE_PASSWORD, f'"{PHONE_PIN}"'):
        assert text not in kept
        assert text not in caplog.text


def test_of_a_challenge_only_the_digest_is_kept_and_not_for_long(client: Client, enrolled: Citizen) -> None:
    text = post(client, "proof-text", {"use": "open"}).json()["text"]
    nonce = text.split("\n")[3]
    row = ScreenChallenge.objects.get()
    assert nonce not in str(ScreenChallenge.objects.values())
    assert row.expires_at - challenges.clock.machine() <= LIFETIME
    ScreenChallenge.objects.update(expires_at=challenges.clock.machine())
    post(client, "proof-text", {"use": "open"})
    assert not ScreenChallenge.objects.filter(pk=row.pk).exists()


def test_a_text_of_this_room_is_no_hand_offs(client: Client, enrolled: Citizen) -> None:
    text = post(client, "proof-text", {"use": "open"}).json()["text"]
    assert text.startswith(f"JPKI-CONFIRM-1\nopen\n{enrolled.phone.reference}\n")


def test_its_calls_need_the_csrf_token(client: Client, enrolled: Citizen) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert post(strict, "proof-text", {"use": "open"}).status_code == 403
    assert post(strict, "off", {"reason": "by_holder"}).status_code == 403


def test_a_model_that_is_not_on_the_list_has_no_kinds(realm: Realm, citizen: Citizen) -> None:
    citizen.phone.model_code = "nobody-knows"
    assert locks.kinds(citizen.phone) == ()
