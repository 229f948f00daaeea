"""My certificates: what is shown before and after the holder's proof, every use, the way to object, the export."""

import base64
import json
import re
import subprocess
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.test import Client

from ca import clock, journal, revocation
from ca.models import Certificate, JournalEntry, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from portal.certificates import history, objections
from portal.certificates.errors import ObjectionExists, ObjectionOver, ObjectionTextUnfit
from portal.handoff.asking import LIFETIME
from portal.handoff.models import HandOff
from portal.handoff.states import OPEN, State
from portal.models import Objection
from portal.screen_lock import proof
from tests.conftest import missing
from tests.portal.screen_lock.authenticator import Authenticator
from tests.portal.screen_lock.pages import post, prove, set_up, signed
from tests.tsm.enrolment.citizen import PHONE_PIN, Citizen, card_of
from tsm.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)
SIGNATURE, AUTHENTICATION = Purpose.SIGNATURE, Purpose.USER_AUTHENTICATION
Used = Callable[..., HandOff]
PAGES = ("/certificates/", "/certificates/history/")
FILES = ("/certificates/export.json", "/certificates/export.pdf")


def shown(client: Client, address: str = "/certificates/") -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response)
    return str(response.content.decode())


def pair(citizen: Citizen) -> tuple[Certificate, Certificate]:
    enrolment = Enrolment.objects.get(phone=citizen.phone)
    assert enrolment.signature_certificate
    assert enrolment.authentication_certificate
    return enrolment.signature_certificate, enrolment.authentication_certificate


def numbered(certificate: Certificate) -> str:
    """Return the certificate's serial number as pages show it; alone it may be as short as two digits."""
    return f'class="code">{certificate.serial_number}<'


def enrolment_of(citizen: Citizen) -> Enrolment:
    return Enrolment.objects.get(phone=citizen.phone)


# --- the holder's proof


def test_a_phones_session_alone_sees_no_attribute_no_number_and_no_use(
    client: Client, enrolled: Citizen, used: Used
) -> None:
    hand_off = used(enrolled)
    holder = enrolment_of(enrolled).holder
    for address in (*PAGES, f"/certificates/history/{hand_off.pk}/"):
        page = shown(client, address)
        assert "ご本人であることを確かめます" in page
        assert "スマホ用署名用電子証明書" in page
        for unseen in (holder.name, holder.address, "試験銀行", *map(numbered, pair(enrolled))):
            assert unseen not in page
    for address in FILES:
        assert client.get(address).headers["Location"] == "/certificates/"


def test_the_gate_leads_to_the_page_that_was_asked_for_and_has_a_field_without_a_name(
    client: Client, enrolled: Citizen
) -> None:
    page = shown(client, "/certificates/history/")
    assert 'data-next="/certificates/history/"' in page
    field = re.search(r'<input[^>]*id="pin"[^>]*>', page)
    assert field
    assert "name=" not in field[0]


def test_the_authentication_key_opens_the_pages_for_some_minutes(
    client: Client, enrolled: Citizen, settings: Any
) -> None:
    assert prove(client, enrolled).status_code == 200
    assert enrolment_of(enrolled).holder.address in shown(client)
    assert JournalEntry.objects.filter(kind="holder.proved").count() == 1
    settings.HOLDER_PROOF_SECONDS = 0
    assert "ご本人であることを確かめます" in shown(client)


def test_the_proof_renews_the_sessions_name(client: Client, enrolled: Citizen) -> None:
    before = client.session.session_key
    prove(client, enrolled)
    assert client.session.session_key != before


def test_a_proof_is_one_phones_and_ends_when_it_is_closed(
    client: Client, realm: Realm, proved: Citizen, in_hand: Any, deliver: Any
) -> None:
    other = Citizen.with_new_phone(realm, deliver)
    other.enrol(card_of(realm, "misaki"))
    in_hand(other)
    assert "ご本人であることを確かめます" in shown(client)
    in_hand(proved)
    assert enrolment_of(proved).holder.address in shown(client)
    client.post("/certificates/close")
    assert "ご本人であることを確かめます" in shown(client)


