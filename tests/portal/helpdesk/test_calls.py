"""A call, from the search to its end: a reason first, the script, a hold; every look and act in the journal."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ca import clock
from ca import journal as chain
from ca.models import Certificate, Holder, JournalEntry, Realm
from portal.accounts.models import Account
from portal.helpdesk import calls, script
from portal.helpdesk.models import Call, IdentityCheck
from portal.helpdesk.script import Act
from tests.portal.accounts.people import journal, sign_in
from tests.portal.helpdesk.callers import RIGHT_FOR_HOLD, RIGHT_FOR_RELEASE
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm.models import Enrolment, ServiceOrder

pytestmark = pytest.mark.django_db
SAID = {"name": "黒桐幹也", "born_on": "S55.2.17"}


@pytest.fixture
def desk(agent: Account, enrolment: Enrolment) -> Client:
    return sign_in(agent)


def opened(desk: Client, holder: Holder, reason: str = "lost", note: str = "") -> str:
    """Open the holder's page; return its address."""
    response = desk.post("/helpdesk/open", {"holder": str(holder.reference), "reason": reason, "note": note})
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def statuses(holder: Holder) -> set[str]:
    return {one.status for one in Certificate.objects.filter(holder=holder, medium="phone")}


def test_from_what_the_caller_says_to_the_hold(desk: Client, holder: Holder, enrolment: Enrolment) -> None:
    page = desk.post("/helpdesk/", SAID).content.decode()
    assert "1人が当てはまりました" in page
    assert str(holder.reference) in page
    assert holder.address not in page, "no more than tells two apart"
    address = opened(desk, holder)
    page = desk.get(address).content.decode()
    assert "先に本人確認をしてください" in page
    assert desk.post(f"{address}identity", RIGHT_FOR_HOLD).headers["Location"] == f"{address}#act"
    assert "一時保留にできます" in desk.get(address).content.decode()
    assert desk.post(f"{address}hold").headers["Location"] == address
    assert statuses(holder) == {"on_hold"}
    assert ServiceOrder.objects.get().function == "suspend"
    page = desk.get(address).content.decode()
    assert "一時保留にしています" in page
    assert "ヘルプデスクが一時保留にした" in page, "the history knows"
    assert desk.post(f"{address}close").headers["Location"] == "/helpdesk/"
    assert desk.get(address).status_code == 404
    kinds = [entry.kind for entry in JournalEntry.objects.filter(kind__startswith="helpdesk.").order_by("sequence")]
    assert [kind.partition(".")[2] for kind in kinds] == ["searched", "opened", "identity_checked", "held", "closed"]
    for kind in ("opened", "identity_checked", "held", "closed"):
        (entry,) = journal(f"helpdesk.{kind}")
        assert entry.subject == str(holder.reference)
        assert (entry.data["staff"], entry.data["reason"]) == ("sakura", "lost")
    assert chain.verify(holder.realm) is None


@pytest.mark.parametrize(("reason", "note"), [("", ""), ("whim", ""), ("other", "  ")])
def test_no_page_opens_without_a_reason(desk: Client, holder: Holder, reason: str, note: str) -> None:
    response = desk.post("/helpdesk/open", {"holder": str(holder.reference), "reason": reason, "note": note})
    assert response.status_code == 400
    page = response.content.decode()
    assert "理由を入力してください" in page
    assert holder.name not in page
    assert not Call.objects.exists()


def test_a_page_is_the_agents_own_and_only_for_a_while(
    desk: Client, holder: Holder, second: Account, settings: Any
) -> None:
    address = opened(desk, holder)
    assert sign_in(second).get(address).status_code == 404
    Call.objects.update(ends_at=clock.machine())
    response = desk.get(address)
    assert response.status_code == 404
    assert holder.name not in response.content.decode()
    assert desk.post(f"{address}hold").status_code == 404
    assert statuses(holder) == {"valid"}


def test_an_agent_of_another_realm_opens_nothing(desk: Client, holder: Holder) -> None:
    from tests.ca.fixtures import make_realm
    from tests.portal.accounts.people import make_staff

    elsewhere = sign_in(make_staff(make_realm("other"), "elsewhere"))
    response = elsewhere.post("/helpdesk/open", {"holder": str(holder.reference), "reason": "lost"})
    assert response.status_code == 404
    assert elsewhere.post("/helpdesk/", SAID).content.decode().count("当てはまる人はいません") == 1


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"name": "right", "born_on": "right"},
        RIGHT_FOR_HOLD | {"phone": "wrong"},
        {"name": "right", "born_on": "right", "nonsense": "right"},
    ],
)
def test_too_few_right_answers_or_a_wrong_one_hold_nothing(desk: Client, holder: Holder, asked: dict[str, str]) -> None:
    address = opened(desk, holder)
    desk.post(f"{address}identity", asked)
    response = desk.post(f"{address}hold")
    assert response.status_code == 403
    assert "本人確認が足りません" in response.content.decode()
    assert statuses(holder) == {"valid"}


