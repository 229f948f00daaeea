"""Delegations: an operator acts for a provider while that is recorded and both are in order, and no longer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as some

from ca import clock
from ca.models import JournalEntry, Realm
from ca.profiles import Purpose
from tests.ca.fixtures import make_realm
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from whitelist import access, delegations
from whitelist.access import Applicant, Application, Ask, Certification, Check, Decision, Reason, Window
from whitelist.delegations import Mandate
from whitelist.errors import DelegationInvalid, DelegationMissing, DelegationOver
from whitelist.models import Case, Credential, Delegation, Organisation, RegisteredApplication, RelyingParty

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
DAY = timedelta(days=1)
State, Basis, Kind = RelyingParty.State, RelyingParty.Basis, RelyingParty.Kind
CERTIFICATION = Certification(date(2026, 1, 1), date(2027, 1, 1))
OPERATOR = Applicant(
    State.REGISTERED, Basis.ITEM_6, Kind.PLATFORM_OPERATOR, "r", frozenset(Purpose), (), (CERTIFICATION,)
)
PROVIDER = Applicant(
    State.REGISTERED,
    Basis.ITEM_6,
    Kind.SERVICE_PROVIDER,
    "r",
    frozenset(Purpose),
    (Application(RegisteredApplication.Kind.BROWSER, "https://p.example", frozenset({CALLBACK})),),
)
MANDATE = Mandate(frozenset(Purpose), NOW - DAY)
WINDOW = Window(NOW - DAY, NOW + DAY, None, "r")
SIGNATURE, AUTHENTICATION = Purpose


def decide(
    operator: Applicant | None = OPERATOR,
    provider: Applicant | None = PROVIDER,
    mandates: tuple[Mandate, ...] = (MANDATE,),
    *,
    purpose: Purpose = SIGNATURE,
    window: Window = WINDOW,
    now: datetime = NOW,
) -> Reason | None:
    def question(applicant: Applicant) -> Decision:
        return access.decide(applicant, Ask(purpose, CALLBACK, "r"), credential=window, now=now)

    return delegations.decide(
        operator, provider, mandates, question, purpose=purpose, realm="r", credential=window, now=now
    ).reason


def test_the_providers_certification_is_the_operators() -> None:
    assert decide() is None
    assert decide(purpose=AUTHENTICATION) is None
    # By itself the provider could not ask: it has none of its own.
    asked = access.decide(PROVIDER, Ask(SIGNATURE, CALLBACK, "r"), credential=WINDOW, now=NOW)
    assert asked.reason == Reason.MINISTERIAL_CERTIFICATION_MISSING
    assert decide(provider=replace(PROVIDER, basis=Basis.ITEM_1)) is None
    assert decide(provider=replace(PROVIDER, basis=Basis.OPERATOR, operator=OPERATOR)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"operator": None}, Reason.OPERATOR_NOT_VALID),
        ({"operator": replace(OPERATOR, state=State.SUSPENDED)}, Reason.OPERATOR_NOT_VALID),
        ({"operator": replace(OPERATOR, state=State.EXPIRED)}, Reason.OPERATOR_NOT_VALID),
        ({"operator": replace(OPERATOR, kind=Kind.SERVICE_PROVIDER)}, Reason.OPERATOR_NOT_VALID),
        ({"operator": replace(OPERATOR, realm="other")}, Reason.OPERATOR_NOT_VALID),
        ({"operator": replace(OPERATOR, basis=Basis.OPERATOR, operator=OPERATOR)}, Reason.OPERATOR_NOT_VALID),
        ({"operator": replace(OPERATOR, certifications=())}, Reason.OPERATOR_CERTIFICATION_NOT_VALID),
        (
            {"operator": replace(OPERATOR, certifications=()), "purpose": AUTHENTICATION},
            Reason.OPERATOR_CERTIFICATION_NOT_VALID,
        ),
        (
            {"operator": replace(OPERATOR, certifications=(replace(CERTIFICATION, withdrawn_at=NOW),))},
            Reason.OPERATOR_CERTIFICATION_NOT_VALID,
        ),
        ({"operator": replace(OPERATOR, purposes=frozenset({AUTHENTICATION}))}, Reason.PURPOSE_NOT_REGISTERED),
        ({"window": replace(WINDOW, disabled_at=NOW)}, Reason.CREDENTIAL_NOT_VALID),
        ({"provider": None}, Reason.DELEGATION_NOT_VALID),
        ({"mandates": ()}, Reason.DELEGATION_NOT_VALID),
        ({"mandates": (replace(MANDATE, ended_at=NOW),)}, Reason.DELEGATION_NOT_VALID),
        ({"mandates": (replace(MANDATE, not_after=NOW),)}, Reason.DELEGATION_NOT_VALID),
        ({"mandates": (replace(MANDATE, not_before=NOW + DAY),)}, Reason.DELEGATION_NOT_VALID),
        ({"mandates": (replace(MANDATE, purposes=frozenset({AUTHENTICATION})),)}, Reason.DELEGATION_NOT_VALID),
        ({"provider": replace(PROVIDER, state=State.SUSPENDED)}, Reason.SUSPENDED),
        ({"provider": replace(PROVIDER, state=State.REMOVED)}, Reason.NOT_REGISTERED),
        ({"provider": replace(PROVIDER, realm="other")}, Reason.OTHER_REALM),
        ({"provider": replace(PROVIDER, purposes=frozenset({AUTHENTICATION}))}, Reason.PURPOSE_NOT_REGISTERED),
        ({"provider": replace(PROVIDER, applications=())}, Reason.RETURN_URL_NOT_REGISTERED),
        # Registered under another operator than the one who asks.
        ({"provider": replace(PROVIDER, basis=Basis.OPERATOR, operator=None)}, Reason.OPERATOR_NOT_VALID),
    ],
)
def test_whatever_is_wrong_with_one_of_them_is_a_no(changes: dict[str, Any], reason: Reason) -> None:
    assert decide(**changes) == reason


moments = some.sampled_from([NOW + each * timedelta(hours=12) for each in range(-4, 5)])
maybe = some.none() | moments
mandates = some.builds(
    Mandate,
    purposes=some.frozensets(some.sampled_from(list(Purpose))),
    not_before=moments,
    not_after=maybe,
    ended_at=maybe,
)
operators = some.builds(
    replace,
    some.just(OPERATOR),
    state=some.sampled_from([State.REGISTERED, *State]),
    kind=some.sampled_from([Kind.PLATFORM_OPERATOR, *Kind]),
    certifications=some.sampled_from([(CERTIFICATION,), ()]),
)
providers = some.builds(
    replace,
    some.just(PROVIDER),
    state=some.sampled_from([State.REGISTERED, *State]),
    basis=some.sampled_from(list(Basis)),
    operator=some.sampled_from([None, OPERATOR]),
    purposes=some.frozensets(some.sampled_from(list(Purpose))),
)


@given(operators, providers, some.lists(mandates, max_size=3).map(tuple), some.sampled_from(list(Purpose)), moments)
def test_a_yes_needs_all_of_it(
    operator: Applicant, provider: Applicant, given_: tuple[Mandate, ...], purpose: Purpose, now: datetime
) -> None:
    window = Window(NOW - 9 * DAY, NOW + 9 * DAY, None, "r")
    if decide(operator, provider, given_, purpose=purpose, window=window, now=now) is not None:
        return
    assert operator.state == provider.state == State.REGISTERED
    assert operator.kind == Kind.PLATFORM_OPERATOR
    assert operator.certifications
    assert purpose in provider.purposes
    assert any(each.holds(purpose, now) for each in given_)
    # And every end that can be put to it is one.
    ended = tuple(replace(each, ended_at=now) for each in given_)
    for less in (
        (operator, provider, ended),
        (replace(operator, state=State.SUSPENDED), provider, given_),
        (replace(operator, certifications=()), provider, given_),
        (operator, replace(provider, state=State.SUSPENDED), given_),
        (operator, None, given_),
    ):
        assert decide(*less, purpose=purpose, window=window, now=now) is not None


# --- Rows
@pytest.fixture
def pair(realm: Realm) -> tuple[RelyingParty, RelyingParty]:
    return make_bank(realm, "operator", kind=Kind.PLATFORM_OPERATOR), make_bank(realm, "provider")


def test_it_is_recorded_and_ended_in_the_journal_and_a_new_one_follows_on(
    pair: tuple[RelyingParty, RelyingParty], realm: Realm
) -> None:
    operator, provider = pair
    first = delegations.record(operator, provider, [SIGNATURE], by="a@p.example", document="契約 7")
    second = delegations.record(operator, provider, Purpose, by="a@p.example")
    first.refresh_from_db()
    assert (first.ended_by, second.ended_at) == ("a@p.example", None)
    delegations.end(second, by="b@o.example")
    with pytest.raises(DelegationOver):
        delegations.end(second, by="b@o.example")
    told = [
        (each.kind, each.data["by"], each.data["operator"])
        for each in JournalEntry.objects.filter(subject="provider").order_by("sequence")
    ]
    assert told == [
        ("delegation.recorded", "a@p.example", "operator"),
        ("delegation.ended", "a@p.example", "operator"),  # the new one takes its place
        ("delegation.recorded", "a@p.example", "operator"),
        ("delegation.ended", "b@o.example", "operator"),
    ]


def test_two_who_end_it_at_once_leave_one_entry(pair: tuple[RelyingParty, RelyingParty]) -> None:
    made = delegations.record(*pair, [SIGNATURE], by="x")
    stale = Delegation.objects.get(pk=made.pk)
    delegations.end(made, by="one")
    with pytest.raises(DelegationOver), transaction.atomic():
        delegations.end(stale, by="other")
    assert Delegation.objects.get().ended_by == "one"
    assert JournalEntry.objects.filter(kind="delegation.ended").count() == 1


@pytest.mark.parametrize(
    ("change", "member"),
    [
        (lambda o, p: (p, o, [SIGNATURE], {}), "operator"),
        (lambda o, p: (o, o, [SIGNATURE], {}), "operator"),
        (lambda o, p: (o, p, [], {}), "purposes"),
        (lambda o, p: (o, p, [SIGNATURE], {"not_after": clock.now(o.realm) - DAY}), "not_after"),
        (lambda o, p: (o, make_bank(make_realm("other"), "far"), [SIGNATURE], {}), "operator"),
    ],
)
def test_what_can_be_no_delegation_is_none(
    pair: tuple[RelyingParty, RelyingParty], change: Callable[..., Any], member: str
) -> None:
    operator, provider, purposes, more = change(*pair)
    with pytest.raises(DelegationInvalid) as refused:
        delegations.record(operator, provider, purposes, by="x", **more)
    assert refused.value.data["member"] == member
    assert not Delegation.objects.exists()


def test_who_never_delegated_and_who_doesnt_exist_are_told_alike(
    pair: tuple[RelyingParty, RelyingParty], realm: Realm
) -> None:
    operator, provider = pair
    credential = make_credential(operator)
    said = []
    for name in ("provider", "nobody"):
        with pytest.raises(DelegationMissing) as missing:
            delegations.acting_for(credential, name)
        said.append(str(missing.value))
    assert said[0] == said[1]
    assert delegations.acting_for(credential, "operator") == delegations.acting_for(credential, "") == operator
    made = delegations.record(operator, provider, [SIGNATURE], by="x")
    delegations.end(made, by="x")
    # Known from before: it is told that it has ended.
    assert delegations.acting_for(credential, "provider") == provider
    assert _status(credential, provider) == Reason.DELEGATION_NOT_VALID


@pytest.fixture
def case(realm: Realm) -> Case:
    now = clock.now(realm)
    organisation = Organisation.objects.create(realm=realm, name_ja="試験", created_at=now)
    return Case.objects.create(organisation=organisation, opened_by="x", opened_at=now, moved_at=now)


def test_who_is_registered_under_the_operator_stands_under_nobody_when_it_ends(realm: Realm, case: Case) -> None:
    operator = make_bank(realm, "operator", kind=Kind.PLATFORM_OPERATOR)
    provider = make_bank(realm, "provider", basis=Basis.OPERATOR)
    made = delegations.record(operator, provider, Purpose, by="x", case=case)
    own, operators = make_credential(provider), make_credential(operator, number=1)
    provider.refresh_from_db()
    assert provider.operator == operator
    assert (_status(own, provider), _status(operators, provider)) == (None, None)
    delegations.end(made, by="x")
    provider.refresh_from_db()
    assert _status(own, provider) == Reason.OPERATOR_NOT_VALID
    assert _status(operators, provider) == Reason.DELEGATION_NOT_VALID


def test_it_stands_under_one_alone_and_another_takes_a_case(realm: Realm, case: Case) -> None:
    first, second = (make_bank(realm, name, kind=Kind.PLATFORM_OPERATOR) for name in ("first", "second"))
    provider = make_bank(realm, "provider", basis=Basis.OPERATOR)
    delegations.record(first, provider, Purpose, by="x", case=case)
    with pytest.raises(DelegationInvalid):
        delegations.record(second, provider, Purpose, by="x")
    delegations.record(second, provider, Purpose, by="officer", case=case)
    provider.refresh_from_db()
    assert provider.operator == second
    assert [each.operator for each in Delegation.objects.filter(ended_at=None)] == [second]
    assert JournalEntry.objects.filter(kind="delegation.ended", data__operator="first").count() == 1
    assert _status(make_credential(second), provider) is None
    ended = make_credential(first, number=1)
    assert _status(ended, provider) == Reason.DELEGATION_NOT_VALID
    # Whatever a row says: it is registered under the other.
    Delegation.objects.filter(operator=first).update(ended_at=None)
    assert _status(ended, provider) == Reason.DELEGATION_NOT_VALID
    assert not delegations.holding(ended, provider, SIGNATURE)


def test_the_other_purposes_counterpart_takes_a_mandate_for_both(pair: tuple[RelyingParty, RelyingParty]) -> None:
    operator, provider = pair
    credential = make_credential(operator)
    delegations.record(operator, provider, [SIGNATURE], by="x")
    assert _status(credential, provider) is None
    assert _status(credential, provider, Check.PURPOSE_COUNTERPART) == Reason.DELEGATION_NOT_VALID
    delegations.record(operator, provider, Purpose, by="x")
    assert _status(credential, provider, Check.PURPOSE_COUNTERPART) is None


def _status(credential: Credential, provider: RelyingParty, kind: Check = Check.STATUS) -> Reason | None:
    now = clock.now(provider.realm)
    return delegations.check_of(provider, kind, SIGNATURE, credential=credential, now=now).reason
