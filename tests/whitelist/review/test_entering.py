"""An approved case becomes rows of the register, and a change takes the place of what stood there, at once or not."""

from datetime import date

import pytest

from ca.models import JournalEntry, Realm
from ca.profiles import Purpose
from tests.whitelist.relying_parties import make_bank
from tests.whitelist.review.cases import (
    CALLBACK,
    answers,
    fresh,
    make_organisation,
    propose,
    registered,
    submitted,
    through,
)
from whitelist import delegations, register
from whitelist.cases import entries, states
from whitelist.cases.officers import Officer
from whitelist.errors import ArrowGone, DelegationInvalid
from whitelist.models import Case, Delegation, Organisation, RelyingParty
from whitelist.published import records
from whitelist.review import deciding, reviewing, suspensions

pytestmark = pytest.mark.django_db
Officers = tuple[Officer, Officer]
State = RelyingParty.State


def test_a_new_entry_has_what_the_case_says(
    realm: Realm, organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar, terms={"valid_until": "2031-03-31"})
    assert (entry.client_id, entry.state, entry.organisation) == ("shinagawa-account", State.REGISTERED, organisation)
    assert (entry.name_ja, entry.name_en) == ("しながわ口座", "Shinagawa Account")
    assert (entry.basis, entry.kind, entry.valid_until) == ("17-1-6", "service_provider", date(2031, 3, 31))
    assert {one.purpose: one.text_en for one in entry.purposes.all()} == {
        Purpose.SIGNATURE: "To open an account",
        Purpose.USER_AUTHENTICATION: "To sign in",
    }
    assert [(one.kind, one.origin, one.callback_urls, one.proofs) for one in entry.applications.all()] == [
        ("browser", "https://shinagawa.example", [CALLBACK], {}),
        (
            "android",
            "example.shinagawa",
            ["https://shinagawa.example/app"],
            {"certificate_sha256": ["ab" * 32]},
        ),
    ]
    assert (entry.attributes, entry.attributes_why) == (["name", "address"], "犯収法の確認")
    certified = entry.ministerial_certifications.get()
    assert (certified.number, certified.granted_on, certified.valid_until) == (
        "認-7",
        date(2026, 1, 5),
        date(2030, 1, 4),
    )
    assert certified.conditions == "年1回の報告"
    case = Case.objects.get()
    assert (case.relying_party, case.state) == (entry, Case.State.APPROVED)
    # The second officer of each authority; the case names itself in the register's entry of the journal.
    told = JournalEntry.objects.get(kind="register.register").data
    assert (told["by"], told["case"]) == ("take", str(case.reference))


@pytest.mark.parametrize("wish", ["", "x", "white space", "日本", "taken-name"])
def test_a_client_id_is_made_where_the_wish_is_unfit_or_taken(
    realm: Realm, organisation: Organisation, registrar: Officers, wish: str
) -> None:
    make_bank(realm, "taken-name")
    entry = registered(organisation, registrar, registrar, answers("17-1-1", service={"client_id": wish}))
    assert entry.client_id.startswith("rp-")
    entry.full_clean()


def test_only_what_the_basis_needs_is_certified(organisation: Organisation, registrar: Officers) -> None:
    entry = registered(organisation, registrar, registrar, answers("17-1-1"))
    assert not entry.ministerial_certifications.exists()


def test_a_purpose_that_is_not_asked_for_is_not_registered(organisation: Organisation, registrar: Officers) -> None:
    entry = registered(organisation, registrar, registrar, answers("17-1-1", purposes={"signature": None}))
    assert [one.purpose for one in entry.purposes.all()] == [Purpose.USER_AUTHENTICATION]


def test_one_under_a_platform_operator_stands_under_it_by_a_delegation(
    realm: Realm, organisation: Organisation, registrar: Officers
) -> None:
    operator = make_bank(realm, "platform", kind=RelyingParty.Kind.PLATFORM_OPERATOR)
    given = answers("operator", basis={"operator_client_id": "platform"})
    entry = registered(organisation, registrar, registrar, given)
    assert (entry.basis, entry.operator) == (RelyingParty.Basis.OPERATOR, operator)
    assert not entry.ministerial_certifications.exists()
    made = Delegation.objects.get()
    assert (made.provider, made.operator, made.case) == (entry, operator, entry.cases.get())
    assert made.purposes == ["signature", "user_authentication"]
    delegations.end(made, by="hana@bank.example")
    # A change of something else doesn't bring back what was ended.
    changed = submitted(organisation, answers("operator", basis=given["basis"], contacts={}), entry=entry)
    through(changed, "register", registrar)
    assert RelyingParty.objects.get(pk=entry.pk).operator is None
    other = answers("17-1-1", basis={"operator_client_id": ""})
    through(submitted(organisation, other, entry=entry), "register", registrar)
    assert RelyingParty.objects.get(pk=entry.pk).basis == "17-1-1"


def test_nobody_stands_under_who_is_no_operator(realm: Realm, organisation: Organisation, registrar: Officers) -> None:
    make_bank(realm, "a-bank")
    for client_id in ("a-bank", "nobody"):
        case = submitted(organisation, answers("operator", basis={"operator_client_id": client_id}))
        with pytest.raises(DelegationInvalid):
            through(case, "register", registrar)
        assert fresh(case).state == Case.State.IN_REVIEW
    assert RelyingParty.objects.count() == 1