def test_which_were_asked_and_passed_is_kept_and_no_answer(desk: Client, holder: Holder) -> None:
    address = opened(desk, holder)
    desk.post(f"{address}identity", RIGHT_FOR_HOLD | {"phone": "wrong", "applied": ""})
    kept = IdentityCheck.objects.get()
    assert kept.asked == {"name": True, "born_on": True, "address": True, "phone": False}
    (entry,) = journal("helpdesk.identity_checked")
    assert entry.data["right"] == ["name", "born_on", "address"]
    assert entry.data["wrong"] == ["phone"]
    for answer in (holder.name, holder.address, "1980", "さくら"):
        assert answer not in str(entry.data) + str(kept.asked)


def test_the_policy_is_a_table() -> None:
    right = {question.code: True for question in script.QUESTIONS}
    on_card = {question.code: True for question in script.QUESTIONS if question.on_card}
    assert script.is_enough(right, Act.RELEASE)
    assert script.is_enough(on_card, Act.HOLD)
    assert not script.is_enough(on_card, Act.RELEASE)
    assert not script.is_enough(right | {"name": False}, Act.HOLD)
    assert not script.is_enough({}, Act.HOLD)
    assert set(script.POLICY) == set(Act)


def test_what_was_recorded_stands_in_the_form_for_the_next_question(desk: Client, holder: Holder) -> None:
    address = opened(desk, holder)
    desk.post(f"{address}identity", RIGHT_FOR_HOLD | {"phone": "wrong"})
    page = desk.get(address).content.decode()
    chosen = re.findall(r'name="(\w+)" value="(\w*)" checked', page)
    assert chosen == [
        ("name", "right"), ("born_on", "right"), ("address", "right"), ("phone", "wrong"), ("applied", ""),
    ]  # fmt: skip


def test_the_newest_check_counts(desk: Client, holder: Holder) -> None:
    address = opened(desk, holder)
    desk.post(f"{address}identity", RIGHT_FOR_RELEASE)
    call = Call.objects.get()
    assert calls.may(call, Act.RELEASE)
    desk.post(f"{address}identity", RIGHT_FOR_RELEASE | {"phone": "wrong"})
    assert not calls.may(call, Act.HOLD)


def test_what_is_held_already_is_not_held_again(desk: Client, holder: Holder) -> None:
    address = opened(desk, holder)
    desk.post(f"{address}identity", RIGHT_FOR_HOLD)
    desk.post(f"{address}hold")
    assert desk.post(f"{address}hold").status_code == 409
    assert len(journal("helpdesk.held")) == 1


def test_the_holders_page_and_the_search_ask_the_database_a_fixed_number_of_times(
    desk: Client, holder: Holder, enrolment: Enrolment
) -> None:
    address = opened(desk, holder)
    with CaptureQueriesContext(connection) as before:
        desk.get(address)
    for _ in range(4):
        opened(desk, holder)
        desk.post(f"{address}identity", RIGHT_FOR_HOLD)
    enrolment.pk = None
    from tests.portal.helpdesk.callers import enrolled

    cards = [enrolment.card_signature_certificate, enrolment.card_authentication_certificate]
    for _ in range(3):
        enrolled(holder, cards=cards, state=Enrolment.State.DELETED)
    with CaptureQueriesContext(connection) as after:
        page = desk.get(address).content
    assert len(after) <= len(before) + 1
    assert len(page) < 150_000


@pytest.mark.parametrize("path", ["open", "calls/{}/identity", "calls/{}/hold", "calls/{}/release", "calls/{}/close"])
def test_where_a_form_was_sent_leads_back_to_a_page_when_it_is_opened(desk: Client, holder: Holder, path: str) -> None:
    reference = opened(desk, holder).split("/")[-2]
    assert desk.get(f"/helpdesk/{path.format(reference)}").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_phone_held_for_its_loss_is_locked_and_works_again_after_two_people_released_it(
    realm: Realm, deliver: Deliver, agent: Account, second: Account
) -> None:
    """The whole way with a real element: hold, lock, proposal, approval, unlock, valid."""
    from tests.portal.accounts.people import code
    from tsm.jpki import Key

    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card_of(realm))
    holder = Enrolment.objects.get().holder
    desk, other = sign_in(agent), sign_in(second)
    address = opened(desk, holder)
    desk.post(f"{address}identity", RIGHT_FOR_RELEASE)
    desk.post(f"{address}hold")
    citizen.converse()
    assert statuses(holder) == {"on_hold"}
    desk.post(f"{address}release", {"ground": "自宅で見つかった"})
    (proposal,) = [row["release"] for row in other.get("/helpdesk/releases/").context["rows"]]
    other.post(f"/helpdesk/releases/{proposal.pk}/decide", {"decision": "approve", "code": code(second)})
    assert statuses(holder) == {"on_hold"}, "not before the element has shown it"
    citizen.converse()
    assert statuses(holder) == {"valid"}
    citizen.sign("a text", Key.SIGNATURE)
    assert timedelta() <= clock.now(realm) - proposal.proposed_at