@pytest.mark.parametrize(
    "wrong", ["another phone's key", "another phone's text", "replayed", "not base64", "too long ago"]
)
def test_what_does_not_prove_the_holder_opens_nothing(
    client: Client, realm: Realm, enrolled: Citizen, in_hand: Any, deliver: Any, wrong: str
) -> None:
    text = post(client, "proof-text", {"use": "open"}).json()["text"]
    body = {"text": text, "signature": signed(enrolled, text), "typed": True}
    expected = "proof_refused"
    if wrong == "another phone's key":
        other = Citizen.with_new_phone(realm, deliver)
        other.enrol(card_of(realm, "misaki"))
        body["signature"] = signed(other, text)
    elif wrong == "another phone's text":
        body["text"] = text.replace(str(enrolled.phone.reference), "0" * 36)
    elif wrong == "replayed":
        post(client, "proof", body)
        client.post("/certificates/close")
        expected = "challenge_over"
    elif wrong == "not base64":
        body["signature"] = "?"
        expected = "invalid_request"
    else:
        from portal.models import ScreenChallenge

        ScreenChallenge.objects.update(expires_at=clock.machine())
        expected = "challenge_over"
    assert post(client, "proof", body).json()["code"] == expected
    assert "ご本人であることを確かめます" in shown(client)


def test_on_hold_the_holder_still_sees_what_happened_and_after_a_compromise_nobody_does(
    client: Client, realm: Realm, enrolled: Citizen
) -> None:
    for certificate in pair(enrolled):
        revocation.hold(certificate, cause=Cause.LOSS, now=clock.now(realm))
    assert prove(client, enrolled).status_code == 200
    page = shown(client, "/certificates/history/")
    assert "一時保留になりました" in page
    assert "紛失などの届出があったため" in page
    for certificate in pair(enrolled):
        revocation.revoke(certificate, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    assert "くわしい内容は、ここでは見られません" in shown(client)
    assert prove(client, enrolled).json()["code"] == "proof_refused"


def test_without_a_phone_or_certificates_there_is_nothing_to_see(
    client: Client, realm: Realm, citizen: Citizen
) -> None:
    assert "まだ電子証明書がありません" in shown(client)
    assert Client().get("/certificates/").headers["Location"] == "/phone/"
    assert Client().get("/certificates/export.json").status_code == 302


def test_the_certificate_with_the_four_attributes_is_saved_after_the_proof_only(
    client: Client, enrolled: Citizen
) -> None:
    address = f"/phone/enrolments/{enrolment_of(enrolled).reference}"
    assert client.get(f"{address}/user-authentication.cer").status_code == 200
    assert client.get(f"{address}/signature.cer").headers["Location"] == "/certificates/"
    prove(client, enrolled)
    assert client.get(f"{address}/signature.cer").content == bytes(pair(enrolled)[0].der)


# --- both certificates and the card


def test_both_certificates_are_shown_in_words_and_in_full_with_what_they_stand_on(
    client: Client, realm: Realm, proved: Citizen
) -> None:
    page = shown(client)
    for certificate in pair(proved):
        assert certificate.linked_to is not None
        assert numbered(certificate) in page
        assert numbered(certificate.linked_to) in page
    assert "Mobile CRLDP" in page
    links = page.split('id="linkage"')[1].split("</section>")[0]
    assert links.count("有効</span>") == 2
    signature, _ = pair(proved)
    assert signature.linked_to is not None
    revocation.revoke(signature.linked_to, cause=Cause.ATTRIBUTES_CHANGED, now=clock.now(realm))
    links = shown(client).split('id="linkage"')[1].split("</section>")[0]
    assert "失効</span> 氏名や住所などが変わったため" in links


# --- the history


def test_every_use_says_which_service_what_for_when_and_which_certificate(
    client: Client, proved: Citizen, used: Used
) -> None:
    used(proved)
    signed_one = used(proved, SIGNATURE)
    used(proved, answer="no")
    page = shown(client, "/certificates/history/")
    signature, authentication = pair(proved)
    for told in (
        "本人確認をしました",
        "電子署名をしました",
        "本人確認の依頼を断りました",
        "試験の目的 signature",
        "ローン契約書",
    ):
        assert told in page
    assert page.count("試験銀行") == 3
    assert page.index("依頼を断りました") < page.index("電子署名をしました") < page.index("本人確認をしました")
    for told in ("発行されました", "有効になりました", numbered(signature), numbered(authentication)):
        assert told in page
    one = shown(client, f"/certificates/history/{signed_one.pk}/")
    assert numbered(signature) in one
    assert "スマホ用利用者証明用電子証明書" not in one


def test_what_ran_out_or_was_stopped_by_the_register_is_told_as_no_use(
    client: Client, realm: Realm, proved: Citizen, used: Used, credential: Any
) -> None:
    from portal.handoff import hand_offs
    from whitelist.models import RelyingParty

    silent, stopped = used(proved, answer=""), used(proved, answer="")
    RelyingParty.objects.update(state=RelyingParty.State.SUSPENDED)
    hand_offs.show(hand_offs.by_id(stopped.pk, credential=credential))
    Realm.objects.update(clock_offset=LIFETIME)
    hand_offs.by_id(silent.pk, credential=credential)
    page = shown(client, "/certificates/history/")
    assert "回答がないまま、期限が切れました" in page
    assert "登録簿により止められました" in page
    assert "使われていません" in shown(client, f"/certificates/history/{silent.pk}/")


def test_every_end_of_a_hand_off_has_words_of_its_own(client: Client, proved: Citizen, used: Used) -> None:
    row, _use = history.use(enrolment_of(proved), used(proved).pk)
    ends = set(State) - OPEN
    told = {state: history._use(HandOff(**_values(row) | {"state": state}), None).title for state in ends}
    assert len(set(told.values())) == len(ends)


def _values(row: HandOff) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in HandOff._meta.concrete_fields}


