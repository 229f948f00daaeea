"""The log's pages and the delegations': who sees what, the file, giving and ending."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from ca import clock
from ca.models import JournalEntry, Realm
from ca.profiles import Purpose
from portal.providers.models import Membership
from tests.portal.providers.people import address, client, make_organisation, make_provider
from tests.portal.verification.verifiers import Verifier, make_operator
from tests.whitelist.relying_parties import make_bank, make_credential
from whitelist import delegations
from whitelist.models import Credential, Delegation, RelyingParty, VerificationLog


@pytest.fixture
def owner(realm: Realm, credential: Credential) -> Membership:
    member = make_provider(realm)
    RelyingParty.objects.filter(pk=credential.relying_party_id).update(organisation=member.organisation)
    credential.relying_party.refresh_from_db()
    return member


@pytest.fixture
def operators(realm: Realm, credential: Credential) -> Membership:
    """Return the owner of the organisation whose the platform operator is."""
    member = make_provider(realm, "owner@operator.example", organisation=make_organisation(realm, "基盤"))
    operator, _ = make_operator(credential)
    RelyingParty.objects.filter(pk=operator.pk).update(organisation=member.organisation)
    return member


def record(**values: Any) -> Delegation:
    provider = RelyingParty.objects.get(client_id="test-bank")
    return delegations.record(RelyingParty.objects.get(client_id="operator"), provider, list(Purpose), by="x", **values)


# --- The log
def test_an_organisation_sees_what_it_asked_and_what_was_asked_in_its_name(
    owner: Membership, operators: Membership, credential: Credential, realm: Realm
) -> None:
    record()
    operator = Verifier(Credential.objects.get(relying_party__client_id="operator"), number=5)
    operator.status("0A01", on_behalf_of="test-bank")
    operator.status("0A02")
    Verifier(credential).status("0A03", check_purpose="liveness_check")
    Verifier(make_credential(make_bank(realm, "stranger"), number=3), number=3).status("0A04")

    def numbers(member: Membership, rest: str = "") -> set[str]:
        page = client(member).get(address(member, f"verification/{rest}")).content.decode()
        return {each for each in ("0A01", "0A02", "0A03", "0A04") if each in page}

    assert numbers(owner) == {"0A01", "0A03"}
    assert numbers(operators) == {"0A01", "0A02"}
    assert numbers(owner, "?service=stranger") == {"0A01", "0A03"}, "not its own: as if nothing was chosen"
    page = client(owner).get(address(owner, "verification/")).content.decode()
    assert "試験銀行 の代わりに" in page
    assert "現況の確認" in page
    english = client(owner, **{"accept-language": "en"}).get(address(owner, "verification/")).content.decode()
    assert "for Test Bank" in english


def test_it_is_read_page_by_page_and_service_by_service(
    owner: Membership, credential: Credential, realm: Realm
) -> None:
    other = make_bank(realm, "second", organisation=owner.organisation, name_ja="二番目", name_en="Second")
    Verifier(make_credential(other, number=3), number=3).status("0BBB")
    Verifier(credential).status(*(f"{each:06X}" for each in range(60)))
    browser = client(owner)
    first = browser.get(address(owner, "verification/"))
    assert len(first.context["rows"]) == 50
    second = browser.get(address(owner, f"verification/?before={first.context['next']}"))
    assert (len(second.context["rows"]), second.context["next"]) == (11, None)
    chosen = browser.get(address(owner, "verification/?service=second"))
    assert [row["log"].serial_number for row in chosen.context["rows"]] == ["0BBB"]
    for wrong in ("?before=x", "?before=-1", "?before=" + "9" * 40):
        assert browser.get(address(owner, f"verification/{wrong}")).status_code == 200


def test_the_file_has_every_row_and_its_download_is_in_the_journal(owner: Membership, credential: Credential) -> None:
    Verifier(credential).status(*(f"{each:06X}" for each in range(60)))
    response = client(owner).get(address(owner, "verification/log.csv"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert response["Content-Type"].startswith("text/csv")
    assert (len(rows), rows[0]["serial_number"], rows[0]["relying_party"]) == (60, "3B", "test-bank")
    entry = JournalEntry.objects.get(kind="verification.downloaded")
    assert (entry.subject, entry.data["by"]) == (str(owner.organisation.reference), owner.account.name)
    assert VerificationLog.objects.count() == 60


# --- Delegations
def form(**changes: Any) -> dict[str, Any]:
    return {"service": "test-bank", "operator": "operator", "purposes": ["signature"], "document": "契約 7"} | changes


def test_who_speaks_for_the_provider_gives_one(owner: Membership, operators: Membership, realm: Realm) -> None:
    until = clock.today(realm) + timedelta(days=30)
    response = client(owner).post(address(owner, "delegations/new"), form(until=until.isoformat()))
    made = Delegation.objects.get()
    assert response.headers["Location"] == address(owner, f"delegations/{made.reference}/")
    assert (made.operator.client_id, made.provider.client_id, made.purposes) == ("operator", "test-bank", ["signature"])
    assert (made.document, made.recorded_by) == ("契約 7", owner.account.name)
    for member, word in ((owner, "任せています"), (operators, "任されています")):
        assert word in client(member).get(address(member, "delegations/")).content.decode()
        page = client(member).get(address(member, f"delegations/{made.reference}/")).content.decode()
        assert f"{until:%Y-%m-%d}" in page
    # Who recorded it is the provider's affair.
    assert (
        owner.account.name
        not in client(operators).get(address(operators, f"delegations/{made.reference}/")).content.decode()
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"service": ""}, "service"),
        ({"service": "another"}, "service"),
        ({"operator": "test-bank"}, "operator"),
        ({"operator": "nobody"}, "operator"),
        ({"purposes": []}, "purposes"),
        ({"purposes": ["x"]}, "purposes"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": "2026-02-31"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"document": ""}, "document"),
        ({"document": "x" * 201}, "document"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(
    owner: Membership, operators: Membership, realm: Realm, changes: dict[str, Any], field: str
) -> None:
    make_bank(realm, "another", organisation=operators.organisation)
    response = client(owner).post(address(owner, "delegations/new"), form(**changes))
    page = response.content.decode()
    assert response.status_code == 400
    assert list(response.context["form"].wrong) == [field]
    assert f'href="#{field}"' in page
    assert f'id="{field}-error"' in page
    if field != "document":
        assert "契約 7" in page
    assert not Delegation.objects.exists()


def test_who_is_registered_under_an_operator_is_warned_and_gives_no_other(
    owner: Membership, operators: Membership
) -> None:
    made = record()
    provider, operator = made.provider, made.operator
    RelyingParty.objects.filter(pk=provider.pk).update(basis="operator", operator=operator)
    page = client(owner).get(address(owner, f"delegations/{made.reference}/end")).content.decode()
    assert "この事業者の下で登録されています" in page
    assert client(owner).post(address(owner, "delegations/new"), form()).status_code == 400
    assert Delegation.objects.count() == 1


@pytest.mark.parametrize("side", ["provider", "operator"])
def test_either_side_ends_it_at_once_with_a_confirmation(owner: Membership, operators: Membership, side: str) -> None:
    made = record()
    member = owner if side == "provider" else operators
    browser, there = client(member), address(member, f"delegations/{made.reference}/end")
    assert browser.get(there).status_code == 200
    unsure = browser.post(there)
    assert (unsure.status_code, "チェックを入れてください" in unsure.content.decode()) == (400, True)
    assert browser.post(there, {"sure": "yes"}).status_code == 302
    made.refresh_from_db()
    assert (made.ended_at is not None, made.ended_by) == (True, member.account.name)
    assert JournalEntry.objects.filter(kind="delegation.ended", data__by=member.account.name).count() == 1
    # A stale page, a second tap.
    assert browser.post(there, {"sure": "yes"}).status_code == 302
    assert JournalEntry.objects.filter(kind="delegation.ended").count() == 1
    page = browser.get(address(member, f"delegations/{made.reference}/")).content.decode()
    assert "この委任は終わりました" in page


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("legal", True), ("developer", False), ("viewer", False)])
def test_owner_and_legal_decide_and_the_others_read(
    owner: Membership, operators: Membership, role: str, may: bool
) -> None:
    made = record()
    member = make_provider(owner.organisation.realm, f"{role}@two.example", role=role, organisation=owner.organisation)
    browser = client(member)
    page = browser.get(address(owner, f"delegations/{made.reference}/"))
    assert (page.status_code, "この委任を終わらせる" in page.content.decode()) == (200, may)
    for rest in ("new", f"{made.reference}/end"):
        assert browser.get(address(owner, f"delegations/{rest}")).status_code == (200 if may else 403)
        if not may:
            assert browser.post(address(owner, f"delegations/{rest}"), {"sure": "yes"}).status_code == 403
    made.refresh_from_db()
    assert made.ended_at is None
