"""The one decision: who may ask what of a phone, and the reason when not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ca.profiles import Purpose
from whitelist.access import (
    CERTIFIED_BY_MINISTERS,
    Applicant,
    Ask,
    Certification,
    Reason,
    Window,
    decide,
)
from whitelist.models import RelyingParty

Basis, State = RelyingParty.Basis, RelyingParty.State
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=1), NOW + timedelta(days=1))
CALLBACK = "https://bank.example/return"
CERTIFICATION = Certification(date(2026, 1, 1), date(2026, 12, 31))
BANK = Applicant(
    state=State.REGISTERED,
    basis=Basis.ITEM_6,
    purposes=frozenset(Purpose),
    callbacks=frozenset({CALLBACK}),
    certifications=(CERTIFICATION,),
)
SIGN = Ask(Purpose.SIGNATURE, CALLBACK)
AUTHENTICATE = Ask(Purpose.USER_AUTHENTICATION, CALLBACK)


def reason(applicant: Applicant | None, ask: Ask = SIGN, window: Window = WINDOW, now: datetime = NOW) -> Reason | None:
    decision = decide(applicant, ask, credential=window, now=now)
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


days = some.dates(date(2020, 1, 1), date(2030, 1, 1))
moments = some.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=some.just(UTC))
certifications = some.builds(Certification, days, days, some.none() | moments)
applicants = some.none() | some.builds(
    Applicant,
    state=some.sampled_from(list(State)),
    basis=some.sampled_from(list(Basis)),
    purposes=some.frozensets(some.sampled_from(list(Purpose))),
    callbacks=some.frozensets(some.sampled_from([CALLBACK, "https://other.example/"])),
    certifications=some.lists(certifications, max_size=3).map(tuple),
)


@given(
    applicants,
    some.builds(Ask, some.sampled_from(list(Purpose)), some.sampled_from([CALLBACK, "https://evil.example/"])),
    some.builds(Window, moments, moments, some.none() | moments),
    moments,
)
def test_whoever_is_allowed_fulfils_every_condition(
    applicant: Applicant | None, ask: Ask, window: Window, now: datetime
) -> None:
    if reason(applicant, ask, window, now) is not None:
        return
    assert applicant is not None
    assert applicant.state == State.REGISTERED
    assert window.not_before <= now < window.not_after
    assert window.disabled_at is None or now < window.disabled_at
    assert ask.return_url in applicant.callbacks
    assert ask.purpose in applicant.purposes
    if ask.purpose == Purpose.SIGNATURE and applicant.basis in CERTIFIED_BY_MINISTERS:
        assert any(each.withdrawn_at is None or each.withdrawn_at > now for each in applicant.certifications)