CHANGED = {
    "service": {"name_ja": "しながわ新口座", "client_id": "shinagawa-account"},
    "purposes": {"signature": None},
    "applications": [
        {
            "id": "0b000001",
            "kind": "browser",
            "origin": "https://new.example",
            "callback_urls": ["https://new.example/back"],
        },
        {
            "id": "0b000002",
            "kind": "browser",
            "origin": "https://new.example",
            "callback_urls": ["https://new.example/other"],
        },
    ],
}


def test_a_change_leaves_the_live_entry_until_it_is_approved_and_then_replaces_what_changed(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar)
    case = submitted(organisation, answers(**CHANGED), entry=entry)
    through(case, "certify", ministry)  # the purposes are the ministry's, too
    made = propose(reviewing.take_up(fresh(case), by=registrar[0]), "register", registrar[0])

    def live() -> tuple[str, set[str], set[str]]:
        row = RelyingParty.objects.get()
        return row.name_ja, {one.origin for one in row.applications.all()}, {one.purpose for one in row.purposes.all()}

    assert live() == (
        "しながわ口座",
        {"https://shinagawa.example", "example.shinagawa"},
        {"signature", "user_authentication"},
    )
    deciding.approve(made, by=registrar[1], version=1)
    assert live() == ("しながわ新口座", {"https://new.example"}, {"user_authentication"})
    assert RelyingParty.objects.get().applications.get().callback_urls == [
        "https://new.example/back",
        "https://new.example/other",
    ]
    told = JournalEntry.objects.get(kind="register.change")
    assert (told.subject, told.data["sections"]) == ("shinagawa-account", ["applications", "purposes", "service"])
    newest, first = records.history(RelyingParty.objects.get())
    assert (newest.record.event, first.record.event) == ("changed", "registered")
    assert {one.part for one in newest.changes} >= {"applications", "purposes"}
    assert records.catch_up(told.realm) == 0, "the record says what the rows do"
    assert RelyingParty.objects.get().state == State.REGISTERED
    # And so the public's history has it.
    assert [step.record.event for step in records.history(entry)] == ["changed", "registered"]
    assert {"applications", "purposes"} <= {change.part for change in records.history(entry)[0].changes}


def test_a_change_of_what_is_received_is_in_the_history(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar)
    case = submitted(organisation, answers(purposes={"attributes": ["name"]}), entry=entry)
    through(case, "certify", ministry)
    through(fresh(case), "register", registrar)
    (change,) = (one for one in records.history(entry)[0].changes if one.part == "attributes")
    assert (change.before["received"], change.after["received"]) == (["name", "address"], ["name"])
    without = answers(purposes={"attributes": [], "attributes_why": ""})
    case = submitted(organisation, without, entry=entry)
    through(case, "certify", ministry)
    through(fresh(case), "register", registrar)
    row = RelyingParty.objects.get()
    assert (row.attributes, row.attributes_why) == ([], "")
    assert entries.answers(row, case, "x")["purposes"]["attributes"] == []
    assert [one.after for one in records.history(entry)[0].changes if one.part == "attributes"] == [None]


def test_a_change_of_a_suspended_entry_leaves_it_suspended(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar)
    suspensions.suspend(entry, by=registrar[0], reason="漏えい")
    case = submitted(organisation, answers(service={"name_ja": "しながわ新口座"}), entry=entry)
    through(case, "register", registrar)
    row = RelyingParty.objects.get()
    assert (row.name_ja, row.state) == ("しながわ新口座", State.SUSPENDED)


def test_a_change_brings_an_expired_entry_back(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar)
    states.move_entry(entry, "expire", by="")
    case = submitted(organisation, answers(contacts={}), entry=entry)
    through(case, "register", registrar, terms={"valid_until": "2035-01-01"})
    row = RelyingParty.objects.get()
    assert (row.state, row.valid_until) == (State.REGISTERED, date(2035, 1, 1))


def test_a_removed_entry_is_changed_by_nobody(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar)
    case = submitted(organisation, answers(service={"name_ja": "しながわ新口座"}), entry=entry)
    made = propose(reviewing.take_up(case, by=registrar[0]), "register", registrar[0])
    states.move_entry(entry, "remove", by="take")
    with pytest.raises(ArrowGone):
        deciding.approve(made, by=registrar[1], version=1)
    assert fresh(case).state == Case.State.IN_REVIEW
    assert RelyingParty.objects.get().name_ja == "しながわ口座"


def test_the_public_register_shows_it_from_the_decision_on(
    realm: Realm, ministry: Officers, registrar: Officers
) -> None:
    organisation = make_organisation(realm)
    from ca import clock

    assert register.entries(realm, now=clock.now(realm)) == []
    registered(organisation, ministry, registrar)
    shown = register.find(realm, "shinagawa-account", now=clock.now(realm))
    assert shown is not None
    assert shown.certification is not None
    assert shown.certification.number == "認-7"