def test_the_history_is_the_holders_and_nobody_elses(
    client: Client, realm: Realm, proved: Citizen, used: Used, deliver: Any, in_hand: Any
) -> None:
    mine = used(proved)
    other = Citizen.with_new_phone(realm, deliver)
    other.enrol(card_of(realm, "misaki"))
    theirs = [used(other), used(other, answer="no")]
    page = shown(client, "/certificates/history/")
    assert str(mine.pk) in page
    for one in theirs:
        assert str(one.pk) not in page
        assert client.get(f"/certificates/history/{one.pk}/").status_code == 404
        assert client.post(f"/certificates/history/{one.pk}/objection").status_code == 404
    assert not Objection.objects.exists()


def test_after_a_device_change_the_new_phone_shows_the_old_ones_uses(
    client: Client, realm: Realm, citizen: Citizen, used: Used, deliver: Any, in_hand: Any
) -> None:
    card = card_of(realm)
    citizen.enrol(card)
    before = used(citizen)
    new = Citizen.with_new_phone(realm, deliver, "kaede-3")
    new.enrol(card)
    in_hand(new)
    prove(client, new)
    page = shown(client, "/certificates/history/")
    assert str(before.pk) in page
    assert "スマートフォンの利用を終えたため" in page
    # The old phone proves nothing any more.
    in_hand(citizen)
    assert "くわしい内容は、ここでは見られません" in shown(client)


def test_the_next_holder_of_a_phone_does_not_see_what_the_last_one_declined(
    client: Client, realm: Realm, enrolled: Citizen, used: Used
) -> None:
    declined = used(enrolled, answer="no")
    enrolled.end(str(enrolment_of(enrolled).reference))
    enrolled.converse()
    enrolled.enrol(card_of(realm, "misaki"))
    prove(client, enrolled)
    assert str(declined.pk) not in shown(client, "/certificates/history/")


