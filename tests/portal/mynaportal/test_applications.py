"""From a search to the receipt: an application is filled in, signed on the phone, received once."""

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader

from ca import clock, journal, revocation
from ca.models import Holder, JournalEntry, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from portal.handoff.models import HandOff, HandOffPdf
from portal.mynaportal import applications, procedures
from portal.mynaportal.errors import ApplicationNotOpen
from portal.mynaportal.models import Application
from portal.notices.models import Contact, Happening, Notice
from tests.ca.fixtures import make_holder
from tests.conftest import missing
from tests.portal.handoff.citizens import Citizen
from tests.portal.mynaportal.visitor import MOVE, NURSERY, Visitor
from whitelist.models import RelyingParty

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def pdfsig(pdf: Path) -> str:
    try:
        return subprocess.run(["pdfsig", "-nocert", pdf], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        missing("pdfsig is not installed (Debian: apt-get install poppler-utils)")


def test_an_application_goes_from_the_search_to_a_receipt_that_pdfsig_accepts(
    visitor: Visitor, holder: Holder, tmp_path: Path
) -> None:
    visitor.sign_in()
    assert "転出届" in visitor.shown("procedures/", q="引っ越し")
    form = visitor.post("procedures/moving_out/begin").headers["Location"]
    page = visitor.client.get(form).content.decode()
    assert "東京都清瀬市観布子南１２－７－２０２" in page, "from the certificate"
    application = visitor.fill_in()
    assert application.answers["people"] == "2"
    assert application.answers["telephone"] == "090-1234-5678"
    page = visitor.shown(f"applications/{application.reference}/confirm/")
    assert "2026年12月1日" in page
    back = visitor.answer(visitor.send(application))
    assert visitor.come_back(back).headers["Location"] == f"/mynaportal/applications/{application.reference}/"
    page = visitor.shown(f"applications/{application.reference}/")
    application.refresh_from_db()
    assert application.state == "filed"
    assert application.number is not None
    assert application.number in page

    answer = visitor.client.get(f"/mynaportal/applications/{application.reference}/receipt.pdf")
    receipt = tmp_path / "receipt.pdf"
    receipt.write_bytes(answer.content)
    said = pdfsig(receipt)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    text = subprocess.run(["pdftotext", receipt, "-"], capture_output=True, text=True, check=True).stdout
    for expected in (
        "転出届",
        application.number,
        "東京都清瀬市観布子南１２－７－２０２",
        "神奈川県港浜市海岸通１－１",
    ):
        assert expected in text

    entry = JournalEntry.objects.get(kind="application.received")
    assert (entry.subject, entry.data["number"]) == (str(application.reference), application.number)
    assert journal.verify(holder.realm) is None
    happening = Happening.objects.get(kind="application_received")
    assert "転出届" in visitor.shown(f"notices/{happening.pk}/")
    assert not Notice.objects.exists(), "no letter about what one did a moment ago"


def test_a_confirmed_address_is_told_of_the_reception(visitor: Visitor, holder: Holder, realm: Realm) -> None:
    Contact.objects.create(holder=holder, address="hanako@mail.example", confirmed_at=clock.now(realm))
    visitor.sign_in()
    visitor.come_back(visitor.answer(visitor.send(visitor.fill_in())))
    visitor.shown(f"applications/{Application.objects.get().reference}/")
    assert Notice.objects.get().channel == "mail"


def test_it_is_received_once_however_often_one_looks(visitor: Visitor) -> None:
    visitor.sign_in()
    application = visitor.fill_in()
    visitor.come_back(visitor.answer(visitor.send(application)))
    stale = Application.objects.get()
    assert stale.state == "signing"
    for _ in range(2):
        visitor.shown(f"applications/{application.reference}/")
    assert applications.settle(stale) == ""
    assert stale.state == "filed"
    assert JournalEntry.objects.filter(kind="application.received").count() == 1
    assert Happening.objects.filter(kind="application_received").count() == 1


def test_what_is_wrong_is_said_at_its_field_and_the_rest_is_kept(visitor: Visitor) -> None:
    visitor.sign_in()
    form = visitor.post("procedures/moving_out/begin").headers["Location"]
    answer = visitor.client.post(form, {**MOVE, "people": "0", "telephone": "12", "day": ""})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "直すところが 3 つあります" in page
    assert '<a href="#people">引っ越す人数は、1から20までの数字で入力してください。</a>' in page
    assert 'aria-describedby="people-hint people-error"' in page
    assert Application.objects.get().answers["new_address"] == MOVE["new_address"]
    assert visitor.client.get(f"{form}confirm/").headers["Location"] == form, "no way round the form"


def test_a_draft_is_kept_gone_on_with_and_thrown_away(visitor: Visitor) -> None:
    visitor.sign_in()
    form = visitor.post("procedures/benefit/begin").headers["Location"]
    answer = visitor.client.post(form, {"people": "3", "later": "1"})
    assert answer.status_code == 200
    assert "下書きを保存しました" in answer.content.decode()
    assert visitor.post("procedures/benefit/begin").headers["Location"] == form
    assert 'value="3"' in visitor.client.get(form).content.decode()
    assert "下書き" in visitor.shown("applications/")
    reference = Application.objects.get().reference
    visitor.post(f"applications/{reference}/discard")
    assert not Application.objects.exists()


def test_who_declines_to_sign_has_the_draft_still(visitor: Visitor) -> None:
    visitor.sign_in()
    application = visitor.fill_in()
    visitor.come_back(visitor.decline(visitor.send(application)))
    page = visitor.shown(f"applications/{application.reference}/")
    assert "電子署名を断ったため" in page
    assert "申請の内容" in visitor.shown(f"applications/{application.reference}/")
    first = application.hand_off_id
    visitor.come_back(visitor.answer(visitor.send(application)))
    visitor.shown(f"applications/{application.reference}/")
    application.refresh_from_db()
    assert application.state == "filed"
    assert application.hand_off_id != first


def test_while_the_phone_is_asked_it_waits_and_can_be_taken_back(visitor: Visitor) -> None:
    visitor.sign_in()
    application = visitor.fill_in()
    asked = visitor.send(application)
    assert "署名を待っています" in visitor.shown(f"applications/{application.reference}/")
    assert visitor.client.post(f"/mynaportal/applications/{application.reference}/", MOVE).status_code == 200
    application.refresh_from_db()
    assert application.state == "signing", "what is being signed isn't changed"
    visitor.post(f"applications/{application.reference}/withdraw")
    visitor.come_back(visitor.answer(asked))
    assert "申請の内容" in visitor.shown(f"applications/{application.reference}/")
    application.refresh_from_db()
    assert application.state == "draft"


def test_a_japanese_document_says_that_it_is_one_also_to_who_reads_english(visitor: Visitor) -> None:
    visitor.client.cookies["django_language"] = "en"
    visitor.sign_in()
    application = visitor.fill_in()
    assert ">1 December 2026<" in visitor.shown(f"applications/{application.reference}/confirm/")
    visitor.send(application)
    made = PdfFileReader(io.BytesIO(HandOffPdf.objects.get().content))
    assert made.root["/Lang"] == "ja"


def test_answers_that_another_window_saved_meanwhile_are_not_signed_unseen(visitor: Visitor) -> None:
    visitor.sign_in()
    seen = visitor.fill_in()
    elsewhere = Application.objects.get()
    applications.save(elsewhere, {**seen.answers, "people": "9"})
    with pytest.raises(ApplicationNotOpen):
        applications.send(seen, state="s", code_challenge="x" * 43, language="ja")
    kept = Application.objects.get()
    assert (kept.state, kept.answers["people"]) == ("draft", "9")


def test_a_question_that_is_newer_than_the_draft_is_confirmed_without_an_answer(visitor: Visitor) -> None:
    visitor.sign_in()
    application = visitor.fill_in("nursery", NURSERY)
    del application.answers["remarks"]
    application.save()
    assert "備考" in visitor.shown(f"applications/{application.reference}/confirm/")


def test_characters_that_no_database_takes_are_left_out(visitor: Visitor) -> None:
    visitor.sign_in()
    form = visitor.post("procedures/benefit/begin").headers["Location"]
    answer = visitor.client.post(form, {"people": "3", "bank": "みらい\0銀行", "later": "1"})
    assert answer.status_code == 200
    assert Application.objects.get().answers["bank"] == "みらい銀行"


def test_a_signature_of_somebody_else_is_not_received(visitor: Visitor, realm: Realm) -> None:
    other = make_holder(realm, name="別人　太郎")
    from tests.ca.fixtures import issue_card, issue_phone

    card = issue_card(other, key=30)
    phone = issue_phone(card, key=10 + 21)
    visitor.sign_in()
    application = visitor.fill_in()
    stranger = Stranger({(Purpose.SIGNATURE, Medium.PHONE): phone})
    visitor.come_back(visitor.answer(visitor.send(application), citizen=stranger))
    page = visitor.shown(f"applications/{application.reference}/")
    assert "サインインしている人と、電子署名をした人が違う" in page
    assert Application.objects.get().state == "draft"


class Stranger(Citizen):
    """Somebody whose phone's signature key is number 31."""

    def sign(self, purpose: Any, message: Any, medium: Medium = Medium.PHONE) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        from tests.ca.fixtures import private_key

        octets = message.encode() if isinstance(message, str) else message
        return private_key(31).sign(octets, padding.PKCS1v15(), hashes.SHA256())


def test_without_a_signature_certificate_there_is_nothing_to_fill_in_from(visitor: Visitor, citizen: Citizen) -> None:
    visitor.sign_in()
    for medium in Medium:
        certificate = citizen.certificate(Purpose.SIGNATURE, medium)
        revocation.revoke(certificate, cause=Cause.HOLDER_REQUEST, now=clock.now(certificate.realm))
    form = visitor.post("procedures/moving_out/begin").headers["Location"]
    assert "有効な署名用電子証明書がありません" in visitor.client.get(form).content.decode()


def test_nobody_sees_anothers_application(visitor: Visitor, realm: Realm) -> None:
    visitor.sign_in()
    application = visitor.fill_in()
    Application.objects.update(holder=make_holder(realm))
    for address in ("", "confirm/", "receipt.pdf"):
        assert visitor.client.get(f"/mynaportal/applications/{application.reference}/{address}").status_code == 404
    assert str(application.reference) not in visitor.shown("applications/")
    assert Client().get(f"/mynaportal/applications/{application.reference}/").status_code == 302


def test_while_it_may_not_ask_for_signatures_the_draft_is_kept(visitor: Visitor) -> None:
    visitor.sign_in()
    application = visitor.fill_in()
    RelyingParty.objects.update(state=RelyingParty.State.SUSPENDED)
    answer = visitor.post(f"applications/{application.reference}/confirm/")
    assert answer.status_code == 503
    assert "下書きに残っています" in answer.content.decode()
    application.refresh_from_db()
    assert application.state == "draft"
    assert not HandOff.objects.filter(purpose=Purpose.SIGNATURE, state="waiting").exists()


# --- searching


@pytest.mark.parametrize(
    ("words", "category", "found"),
    [
        ("", "", {"nursery", "child_allowance", "pregnancy", "moving_out", "benefit"}),
        ("", "childcare", {"nursery", "child_allowance", "pregnancy"}),
        ("ひっこし", "", {"moving_out"}),
        ("ＮＵＲＳＥＲＹ", "", {"nursery"}),
        ("児童　手当", "", {"child_allowance"}),
        ("手当", "moving", set()),
        ("ラーメン", "", set()),
    ],
)
def test_the_search_finds_by_words_of_any_width_and_by_category(words: str, category: str, found: set[str]) -> None:
    assert {one.code for one in procedures.search(words, category)} == found


def test_anybody_may_search(client: Client) -> None:
    page = client.get("/mynaportal/procedures/", {"q": "ラーメン"}).content.decode()
    assert "見つかりませんでした" in page
    assert client.get("/mynaportal/procedures/no-such/").status_code == 404


# --- own data, notices, figures


def test_own_data_are_those_of_the_certificate_and_what_others_tell(visitor: Visitor, settings: Any) -> None:
    visitor.sign_in()
    settings.MYNAPORTAL_RECORDS = ""
    page = visitor.shown("records/")
    assert "1980年2月17日" in page
    assert "スマートフォン・署名用" in page
    assert "予防接種" not in page
    settings.MYNAPORTAL_RECORDS = "tests.portal.mynaportal.test_applications.told"
    assert "予防接種" in visitor.shown("records/")


def told(holder: Holder) -> list[dict[str, Any]]:
    return [
        {
            "title": ("予防接種", "Vaccinations"),
            "source": ("市", "City"),
            "note": ("", ""),
            "head": [("種類", "Vaccine")],
            "rows": [[("風しん", "Rubella")]],
        }
    ]


def test_a_notice_is_unread_until_it_is_opened_and_nobody_elses(visitor: Visitor, realm: Realm) -> None:
    from portal.notices.tasks import sweep_notices

    visitor.sign_in()
    signature = visitor.citizen.certificate(Purpose.SIGNATURE)
    revocation.hold(signature, cause=Cause.LOSS, now=clock.now(realm))
    sweep_notices()
    assert "まだ読んでいないお知らせが 1 件" in visitor.shown("")
    assert "未読" in visitor.shown("notices/")
    happening = Happening.objects.get()
    assert "一時利用停止しました" in visitor.shown(f"notices/{happening.pk}/")
    assert "既読" in visitor.shown("notices/")
    Happening.objects.update(holder=make_holder(realm))
    visitor.shown(f"notices/{happening.pk}/", status=404)


def test_pages_ask_the_database_as_often_for_many_rows_as_for_few(
    visitor: Visitor, holder: Holder, realm: Realm, django_assert_max_num_queries: Any
) -> None:
    visitor.sign_in()
    now = clock.now(realm)
    for number in range(30):
        Happening.objects.create(realm=realm, holder=holder, kind="contact_changed", at=now)
        Application.objects.create(
            realm=realm, holder=holder, procedure="nursery", created_at=now, changed_at=now, number=f"n{number}"
        )
    for address in ("", "applications/", "notices/", "records/", "procedures/"):
        with django_assert_max_num_queries(12):
            page = visitor.shown(address)
        assert len(page) < 150_000


def test_the_pretend_worlds_records_are_a_personas(realm: Realm) -> None:
    from sandbox import records
    from tests.tsm.enrolment.citizen import card_of

    assert records.of(make_holder(realm)) == []
    told = records.of(card_of(realm).holder)
    assert [one["title"][0] for one in told] == ["税・所得", "年金", "予防接種"]
    assert all(len(row) == len(one["head"]) for one in told for row in one["rows"])
