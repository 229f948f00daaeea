"""The register's entries: the kill switch on the screen, two people, and what a phone says from that moment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.accounts.models import Account
from portal.handoff.asking import Asked
from portal.handoff.sentences import REFUSALS
from portal.providers.models import Membership
from tests.portal.accounts.people import code, make_staff, sign_in, wrong_code
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.review.cases import kinds, make_organisation, pass_days
from tsm.models import Phone
from whitelist.access import Reason
from whitelist.models import Credential, Organisation, RelyingParty, Suspension
from whitelist.review import suspensions

pytestmark = pytest.mark.django_db
Desk = dict[str, Client]
Ask = Callable[..., Asked]
ADDRESS = "/review/entries/test-bank/"


@pytest.fixture
def entry(credential: Credential, organisation: Organisation) -> RelyingParty:
    RelyingParty.objects.update(organisation=organisation)
    return RelyingParty.objects.get()


def act(desk: Desk, name: str, verb: str, **more: str) -> Any:
    account = Account.objects.get(user__username=name)
    return desk[name].post(f"{ADDRESS}act", {"act": verb, "code": code(account)} | more)


def html(response: Any, status: int = 200) -> str:
    assert response.status_code == status, (response.status_code, response.content.decode()[:2000])
    text: str = response.content.decode()
    return text


def state() -> str:
    return RelyingParty.objects.get().state


def seen(desk: Desk, name: str) -> str:
    """Return the reference that the page would send."""
    import re

    found = re.search(r'name="seen" value="([0-9a-f-]+)"', html(desk[name].get(ADDRESS)))
    assert found is not None
    return found[1]


def test_suspended_by_one_confirmed_by_a_second_lifted_by_two(desk: Desk, entry: RelyingParty) -> None:
    assert "いますぐ停止する" in html(desk["matsu"].get(ADDRESS))
    assert act(desk, "matsu", "suspend", reason="鍵が漏れた").status_code == 302
    assert state() == "suspended"
    assert "停止を確認する" not in html(desk["matsu"].get(ADDRESS))
    assert "確認を待つ停止" in html(desk["take"].get("/review/"))
    shown = seen(desk, "take")
    html(act(desk, "matsu", "confirm", seen=shown), 403)
    assert act(desk, "take", "confirm", seen=shown).status_code == 302
    html(act(desk, "take", "confirm", seen=shown), 409)
    act(desk, "take", "lift", reason="鍵を替えた")
    shown = seen(desk, "matsu")
    html(act(desk, "take", "approve", seen=shown), 403)
    assert act(desk, "matsu", "approve", seen=shown).status_code == 302
    assert state() == "registered"
    did = [kind for kind in kinds("test-bank") if kind != "review.looked_at"]
    assert did == ["register.suspend", "register.suspension_confirmed", "register.lift_proposed", "register.lift"]


def test_an_entrys_codes_are_told_in_the_readers_language(desk: Desk, entry: RelyingParty) -> None:
    japanese = html(desk["matsu"].get(ADDRESS))
    english = html(desk["matsu"].get(ADDRESS, headers={"accept-language": "en"}))
    for there, told in ((japanese, ("ブラウザ", "第6号")), (english, ("<dt>Browser</dt>", "Item 6"))):
        assert all(one in there for one in told)
    assert "<dt>Browser</dt>" not in japanese
    assert "主務大臣が認定する者" not in english


def test_a_suspension_takes_a_code_and_a_reason(desk: Desk, entry: RelyingParty) -> None:
    account = Account.objects.get(user__username="matsu")
    page = html(act(desk, "matsu", "suspend", reason="鍵が漏れた", code=wrong_code(account)), 403)
    assert "鍵が漏れた" in page  # nothing is typed twice
    page = html(act(desk, "matsu", "suspend", reason=" "), 400)
    assert 'id="reason-error"' in page
    assert state() == "registered"


def test_removed_by_two(desk: Desk, entry: RelyingParty) -> None:
    act(desk, "matsu", "remove", reason="申し出による")
    assert act(desk, "take", "approve", seen=seen(desk, "take")).status_code == 302
    assert state() == "removed"
    page = html(desk["take"].get(ADDRESS))
    assert "登録抹消" in page
    assert "いますぐ停止する" not in page


def test_a_page_that_shows_another_proposal_decides_nothing(desk: Desk, entry: RelyingParty) -> None:
    act(desk, "matsu", "remove", reason="申し出による")
    old = seen(desk, "take")
    act(desk, "matsu", "retract", seen=old)
    act(desk, "matsu", "remove", reason="別の理由")
    html(act(desk, "take", "approve", seen=old), 409)
    assert state() == "registered"
    html(act(desk, "take", "decline", seen=seen(desk, "take"), reason=""), 400)
    assert act(desk, "take", "decline", seen=seen(desk, "take"), reason="まだ使う").status_code == 302


def test_the_ministry_looks_and_the_organisations_own_officer_does_nothing(
    desk: Desk, realm: Realm, entry: RelyingParty
) -> None:
    assert "いますぐ停止する" not in html(desk["kiku"].get(ADDRESS))
    html(desk["kiku"].post(f"{ADDRESS}act", {"act": "suspend", "reason": "x"}), 403)
    involved = make_staff(realm, "sumire", "registrar")
    assert entry.organisation is not None
    Membership.objects.create(
        account=involved, organisation=entry.organisation, role="viewer", since=involved.created_at
    )
    own = sign_in(involved)
    page = html(own.get(ADDRESS))
    assert "あなたはこの組織に属しています" in page
    assert "いますぐ停止する" not in page
    html(own.post(f"{ADDRESS}act", {"act": "suspend", "reason": "x", "code": code(involved)}), 403)
    assert state() == "registered"


def test_other_realms_entries_are_nobodys(desk: Desk, entry: RelyingParty) -> None:
    for address in ("/review/entries/nobody/", "/review/entries/%00/"):
        assert desk["matsu"].get(address).status_code == 404
        assert desk["matsu"].post(f"{address}act", {"act": "suspend"}).status_code == 404
    assert "試験銀行" in html(desk["matsu"].get("/review/entries/"))


# --- what a citizen's phone says


def test_a_request_that_is_open_on_the_phone_is_refused_when_it_is_answered(
    desk: Desk,
    entry: RelyingParty,
    client: Client,
    phone: Phone,
    ask: Ask,
    citizen: Citizen,
) -> None:
    opened, unopened = ask(), ask()
    assert "試験の目的" in html(client.get(f"/handoff/{opened.token}/"))
    assert act(desk, "matsu", "suspend", reason="鍵が漏れた").status_code == 302
    # Open on the screen already: refused at the answer.
    answered = client.post(
        f"/handoff/{opened.token}/answer", citizen.posted(opened.hand_off), content_type="application/json"
    )
    assert (answered.status_code, answered.json()["code"]) == (403, "handoff_refused")
    assert REFUSALS[Reason.SUSPENDED].ja in html(client.get(f"/handoff/{opened.token}/"), 403)
    # Not opened yet: refused when it is opened. And nothing new is asked.
    assert REFUSALS[Reason.SUSPENDED].ja in html(client.get(f"/handoff/{unopened.token}/"), 403)
    assert ask().hand_off.reason == "suspended"


def test_after_a_lapse_phones_answer_again(
    desk: Desk,
    realm: Realm,
    entry: RelyingParty,
    client: Client,
    phone: Phone,
    ask: Ask,
) -> None:
    act(desk, "matsu", "suspend", reason="鍵が漏れた")
    pass_days(realm, 1)
    suspensions.lapse(realm)
    assert Suspension.objects.get().state == "lapsed"
    assert ask().hand_off.state == "waiting"


def test_nobodys_entry_has_no_letter(desk: Desk, realm: Realm, entry: RelyingParty) -> None:
    act(desk, "matsu", "suspend", reason="鍵が漏れた")
    suspension = Suspension.objects.get()
    address = f"{ADDRESS}suspensions/{suspension.reference}"
    RelyingParty.objects.update(organisation=None)
    assert desk["matsu"].get(address).status_code == 404
    RelyingParty.objects.update(organisation=make_organisation(realm, "別の組織"))
    assert desk["matsu"].get(f"{ADDRESS}suspensions/00000000-0000-0000-0000-000000000000").status_code == 404
