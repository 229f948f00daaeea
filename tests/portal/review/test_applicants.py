"""What the applicant sees: decisions with reasons, letters, suspensions; and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest

from ca import clock
from ca.models import Realm
from portal.providers.models import Membership
from tests.portal.accounts.people import journal
from tests.portal.providers.people import address, client, make_provider
from tests.portal.review.people import officers
from tests.portal.review.test_letters import text
from tests.whitelist.review import cases
from whitelist.cases import sections
from whitelist.models import Case
from whitelist.review import deciding, reviewing, suspensions

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(realm: Realm) -> Membership:
    return make_provider(realm, role="viewer")


def html(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    found: str = response.content.decode()
    return found


def page(member: Membership, case: Case, more: object = "") -> Any:
    return client(member).get(address(member, f"cases/{case.reference}/letters/{more}"))


def test_a_return_is_read_field_by_field_and_as_a_letter(member: Membership) -> None:
    case = cases.submitted(member.organisation, cases.answers("17-1-1"))
    assert "まだ決まったことはありません" in html(page(member, case))
    made = cases.through(case, "return", officers("registrar"), reasons="よろしくお願いします。")
    shown = html(page(member, case))
    label = sections.label("service", "name_ja").ja
    for said in ("差し戻されました", "ほかのサービスと紛れます。", "よろしくお願いします。", f"サービス・{label}"):
        assert said in shown, said
    # Who of the officers it was is theirs.
    assert "matsu" not in shown
    assert "take" not in shown
    letter = page(member, case, made.reference)
    assert letter.headers["Content-Type"] == "application/pdf"
    assert "ほかのサービスと紛れます。" in text(letter.content)
    assert [one.data["by"] for one in journal("review.letter")] == [member.account.name]


def test_a_refusal_says_why_and_how_to_appeal(member: Membership) -> None:
    case = cases.submitted(member.organisation, cases.answers("17-1-1"))
    cases.through(case, "refuse", officers("registrar"))
    shown = html(page(member, case))
    assert "目的が法の認める確認ではありません。" in shown
    assert "審査請求" in shown


def test_what_is_only_proposed_or_was_declined_is_the_officers_alone(member: Membership) -> None:
    first, second = officers("registrar")
    case = cases.submitted(member.organisation, cases.answers("17-1-1"))
    made = cases.propose(reviewing.take_up(case, by=first), "refuse", first)
    assert "目的が法" not in html(page(member, case))
    assert page(member, case, made.reference).status_code == 404
    deciding.decline(made, by=second, version=1, reason="早すぎる")
    assert "早すぎる" not in html(page(member, case))
    assert page(member, case, made.reference).status_code == 404


def test_a_suspension_is_told_with_its_letter(member: Membership) -> None:
    registrar = officers("registrar")
    entry = cases.registered(member.organisation, registrar, registrar, cases.answers("17-1-1"))
    made = suspensions.suspend(entry, by=registrar[0], reason="鍵が漏れたため")
    case = entry.cases.get()
    assert "鍵が漏れたため" in html(page(member, case))
    assert "鍵が漏れたため" in text(page(member, case, f"suspensions/{made.reference}").content)
    # Below a case that has nothing to do with the entry there is no such letter.
    other = cases.submitted(member.organisation, cases.answers("17-1-1", service={"client_id": ""}))
    assert page(member, other, f"suspensions/{made.reference}").status_code == 404


def test_what_is_suspended_and_what_ends_soon_stands_on_the_organisations_page(member: Membership) -> None:
    home = address(member)
    reader = client(member)
    assert "まもなく終わるもの" not in html(reader.get(home))
    registrar = officers("registrar")
    today = clock.today(member.organisation.realm)
    given, until = cases.answers("17-1-1"), (today + timedelta(days=45)).isoformat()
    entry = cases.registered(member.organisation, registrar, registrar, given, terms={"valid_until": until})
    shown = html(reader.get(home))
    assert until in shown
    assert "あと45日" in shown
    suspensions.suspend(entry, by=registrar[0], reason="鍵が漏れたため")
    shown = html(reader.get(home))
    assert "「しながわ口座」の登録は停止されています" in shown
    assert "鍵が漏れたため" in shown


def test_both_sides_see_the_same_day(member: Membership) -> None:
    case = cases.submitted(member.organisation, cases.answers("17-1-1"))
    assert case.due_on is not None
    shown = html(client(member, **{"accept-language": "en"}).get(address(member, f"cases/{case.reference}/")))
    assert str(case.due_on.day) in shown
    assert "まもなく決まります" not in shown
