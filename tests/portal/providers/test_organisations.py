"""Organisations and their people: never without an owner, roles as the table says, invitations good once."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from ca import clock
from ca import journal as chain
from ca.models import Realm
from portal.accounts.models import Account
from portal.providers import membership, organisations
from portal.providers.errors import LastOwner, MemberGone
from portal.providers.models import Invitation, Membership
from tests.portal.accounts.people import code, journal, wrong_code
from tests.portal.providers.people import (
    ROLES,
    address,
    client,
    code_in,
    mails,
    make_organisation,
    make_person,
    make_provider,
)
from whitelist.models import Organisation

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def invite(owner: Membership, to: str, role: str = "developer") -> str:
    """Invite by the form; return the code of the mail."""
    response = client(owner).post(address(owner, "members/invite"), {"address": to, "role": role})
    assert response.status_code == 302, response.content.decode()
    assert mails()[-1][0] == to
    return code_in(mails()[-1][1])


def owners(organisation: Organisation) -> list[str]:
    rows = Membership.objects.filter(organisation=organisation, role="owner")
    return [row.account.name for row in rows]


# --- the organisation
def test_who_makes_an_organisation_is_its_owner(realm: Realm) -> None:
    person = make_person(realm)
    browser = client(person)
    response = browser.post("/providers/organisations/new", {"name_ja": "　あおば銀行 ", "name_en": "Aoba Bank"})
    (made,) = membership.of(person)
    assert response.headers["Location"] == f"/providers/{made.organisation.reference}/"
    assert (made.role, made.organisation.name_ja, made.organisation.realm) == ("owner", "あおば銀行", realm)
    assert "あおば銀行" in browser.get(response.headers["Location"]).content.decode()
    (entry,) = journal("organisation.made")
    assert entry.data == {"by": person.name, "name": "あおば銀行"}
    assert chain.verify(realm) is None


@pytest.mark.parametrize(
    "name", ["", " ", "a" * 101, "銀行\n署名", "銀\u202e行", "銀\u200b行", "見て https://evil.example"]
)
def test_a_name_that_isnt_one_is_refused_and_stays_as_typed(realm: Realm, name: str) -> None:
    response = client(make_person(realm)).post("/providers/organisations/new", {"name_ja": name, "name_en": "Kept"})
    page = response.content.decode()
    assert response.status_code == 400
    assert 'aria-describedby="name_ja-support name_ja-error"' in page
    assert 'value="Kept"' in page
    assert not Organisation.objects.exists()


def test_an_account_makes_no_more_organisations_in_a_day_than_are_allowed(realm: Realm, settings: Any) -> None:
    settings.PROVIDER_ORGANISATIONS = 1
    browser = client(make_person(realm))
    names = ("銀行", "銀行", "別の銀行")
    statuses = [browser.post("/providers/organisations/new", {"name_ja": name}).status_code for name in names]
    assert statuses == [302, 302, 429]
    assert Organisation.objects.count() == 1, "a form that was sent twice makes one"


def test_renaming_is_the_owners_and_is_written_down(owner: Membership) -> None:
    legal = make_provider(owner.organisation.realm, "l@b.example", role="legal", organisation=owner.organisation)
    assert client(legal).post(address(owner, "name"), {"name_ja": "乗取銀行"}).status_code == 403
    assert client(owner).post(address(owner, "name"), {"name_ja": "新銀行"}).status_code == 302
    owner.organisation.refresh_from_db()
    assert owner.organisation.name_ja == "新銀行"
    assert [entry.data["before"] for entry in journal("organisation.renamed")] == ["試験銀行"]
    assert len(journal("provider.denied")) == 1


# --- invitations
def test_an_invited_colleague_joins_by_the_code_once_and_the_code_stands_nowhere(owner: Membership) -> None:
    given = invite(owner, "new@bank.example", "legal")
    assert given.replace("-", "") not in str(list(Invitation.objects.values()))
    assert given not in str([entry.data for entry in journal("member.invited")])
    person = make_person(owner.organisation.realm, "new@bank.example")
    browser = client(person)
    assert browser.get(address(owner)).status_code == 404
    response = browser.post("/providers/invitation", {"code": given.lower().replace("-", " ")})
    assert response.headers["Location"] == address(owner)
    assert [(one.organisation, one.role) for one in membership.of(person)] == [(owner.organisation, "legal")]
    assert browser.post("/providers/invitation", {"code": given}).status_code == 403
    assert [entry.data["invited_by"] for entry in journal("member.joined")] == [owner.account.name]


def test_who_has_confirmed_the_address_takes_the_invitation_without_typing_the_code(owner: Membership) -> None:
    invite(owner, "new@bank.example")
    browser = client(make_person(owner.organisation.realm, "new@bank.example"))
    assert "「試験銀行」に、開発者として招待されています" in browser.get("/providers/organisations/").content.decode()
    waiting = Invitation.objects.get().reference
    assert browser.post(f"/providers/invitations/{waiting}/accept").headers["Location"] == address(owner)
    assert browser.post(f"/providers/invitations/{waiting}/accept").headers["Location"] == "/providers/organisations/"


def test_an_invitation_is_for_its_address_alone(owner: Membership) -> None:
    given = invite(owner, "new@bank.example")
    thief = client(make_person(owner.organisation.realm, "thief@evil.example"))
    assert thief.post("/providers/invitation", {"code": given}).status_code == 403
    assert thief.post(f"/providers/invitations/{Invitation.objects.get().reference}/accept").status_code == 302
    assert Membership.objects.count() == 1


def test_an_officer_accepts_with_the_staffs_account_and_is_a_member_by_it(owner: Membership) -> None:
    given = invite(owner, "sato@ministry.example", "viewer")
    officer = make_person(owner.organisation.realm, "sato", role="officer")
    browser = client(officer)
    assert browser.post("/providers/invitation", {"code": given}).headers["Location"] == address(owner)
    assert [one.organisation for one in membership.of(officer)] == [owner.organisation]
    assert browser.get(address(owner)).status_code == 200


@pytest.mark.parametrize("end", ["withdrawn", "expired", "newer", "inviter removed"])
def test_an_invitation_that_ended_is_worth_nothing(owner: Membership, realm: Realm, end: str) -> None:
    second = make_provider(realm, "second@bank.example", organisation=owner.organisation)
    given = invite(second, "new@bank.example")
    if end == "withdrawn":
        path = address(owner, f"members/invitations/{Invitation.objects.get().reference}/withdraw")
        assert client(owner).post(path).status_code == 302
        assert len(journal("member.invitation_withdrawn")) == 1
    elif end == "expired":
        Invitation.objects.update(expires_at=clock.machine())
    elif end == "newer":
        invite(owner, "new@bank.example")
    else:
        organisations.remove(second, by=owner.account)
    browser = client(make_person(realm, "new@bank.example"))
    assert browser.post("/providers/invitation", {"code": given}).status_code == 403


def test_codes_are_not_guessed_without_end_and_mails_not_sent_without_end(owner: Membership, settings: Any) -> None:
    settings.STAFF_TRIES, settings.PROVIDER_INVITATIONS = 3, 1
    browser = client(owner)
    statuses = [browser.post("/providers/invitation", {"code": "A" * 20}).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]
    statuses = [
        browser.post(address(owner, "members/invite"), {"address": f"{n}@b.example", "role": "viewer"}).status_code
        for n in range(2)
    ]
    assert statuses == [302, 429]
    assert len(mails()) == 1


@pytest.mark.parametrize("role", ["", "owner", "emperor"])
def test_nobody_is_invited_as_owner_and_what_was_typed_stays(owner: Membership, role: str) -> None:
    response = client(owner).post(address(owner, "members/invite"), {"address": "new@bank.example", "role": role})
    assert response.status_code == 400
    assert 'value="new@bank.example"' in response.content.decode()
    assert not mails()


def test_a_member_isnt_invited_again(owner: Membership) -> None:
    body = {"address": owner.account.name, "role": "viewer"}
    assert client(owner).post(address(owner, "members/invite"), body).status_code == 409


# --- roles
MEMBERS_PAGES = (
    "members/invite",
    "name",
    "members/{person}/role",
    "members/{person}/remove",
    "members/{person}/hand-over",
)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
def test_only_owners_decide_who_may_what(owner: Membership, role: str) -> None:
    own = make_provider(owner.organisation.realm, f"{role}@b.example", role=role, organisation=owner.organisation)
    browser = client(own)
    for path in MEMBERS_PAGES:
        page = browser.get(address(owner, path.format(person=owner.reference)))
        assert page.status_code == 403
        assert "この役割ではできません" in page.content.decode()
        assert browser.post(address(owner, path.format(person=own.reference))).status_code == 403
    page = browser.get(address(owner, "members/")).content.decode()
    assert owner.account.name in page
    assert "役割を変える" not in page
    assert {one.role for one in membership.of(own.account)} == {role}
    makes = browser.post(address(owner, "workspace/make")).status_code
    assert makes == (302 if role == "developer" else 403)


def test_an_owner_changes_a_role_and_removes_a_member(owner: Membership) -> None:
    other = make_provider(owner.organisation.realm, "o@b.example", role="viewer", organisation=owner.organisation)
    browser, theirs = client(owner), client(other)
    path = address(owner, f"members/{other.reference}/role")
    assert browser.post(path, {"role": "owner"}).status_code == 400, "ownership is handed over, not given"
    assert browser.post(path, {"role": "developer"}).status_code == 302
    assert [(e.data["member"], e.data["before"], e.data["role"]) for e in journal("member.role_changed")] == [
        ("o@b.example", "viewer", "developer")
    ]
    assert browser.post(address(owner, f"members/{other.reference}/remove")).status_code == 302
    assert theirs.get(address(owner)).status_code == 404
    assert len(journal("member.removed")) == 1


def test_handing_over_asks_for_the_second_factor_anew(owner: Membership) -> None:
    other = make_provider(owner.organisation.realm, "o@b.example", role="legal", organisation=owner.organisation)
    browser, path = client(owner), address(owner, f"members/{other.reference}/hand-over")
    for given in ("", wrong_code(owner.account)):
        assert browser.post(path, {"stays": "viewer", "code": given}).status_code == 403
    assert owners(owner.organisation) == [owner.account.name]
    assert browser.post(path, {"stays": "viewer", "code": code(owner.account)}).status_code == 302
    assert owners(owner.organisation) == ["o@b.example"]
    assert browser.get(path).status_code == 403
    (entry,) = journal("ownership.handed_over")
    assert (entry.data["member"], entry.data["stays_as"]) == ("o@b.example", "viewer")


def test_an_owner_may_have_a_second_one_beside(owner: Membership) -> None:
    other = make_provider(owner.organisation.realm, "o@b.example", role="viewer", organisation=owner.organisation)
    path = address(owner, f"members/{other.reference}/hand-over")
    assert client(owner).post(path, {"stays": "owner", "code": code(owner.account)}).status_code == 302
    assert sorted(owners(owner.organisation)) == ["o@b.example", owner.account.name]


# --- never without an owner
def test_the_last_owner_neither_leaves_nor_steps_down(owner: Membership) -> None:
    make_provider(owner.organisation.realm, "o@b.example", role="developer", organisation=owner.organisation)
    browser = client(owner)
    response = browser.post(address(owner, "leave"))
    assert response.status_code == 409
    assert "先に、ほかのメンバーに所有者を引き継いでください" in response.content.decode()
    assert browser.post(address(owner, f"members/{owner.reference}/role"), {"role": "viewer"}).status_code == 409
    assert owners(owner.organisation) == [owner.account.name]
    assert not journal("member.left")


def test_an_owner_who_cant_sign_in_is_no_owner_that_counts(owner: Membership) -> None:
    gone = make_provider(owner.organisation.realm, "o@b.example", organisation=owner.organisation)
    Account.objects.filter(pk=gone.account_id).update(state="disabled")
    with pytest.raises(LastOwner):
        organisations.remove(owner, by=owner.account)


def test_an_operator_disables_the_last_owner_only_when_another_follows(owner: Membership) -> None:
    name, reference = owner.account.name, str(owner.organisation.reference)
    make_provider(owner.organisation.realm, "o@b.example", role="developer", organisation=owner.organisation)
    make_person(owner.organisation.realm, "stranger@b.example")
    for wrong in ((), ("--successor", "stranger@b.example"), ("--successor", name)):
        with pytest.raises(CommandError, match=rf"{reference}.*o@b\.example"):
            call_command("staff", "disable", name, *wrong)
    assert Account.objects.get(pk=owner.account_id).state == "active"
    assert not journal("staff.disabled")
    call_command("staff", "disable", name, "--successor", "O@b.example", "--by", "佐藤")
    assert Account.objects.get(pk=owner.account_id).state == "disabled"
    assert "o@b.example" in owners(owner.organisation)
    (entry,) = journal("ownership.handed_over")
    assert (entry.data["member"], entry.data["before"], entry.data["by"]) == ("o@b.example", "developer", "佐藤")


def test_an_operator_disables_one_of_two_owners_without_a_word(owner: Membership) -> None:
    make_provider(owner.organisation.realm, "o@b.example", organisation=owner.organisation)
    call_command("staff", "disable", owner.account.name)
    assert Account.objects.get(pk=owner.account_id).state == "disabled"
    with pytest.raises(CommandError, match="no other member"):
        call_command("staff", "disable", "o@b.example")


def test_others_leave_when_they_like(owner: Membership) -> None:
    other = make_provider(owner.organisation.realm, "o@b.example", role="viewer", organisation=owner.organisation)
    browser = client(other)
    page = browser.post(address(owner, "leave"), follow=True)
    assert "組織を離れました" in page.content.decode()
    assert browser.get(address(owner)).status_code == 404
    assert [entry.data["by"] for entry in journal("member.left")] == ["o@b.example"]


def _at_once(*acts: Callable[[], None]) -> list[str]:
    """Do everything at the same moment; return what became of each."""
    start, outcomes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(number: int, act: Callable[[], None]) -> None:
        start.wait()
        try:
            act()
            outcomes[number] = "done"
        except (LastOwner, MemberGone) as error:
            outcomes[number] = error.code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_the_same_moment_one_stays(realm: Realm) -> None:
    organisation = make_organisation(realm)
    both = [make_provider(realm, f"{n}@b.example", organisation=organisation) for n in range(2)]
    outcomes = _at_once(*(lambda one=one: organisations.remove(one, by=one.account) for one in both))  # type: ignore[misc]
    assert sorted(outcomes) == ["done", "organisation_last_owner"]
    assert len(owners(organisation)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_demote_each_other_at_the_same_moment_one_stays(realm: Realm) -> None:
    organisation = make_organisation(realm)
    one, two = (make_provider(realm, f"{n}@b.example", organisation=organisation) for n in range(2))
    _at_once(
        lambda: organisations.change_role(one, "viewer", by=two.account),
        lambda: organisations.change_role(two, "viewer", by=one.account),
    )
    assert len(owners(organisation)) == 1


def test_a_stale_page_changes_nobody(owner: Membership) -> None:
    other = make_provider(owner.organisation.realm, "o@b.example", role="viewer", organisation=owner.organisation)
    stale = Membership.objects.select_related("account__user", "organisation__realm").get(pk=other.pk)
    organisations.change_role(other, "legal", by=owner.account)
    with pytest.raises(MemberGone):
        organisations.change_role(stale, "developer", by=owner.account)
    browser = client(owner)
    for page, body in (("role", {"role": "developer"}), ("remove", {}), ("hand-over", {"code": code(owner.account)})):
        path = address(owner, f"members/{other.reference}/{page}")
        assert browser.post(path, {"was": "viewer", **body}).status_code == 409, page
        assert 'name="was" value="legal"' in browser.get(path).content.decode()
    assert membership.of(other.account)[0].role == "legal"
    assert browser.get(address(owner, f"members/{uuid.uuid4()}/role")).status_code == 404


def test_a_form_without_its_csrf_token_is_refused(owner: Membership) -> None:
    token = client(owner).cookies["jpki_staff"].value
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["jpki_staff"] = token
    assert browser.post(address(owner, "leave")).status_code == 403
    assert browser.post("/providers/register", {"address": "a@b.example"}).status_code == 403
    assert browser.post("/providers/passkey/ask", "{}", content_type="application/json").status_code == 403
