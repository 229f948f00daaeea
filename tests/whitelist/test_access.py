"""The one decision: who may ask what, and the reason when not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from ca.profiles import Purpose
from portal.handoff.sentences import REFUSALS
from portal.problems import CATALOGUE
from whitelist.access import (
    CERTIFIED_BY_MINISTERS,
    Applicant,
    Application,
    Ask,
    Certification,
    Check,
    Reason,
    Window,
    decide,
    decide_check,
)
from whitelist.models import RegisteredApplication, RelyingParty

Basis, State, Kind = RelyingParty.Basis, RelyingParty.State, RelyingParty.Kind
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=1), NOW + timedelta(days=1))
CALLBACK = "https://bank.example/return"
IN_APP = "https://bank.example/app"
CERTIFICATION = Certification(date(2026, 1, 1), date(2026, 12, 31))
SITE = Application(RegisteredApplication.Kind.BROWSER, "https://bank.example", frozenset({CALLBACK}))
APP = Application(RegisteredApplication.Kind.ANDROID, "example.bank", frozenset({IN_APP}))
BANK = Applicant(
    state=State.REGISTERED,
    basis=Basis.ITEM_6,
    purposes=frozenset(Purpose),
    applications=(SITE, APP),
    certifications=(CERTIFICATION,),
)
OPERATOR = replace(BANK, kind=Kind.PLATFORM_OPERATOR)
UNDER = replace(BANK, basis=Basis.OPERATOR, certifications=(), operator=OPERATOR)
SIGN = Ask(Purpose.SIGNATURE, CALLBACK)
AUTHENTICATE = Ask(Purpose.USER_AUTHENTICATION, CALLBACK)


def reason(applicant: Applicant | None, ask: Ask = SIGN, window: Window = WINDOW, now: datetime = NOW) -> Reason | None:
    decision = decide(applicant, ask, credential=window, now=now)
    assert decision.allowed == (decision.reason is None) == (decision.application is not None)
    return decision.reason


def checked(
    applicant: Applicant | None, kind: Check, purpose: Purpose = Purpose.SIGNATURE, now: datetime = NOW
) -> Reason | None:
    decision = decide_check(applicant, kind, purpose, realm="", credential=WINDOW, now=now)
    assert decision.allowed == (decision.reason is None)
    return decision.reason


@pytest.mark.parametrize("ask", [SIGN, AUTHENTICATE])
def test_a_registered_bank_with_its_certification_may_ask_both(ask: Ask) -> None:
    assert reason(BANK, ask) is None


def test_who_is_not_in_the_register_may_not_ask() -> None:
    assert reason(None) == Reason.NOT_REGISTERED


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.DRAFT, Reason.NOT_REGISTERED),
        (State.REMOVED, Reason.NOT_REGISTERED),
        (State.SUSPENDED, Reason.SUSPENDED),
    ],
)
def test_only_a_live_entry_may_ask(state: RelyingParty.State, expected: Reason) -> None:
    assert reason(replace(BANK, state=state), AUTHENTICATE) == expected


@pytest.mark.parametrize(
    "window",
    [
        Window(NOW + timedelta(seconds=1), NOW + timedelta(days=1)),
        Window(NOW - timedelta(days=1), NOW),
        Window(NOW - timedelta(days=1), NOW + timedelta(days=1), disabled_at=NOW),
    ],
)
def test_a_key_outside_its_time_or_disabled_may_not_ask(window: Window) -> None:
    assert reason(BANK, AUTHENTICATE, window) == Reason.CREDENTIAL_NOT_VALID


def test_a_key_that_is_to_be_disabled_later_still_asks() -> None:
    assert reason(BANK, AUTHENTICATE, replace(WINDOW, disabled_at=NOW + timedelta(seconds=1))) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example/return/",
        "https://bank.example/return?next=1",
        "https://bank.example/retur",
        "https://bank.example.evil.example/return",
        "HTTPS://BANK.EXAMPLE/return",
        "http://bank.example/return",
        "",
    ],
)
def test_the_return_address_must_be_registered_to_the_letter(url: str) -> None:
    assert reason(BANK, Ask(Purpose.USER_AUTHENTICATION, url)) == Reason.RETURN_URL_NOT_REGISTERED


def test_a_purpose_that_is_not_registered_may_not_be_asked() -> None:
    only_sign_in = replace(BANK, purposes=frozenset({Purpose.USER_AUTHENTICATION}))
    assert reason(only_sign_in, SIGN) == Reason.PURPOSE_NOT_REGISTERED
    assert reason(only_sign_in, AUTHENTICATE) is None


@pytest.mark.parametrize("basis", sorted(CERTIFIED_BY_MINISTERS))
def test_items_5_and_6_may_not_ask_for_a_signature_without_ministerial_certification(basis: RelyingParty.Basis) -> None:
    uncertified = replace(BANK, basis=basis, certifications=())
    assert reason(uncertified, SIGN) == Reason.MINISTERIAL_CERTIFICATION_MISSING
    assert reason(uncertified, AUTHENTICATE) is None


@pytest.mark.parametrize("basis", [Basis.ITEM_1, Basis.ITEM_2, Basis.ITEM_3, Basis.ITEM_4])
def test_items_1_to_4_are_verifiers_without_it(basis: RelyingParty.Basis) -> None:
    assert reason(replace(BANK, basis=basis, certifications=()), SIGN) is None


@pytest.mark.parametrize(
    ("certification", "expected"),
    [
        (Certification(date(2026, 11, 23), date(2027, 1, 1)), Reason.MINISTERIAL_CERTIFICATION_MISSING),
        (Certification(date(2025, 1, 1), date(2026, 11, 21)), Reason.MINISTERIAL_CERTIFICATION_EXPIRED),
        (replace(CERTIFICATION, withdrawn_at=NOW), Reason.MINISTERIAL_CERTIFICATION_WITHDRAWN),
        (replace(CERTIFICATION, withdrawn_at=NOW + timedelta(hours=1)), None),
        (Certification(date(2026, 11, 22), date(2026, 11, 22)), None),
    ],
)
def test_a_ministerial_certification_counts_while_it_holds(
    certification: Certification, expected: Reason | None
) -> None:
    assert reason(replace(BANK, certifications=(certification,))) == expected


def test_its_days_are_days_in_japan() -> None:
    until_today = replace(BANK, certifications=(Certification(date(2026, 1, 1), date(2026, 11, 22)),))
    last_second = datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC)
    window = Window(NOW - timedelta(days=9), NOW + timedelta(days=9))
    assert reason(until_today, window=window, now=last_second) is None
    assert (
        reason(until_today, window=window, now=last_second + timedelta(seconds=1))
        == Reason.MINISTERIAL_CERTIFICATION_EXPIRED
    )


def test_a_new_certification_heals_an_expired_one() -> None:
    expired = Certification(date(2020, 1, 1), date(2025, 1, 1))
    assert reason(replace(BANK, certifications=(expired, CERTIFICATION))) is None
    assert reason(replace(BANK, certifications=(CERTIFICATION, expired))) is None


def test_the_last_day_in_the_register_ends_by_japans_calendar() -> None:
    until_today = replace(BANK, valid_until=date(2026, 11, 22))
    last_second = datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC)
    assert reason(until_today, AUTHENTICATE, now=last_second) is None
    over = last_second + timedelta(seconds=1)
    assert reason(until_today, AUTHENTICATE, now=over) == Reason.REGISTRATION_EXPIRED
    assert checked(until_today, Check.STATUS, now=over) == Reason.REGISTRATION_EXPIRED
    assert reason(replace(BANK, state=State.EXPIRED)) == Reason.REGISTRATION_EXPIRED


@pytest.mark.parametrize(
    ("applicant", "ask", "window"),
    [
        (replace(BANK, realm="test"), SIGN, WINDOW),
        (BANK, replace(SIGN, realm="test"), WINDOW),
        (BANK, SIGN, replace(WINDOW, realm="test")),
    ],
)
def test_credential_entry_and_subject_are_of_one_realm(applicant: Applicant, ask: Ask, window: Window) -> None:
    assert reason(applicant, ask, window) == Reason.OTHER_REALM


def test_the_decision_tells_to_which_application_the_citizen_returns() -> None:
    assert decide(BANK, SIGN, credential=WINDOW, now=NOW).application == SITE
    assert decide(BANK, replace(SIGN, return_url=IN_APP), credential=WINDOW, now=NOW).application == APP


def test_an_application_that_names_itself_is_registered_and_the_address_its_own() -> None:
    assert reason(BANK, replace(SIGN, application="https://bank.example")) is None
    assert reason(BANK, replace(SIGN, application="example.bank")) == Reason.RETURN_URL_NOT_REGISTERED
    assert reason(BANK, replace(SIGN, application="example.evil")) == Reason.APPLICATION_NOT_REGISTERED


@pytest.mark.parametrize("ask", [SIGN, AUTHENTICATE])
def test_under_an_operator_one_may_ask_while_its_entry_and_certification_hold(ask: Ask) -> None:
    assert reason(UNDER, ask) is None
    for broken in (
        None,
        replace(OPERATOR, state=State.SUSPENDED),
        replace(OPERATOR, state=State.REMOVED),
        replace(OPERATOR, state=State.EXPIRED),
        replace(OPERATOR, valid_until=date(2026, 11, 21)),
        replace(OPERATOR, realm="test"),
        replace(OPERATOR, kind=Kind.SERVICE_PROVIDER),
        replace(OPERATOR, basis=Basis.OPERATOR),
    ):
        assert reason(replace(UNDER, operator=broken), ask) == Reason.OPERATOR_NOT_VALID
    for broken in (
        replace(OPERATOR, certifications=()),
        replace(OPERATOR, certifications=(replace(CERTIFICATION, withdrawn_at=NOW),)),
    ):
        assert reason(replace(UNDER, operator=broken), ask) == Reason.OPERATOR_CERTIFICATION_NOT_VALID
    # An administrative body that operates a platform has no need of one.
    assert reason(replace(UNDER, operator=replace(OPERATOR, basis=Basis.ITEM_1, certifications=())), ask) is None


def test_an_operator_that_is_not_ones_basis_takes_nothing_with_it() -> None:
    assert reason(replace(BANK, operator=replace(OPERATOR, state=State.REMOVED))) is None


@pytest.mark.parametrize("kind", Check)
def test_questions_to_the_authorities_are_decided_by_the_same_table(kind: Check) -> None:
    assert checked(BANK, kind) is None
    assert checked(None, kind) == Reason.NOT_REGISTERED
    assert checked(replace(BANK, state=State.SUSPENDED), kind) == Reason.SUSPENDED
    assert checked(replace(BANK, certifications=()), kind) == Reason.MINISTERIAL_CERTIFICATION_MISSING
    assert checked(replace(BANK, applications=()), kind) is None
    assert checked(replace(UNDER, operator=None), kind) == Reason.OPERATOR_NOT_VALID


def test_the_other_purposes_counterpart_is_told_to_who_verifies_both() -> None:
    signs_in = replace(BANK, purposes=frozenset({Purpose.USER_AUTHENTICATION}))
    assert checked(signs_in, Check.STATUS, Purpose.USER_AUTHENTICATION) is None
    assert checked(signs_in, Check.MEDIUM_COUNTERPART, Purpose.USER_AUTHENTICATION) is None
    assert checked(signs_in, Check.PURPOSE_COUNTERPART, Purpose.USER_AUTHENTICATION) == Reason.PURPOSE_NOT_REGISTERED
    uncertified = replace(BANK, certifications=())
    asked = checked(uncertified, Check.PURPOSE_COUNTERPART, Purpose.USER_AUTHENTICATION)
    assert asked == Reason.MINISTERIAL_CERTIFICATION_MISSING


@pytest.mark.parametrize("code", Reason)
def test_each_reason_has_a_row_and_a_sentence_for_the_citizen(code: Reason) -> None:
    row = CATALOGUE[code]
    assert (row.status, row.ja, row.en) == (403, REFUSALS[code].ja, REFUSALS[code].en)


# Few values, close together: so that they meet, and most conditions hold at a time.
def mostly(value: object, *others: object) -> some.SearchStrategy[object]:
    return some.sampled_from([value] * 4 + list(others))


days = some.sampled_from([date(2026, 11, 20) + timedelta(days=each) for each in range(6)])
moments = some.sampled_from(
    [NOW + timedelta(hours=each) for each in (-72, -48, -13, -12, -1, 0, 1, 11, 12, 13, 48, 72)]
)
realms = mostly("", "test")
certifications = some.builds(Certification, days, days, some.none() | moments)
applications = some.builds(
    Application,
    some.sampled_from(list(RegisteredApplication.Kind)),
    some.sampled_from(["a", "b"]),
    some.frozensets(some.sampled_from([CALLBACK, IN_APP])),
)


def entries(operator: some.SearchStrategy[Applicant | None]) -> some.SearchStrategy[Applicant]:
    return some.builds(
        Applicant,
        state=mostly(*([State.REGISTERED] + [each for each in State if each != State.REGISTERED])),
        basis=some.sampled_from(list(Basis)),
        kind=some.sampled_from(list(Kind)),
        realm=realms,
        purposes=some.frozensets(some.sampled_from(list(Purpose)), min_size=1),
        applications=some.lists(applications, max_size=2).map(tuple) | some.just((SITE,)),
        certifications=some.lists(certifications, max_size=2).map(tuple) | some.just((CERTIFICATION,)),
        valid_until=some.none() | days,
        operator=operator,
    )


applicants = entries(some.none() | some.just(OPERATOR) | entries(some.none()))
asks = some.builds(
    Ask, some.sampled_from(list(Purpose)), mostly(CALLBACK, IN_APP, "https://evil.example/"), realms, mostly("", "a")
)
windows = some.builds(Window, moments, moments, some.none() | moments, realms) | some.just(WINDOW)


@given(applicants, asks, windows, moments)
def test_whoever_is_allowed_fulfils_every_condition(
    applicant: Applicant, ask: Ask, window: Window, now: datetime
) -> None:
    decision = decide(applicant, ask, credential=window, now=now)
    if not decision.allowed:
        return
    today = (now + timedelta(hours=9)).date()  # Japan has no summer time
    assert applicant.state == State.REGISTERED
    assert applicant.valid_until is None or today <= applicant.valid_until
    assert applicant.realm == ask.realm == window.realm
    assert window.not_before <= now < window.not_after
    assert window.disabled_at is None or now < window.disabled_at
    assert decision.application in applicant.applications
    assert decision.application is not None
    assert ask.return_url in decision.application.callbacks
    assert ask.application in ("", decision.application.name)
    assert ask.purpose in applicant.purposes
    bearer = applicant
    if applicant.basis == Basis.OPERATOR:
        assert applicant.operator is not None
        bearer = applicant.operator
        assert (bearer.state, bearer.kind, bearer.realm) == (State.REGISTERED, Kind.PLATFORM_OPERATOR, ask.realm)
        assert bearer.valid_until is None or today <= bearer.valid_until
    if bearer.basis in CERTIFIED_BY_MINISTERS and (ask.purpose == Purpose.SIGNATURE or bearer is not applicant):
        assert any(
            each.granted_on <= today <= each.valid_until and (each.withdrawn_at is None or now < each.withdrawn_at)
            for each in bearer.certifications
        )


# Each takes a right away, and gives none.
TAKEN: dict[str, Callable[[Applicant], Applicant]] = {
    "suspended": lambda one: replace(one, state=State.SUSPENDED),
    "expired": lambda one: replace(one, state=State.EXPIRED),
    "removed": lambda one: replace(one, state=State.REMOVED),
    "a purpose": lambda one: replace(one, purposes=one.purposes - {Purpose.SIGNATURE}),
    "the other purpose": lambda one: replace(one, purposes=one.purposes - {Purpose.USER_AUTHENTICATION}),
    "an application": lambda one: replace(one, applications=one.applications[:-1]),
    "its addresses": lambda one: replace(
        one, applications=tuple(replace(each, callbacks=frozenset()) for each in one.applications)
    ),
    "a certification": lambda one: replace(one, certifications=one.certifications[:-1]),
    "withdrawn": lambda one: replace(
        one, certifications=tuple(replace(each, withdrawn_at=NOW) for each in one.certifications)
    ),
    "a shorter time": lambda one: replace(one, valid_until=date(2026, 11, 22)),
    "the operator": lambda one: replace(one, operator=None),
    "the operator's standing": lambda one: replace(
        one, operator=one.operator and replace(one.operator, state=State.SUSPENDED)
    ),
    "the operator's certification": lambda one: replace(
        one, operator=one.operator and replace(one.operator, certifications=())
    ),
    "another realm": lambda one: replace(one, realm="elsewhere"),
}


@pytest.mark.parametrize("what", TAKEN)
@given(applicants, asks, windows, moments, some.sampled_from(list(Check)))
def test_taking_away_a_right_never_allows_more(
    what: str, applicant: Applicant, ask: Ask, window: Window, now: datetime, kind: Check
) -> None:
    if what == "withdrawn" and now < NOW:
        return  # it isn't yet
    if what == "a shorter time" and applicant.valid_until and applicant.valid_until <= date(2026, 11, 22):
        return
    lesser = TAKEN[what](applicant)
    given_before = decide(applicant, ask, credential=window, now=now)
    assert given_before.allowed or not decide(lesser, ask, credential=window, now=now).allowed

    def may_check(who: Applicant) -> bool:
        return decide_check(who, kind, ask.purpose, realm=ask.realm, credential=window, now=now).allowed

    assert may_check(applicant) or not may_check(lesser)


@pytest.mark.parametrize("state", [each for each in State if each != State.REGISTERED])
@given(applicants, asks, windows, moments, some.sampled_from(list(Check)))
def test_nobody_who_is_not_registered_is_ever_allowed(
    state: RelyingParty.State, applicant: Applicant, ask: Ask, window: Window, now: datetime, kind: Check
) -> None:
    gone = replace(applicant, state=state)
    assert not decide(gone, ask, credential=window, now=now).allowed
    assert not decide_check(gone, kind, ask.purpose, realm=ask.realm, credential=window, now=now).allowed


# What heals each reason, and nothing that comes after it.
HEALS: dict[Reason, Callable[[Applicant, Ask, Window], tuple[Applicant, Ask, Window]]] = {
    Reason.NOT_REGISTERED: lambda a, q, w: (replace(a, state=State.REGISTERED), q, w),
    Reason.OTHER_REALM: lambda a, q, w: (replace(a, realm=""), replace(q, realm=""), replace(w, realm="")),
    Reason.SUSPENDED: lambda a, q, w: (replace(a, state=State.REGISTERED), q, w),
    Reason.REGISTRATION_EXPIRED: lambda a, q, w: (replace(a, state=State.REGISTERED, valid_until=None), q, w),
    Reason.OPERATOR_NOT_VALID: lambda a, q, w: (
        replace(
            a,
            operator=replace(
                OPERATOR, realm=a.realm, certifications=a.operator.certifications if a.operator else ()
            ),
        ),
        q,
        w,
    ),
    Reason.CREDENTIAL_NOT_VALID: lambda a, q, w: (
        a, q, Window(NOW - timedelta(days=9), NOW + timedelta(days=9), None, w.realm),
    ),
    Reason.APPLICATION_NOT_REGISTERED: lambda a, q, w: (a, replace(q, application=""), w),
    Reason.RETURN_URL_NOT_REGISTERED: lambda a, q, w: (
        replace(a, applications=tuple(replace(e, callbacks=e.callbacks | {q.return_url}) for e in a.applications) or (
            Application(RegisteredApplication.Kind.IOS, "healed", frozenset({q.return_url})),)), q, w,
    ),
    Reason.PURPOSE_NOT_REGISTERED: lambda a, q, w: (replace(a, purposes=frozenset(Purpose)), q, w),
    Reason.OPERATOR_CERTIFICATION_NOT_VALID: lambda a, q, w: (
        replace(a, operator=a.operator and replace(a.operator, certifications=(CERTIFICATION,))), q, w,
    ),
    **{
        code: lambda a, q, w: (replace(a, certifications=(CERTIFICATION,)), q, w)
        for code in Reason
        if code.startswith("ministerial")
    },
}  # fmt: skip


@given(applicants, asks, windows, moments)
@example(replace(BANK, state=State.SUSPENDED, certifications=()), replace(SIGN, return_url=""), WINDOW, NOW)
def test_the_reason_is_the_first_that_holds(applicant: Applicant, ask: Ask, window: Window, now: datetime) -> None:
    """Mending what was said shows what comes next; so one gets to the yes, and never back."""
    places = {code: place for place, code in enumerate(Reason)}
    seen: list[int] = []
    found = reason(applicant, ask, window, now)
    while found is not None:
        assert not seen or seen[-1] < places[found], "mended before, or looked at too late"
        seen.append(places[found])
        applicant, ask, window = HEALS[found](applicant, ask, window)
        found = reason(applicant, ask, window, now)