def test_the_history_goes_on_page_by_page_without_a_gap_or_a_double(
    client: Client, realm: Realm, proved: Citizen, used: Used
) -> None:
    hand_off = used(proved)
    at = clock.now(realm)
    # Many at the same moment: the order must not depend on the clock alone.
    rows = [again(hand_off, number, at - timedelta(seconds=number // 9)) for number in range(45)]
    HandOff.objects.bulk_create(rows)
    expected = [str(line.id) if line.kind == "use" else line.code for line in history.everything(enrolment_of(proved))]
    assert len(expected) == len(set(expected)) + 2  # issued and activated, twice each
    seen: list[str] = []
    address = "/certificates/history/"
    for _ in range(10):
        page = shown(client, address)
        seen += re.findall(r'href="/certificates/history/([0-9a-f-]{36})/"', page)
        older = re.search(r'href="(\?after=[^"]+)"', page)
        if older is None:
            break
        address = f"/certificates/history/{older[1]}"
    assert len(seen) == len(set(seen)) == 46
    assert seen == [one for one in expected if "-" in one]
    # No cursor at all; a moment without its zone; and one that is before all time where the database counts.
    before_time = base64.urlsafe_b64encode(f"0001-01-01T00:00:00+09:00 0 {hand_off.pk}".encode()).decode()
    for wrong in ("x", "????", "MjAyNiAwIDA=", before_time):
        assert client.get(f"/certificates/history/?after={wrong}").status_code == 404


def test_a_page_of_the_history_asks_the_database_little_however_long_it_is(
    client: Client, realm: Realm, proved: Citizen, used: Used, django_assert_max_num_queries: Any
) -> None:
    hand_off = used(proved)
    HandOff.objects.bulk_create([again(hand_off, number, clock.now(realm)) for number in range(60)])
    with django_assert_max_num_queries(14):
        page = shown(client, "/certificates/history/")
    assert page.count('href="/certificates/history/') == 20
    assert len(page) < 150_000
    with django_assert_max_num_queries(16):
        shown(client, f"/certificates/history/{hand_off.pk}/")
    with django_assert_max_num_queries(20):
        shown(client)


def again(hand_off: HandOff, number: int, at: datetime) -> HandOff:
    return HandOff(
        **(_values(hand_off) | {"id": None, "token_digest": f"{number:064d}", "ended_at": at}) | {"id": _uuid(number)}
    )


def _uuid(number: int) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, str(number))


# --- objections


def test_a_holder_objects_is_led_to_the_hold_and_reads_the_answer(
    client: Client, realm: Realm, proved: Citizen, used: Used
) -> None:
    hand_off = used(proved)
    address = f"/certificates/history/{hand_off.pk}/"
    assert "身に覚えがないと知らせる" in shown(client, address)
    response = client.post(f"{address}objection", {"text": "使っていません。\r\n<b>確認してください</b>"}, follow=True)
    page = response.content.decode()
    assert "お申し出を受け付けました" in page
    assert "使っていません。<br>&lt;b&gt;確認してください&lt;/b&gt;" in page
    assert 'href="/phone/lost/"' in page
    assert "身に覚えがないと知らせる" not in page
    (waiting,) = objections.open_ones(realm)
    assert (waiting.hand_off, waiting.phone, waiting.holder) == (hand_off, proved.phone, enrolment_of(proved).holder)
    objections.answer(waiting, by="desk-1", text="銀行に確かめました。\nご本人の端末からでした。")
    assert not objections.open_ones(realm).exists()
    assert "お申し出に回答があります" in shown(client)
    assert "お申し出に回答があります" in shown(client, "/certificates/history/")
    page = shown(client, address)
    assert "銀行に確かめました。<br>ご本人の端末からでした。" in page
    assert "desk-1" not in page
    entries = JournalEntry.objects.filter(kind__startswith="objection.").order_by("sequence")
    assert [(one.kind, one.subject) for one in entries] == [
        ("objection.raised", str(waiting.reference)),
        ("objection.answered", str(waiting.reference)),
    ]
    assert "使っていません" not in json.dumps([one.data for one in entries], ensure_ascii=False)
    assert journal.verify(realm) is None


def test_a_pair_that_is_held_already_needs_no_hold(client: Client, realm: Realm, proved: Citizen, used: Used) -> None:
    hand_off = used(proved)
    for certificate in pair(proved):
        revocation.hold(certificate, cause=Cause.LOSS, now=clock.now(realm))
    page = client.post(f"/certificates/history/{hand_off.pk}/objection", follow=True).content.decode()
    assert "いま使えない状態です" in page
    assert "/phone/lost/" not in page


def test_an_objection_is_raised_once_and_answered_once(
    client: Client, realm: Realm, proved: Citizen, used: Used
) -> None:
    hand_off = used(proved)
    holder = enrolment_of(proved).holder
    with pytest.raises(ObjectionTextUnfit):
        objections.raise_(hand_off, holder=holder, phone=proved.phone, text="x" * 1001)
    objection = objections.raise_(hand_off, holder=holder, phone=proved.phone)
    with pytest.raises(ObjectionExists):
        objections.raise_(hand_off, holder=holder, phone=proved.phone)
    again_shown = client.post(f"/certificates/history/{hand_off.pk}/objection", {"text": "x"})
    assert again_shown.status_code == 409
    assert "すでに受け付けています" in again_shown.content.decode()
    with pytest.raises(ObjectionTextUnfit):
        objections.answer(objection, by="desk-1", text=" ")
    second = Objection.objects.get()
    objections.answer(objection, by="desk-1", text="確かめました。")
    with pytest.raises(ObjectionOver):
        objections.answer(second, by="desk-2", text="別の答え")
    assert Objection.objects.get().answered_by == "desk-1"
    assert JournalEntry.objects.filter(kind="objection.answered").count() == 1


def test_what_was_written_waits_while_the_proof_runs_out(
    client: Client, proved: Citizen, used: Used, settings: Any
) -> None:
    hand_off = used(proved)
    address = f"/certificates/history/{hand_off.pk}/"
    settings.HOLDER_PROOF_SECONDS = 0
    # As long as it may be, as the writer counts: a form sends a line's break as two characters.
    written = "長い説明\r\n" * 199 + "終わり"
    response = client.post(f"{address}objection", {"text": written}, follow=True)
    assert "ご本人であることを確かめます" in response.content.decode()
    assert not Objection.objects.exists()
    settings.HOLDER_PROOF_SECONDS = 300
    prove(client, proved)
    page = shown(client, address)
    assert "終わり</textarea>" in page
    kept = page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    assert len(kept) == len(written.replace("\r\n", "\n")) <= objections.LONGEST


def test_an_objection_needs_the_csrf_token(client: Client, proved: Citizen, used: Used) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(f"/certificates/history/{used(proved).pk}/objection").status_code == 403


# --- the export


def test_the_json_has_all_of_it_in_documented_members(
    client: Client, realm: Realm, proved: Citizen, used: Used
) -> None:
    set_up(client, proved, Authenticator())
    hand_off = used(proved, SIGNATURE)
    used(proved, answer="no")
    objections.raise_(hand_off, holder=enrolment_of(proved).holder, phone=proved.phone, text="違います")
    response = client.get("/certificates/export.json")
    assert response.headers["Content-Disposition"].startswith('attachment; filename="my-certificates-')
    assert "no-store" in response.headers["Cache-Control"]
    told = response.json()
    assert told["format"] == "smartphone-jpki/my-certificates/1"
    assert told["holder"]["address"] == enrolment_of(proved).holder.address
    for member, certificate in zip(told["certificates"], pair(proved), strict=True):
        parsed = x509.load_der_x509_certificate(base64.b64decode(member["certificate"]))
        assert f"{parsed.serial_number:X}".zfill(2) == member["serial_number"].zfill(2)
        assert member["linked_to"]["serial_number"] == certificate.linked_to.serial_number
        assert member["status"] == "valid"
    uses = [line for line in told["history"] if line["kind"] == "use"]
    assert [use["outcome"] for use in uses] == ["declined", "answered"]
    assert uses[1]["objection"]["text"] == "違います"
    assert uses[1]["certificate"]["serial_number"] == pair(proved)[0].serial_number
    assert uses[0]["certificate"] is None
    changes = [line["what"] for line in told["history"] if line["kind"] == "change"]
    assert sorted(changes) == sorted(["certificate.issued", "certificate.activated"] * 2 + ["screen_lock.set_up"])
    described = (Path(__file__).parents[3] / "docs/certificates.md").read_text()
    assert not {name for name in names(told) if f"`{name}`" not in described}
    assert PHONE_PIN not in json.dumps([told["holder"], told["phone"]])


def names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in names(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in names(inner)}
    return set()


def test_the_pdf_can_be_read(client: Client, proved: Citizen, used: Used, tmp_path: Path) -> None:
    used(proved, SIGNATURE)
    response = client.get("/certificates/export.pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    file = tmp_path / "export.pdf"
    file.write_bytes(response.content)
    try:
        text = subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        missing("pdftotext is not installed (Debian: apt-get install poppler-utils)")
    for told in ("わたしの電子証明書", "試験銀行", "ローン契約書", "カードとの紐付け", pair(proved)[0].serial_number):
        assert told in text.replace("\n", "")


def test_the_proof_of_the_session_is_asked_for_no_longer_than_set(client: Client, proved: Citizen, rf: Any) -> None:
    request = rf.get("/")
    request.session = client.session
    found = proof.proved(request)
    assert found is not None
    assert timedelta(0) < found.until - clock.machine() <= timedelta(seconds=300)
