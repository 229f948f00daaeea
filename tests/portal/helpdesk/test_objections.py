"""Citizens' objections at the help desk: listed, looked at with a trace, answered once."""

from datetime import timedelta

import pytest

from ca import clock
from ca.models import Realm
from portal.accounts.models import Account
from portal.certificates import objections
from portal.certificates.models import Objection
from portal.handoff.models import HandOff
from tests.ca.fixtures import make_realm
from tests.portal.accounts.people import journal, make_staff, sign_in
from tests.whitelist.relying_parties import make_bank, make_credential
from tsm.models import Enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def objection(realm: Realm, enrolment: Enrolment) -> Objection:
    """Return an objection to a use of the holder's authentication certificate."""
    credential, now = make_credential(make_bank(realm)), clock.now(realm)
    used = enrolment.authentication_certificate
    assert used is not None
    hand_off = HandOff.objects.create(
        realm=realm,
        relying_party=credential.relying_party,
        credential=credential,
        purpose=used.purpose,
        nonce="n",
        return_url="https://bank.example/",
        token_digest="d",
        state="answered",
        created_at=now,
        expires_at=now + timedelta(minutes=5),
        ended_at=now,
        certificate=bytes(used.der),
        signature=b"s",
        medium="phone",
        answered_with=used,
    )
    return objections.raise_(hand_off, holder=enrolment.holder, phone=enrolment.phone, text="使っていません<b>")


def test_an_objection_is_listed_looked_at_and_answered_once(objection: Objection, agent: Account) -> None:
    browser = sign_in(agent)
    address = f"/helpdesk/objections/{objection.reference}/"
    assert address in browser.get("/helpdesk/objections/").content.decode()
    page = browser.get(address).content.decode()
    assert "使っていません&lt;b&gt;" in page
    assert objection.holder.name not in page
    (entry,) = journal("helpdesk.objection_looked_at")
    assert (entry.subject, entry.data["staff"]) == (str(objection.holder.reference), "sakura")
    assert "使っていません" in browser.post(f"{address}answer", {"text": "  "}).content.decode()
    assert len(journal("helpdesk.objection_looked_at")) == 2, "shown again is looked at again"
    response = browser.post(f"{address}answer", {"text": "ご家族の方が、あなたの前で使ったものでした。"})
    assert response.headers["Location"] == address
    assert "ご家族の方が" in browser.get(address).content.decode()
    assert browser.post(f"{address}answer", {"text": "もう一度"}).status_code == 409
    objection.refresh_from_db()
    assert (objection.state, objection.answered_by) == ("answered", "sakura")
    assert "いま答えるものはありません" in browser.get("/helpdesk/objections/").content.decode()


def test_from_an_objection_the_holders_page_opens_for_that_reason(objection: Objection, agent: Account) -> None:
    browser = sign_in(agent)
    holder = str(objection.holder.reference)
    assert holder in browser.get(f"/helpdesk/objections/{objection.reference}/").content.decode()
    opened = browser.post("/helpdesk/open", {"holder": holder, "reason": "objection"})
    page = browser.get(opened.headers["Location"]).content.decode()
    assert "身に覚えのない利用のお申し出" in page
    assert "例示銀行" in page or "銀行" in page, "the service is a question that the card doesn't answer"


def test_an_officer_answers_and_opens_no_page(objection: Objection, realm: Realm) -> None:
    browser = sign_in(make_staff(realm, "officer", "officer"))
    page = browser.get(f"/helpdesk/objections/{objection.reference}/").content.decode()
    assert "回答を送る" in page
    assert str(objection.holder.reference) not in page


def test_another_realms_objections_are_unknown(objection: Objection) -> None:
    browser = sign_in(make_staff(make_realm("other"), "elsewhere"))
    assert "いま答えるものはありません" in browser.get("/helpdesk/objections/").content.decode()
    assert browser.get(f"/helpdesk/objections/{objection.reference}/").status_code == 404
    assert browser.post(f"/helpdesk/objections/{objection.reference}/answer", {"text": "x"}).status_code == 404
