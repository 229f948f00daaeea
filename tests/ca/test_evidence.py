"""Verdicts from a CRL or an OCSP answer that is handed in: what each says, and what says nothing."""

from datetime import timedelta
from typing import Any

import pytest

from ca import ceremony, clock, crl, ocsp, revocation, status
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from ca.status import Reason, Standing, Verdict
from tests.ca.fixtures import issue_card, issue_phone, make_holder, make_realm
from tests.ca.test_ocsp import question, several


def check(certificate: Certificate, **changes: Any) -> Verdict:
    fields: dict[str, Any] = {"now": clock.now(certificate.realm)}
    return status.check_certificate(certificate.realm, bytes(certificate.der), **(fields | changes))


def listed(certificate: Certificate) -> bytes:
    return bytes(crl.publish(certificate.partition).der)


def answered(certificate: Certificate, data: bytes | None = None) -> bytes:
    purpose, medium = Purpose(certificate.purpose), Medium(certificate.medium)
    return ocsp.answer(certificate.realm, purpose, medium, data or question(certificate))


KINDS = pytest.mark.parametrize(("kind", "make"), [("crl", listed), ("ocsp", answered)])


@KINDS
def test_what_is_handed_in_decides_and_our_records_do_not(holder: Holder, kind: str, make: Any) -> None:
    card = issue_card(holder)
    before = make(card)
    assert check(card, **{kind: before}) == Verdict(Standing.VALID, (), None, Medium.CARD, Purpose.SIGNATURE)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(card.realm))
    assert check(card, **{kind: before}).standing is Standing.VALID
    verdict = check(card, **{kind: make(card)})
    assert (verdict.standing, verdict.reasons) == (Standing.INVALID, (Reason.REVOKED,))
    # Of two, the one that says "not good" decides.
    assert check(card, crl=listed(card), ocsp=before).standing is not Standing.VALID


@KINDS
def test_pending_and_on_hold_are_on_hold(holder: Holder, kind: str, make: Any) -> None:
    phone = issue_phone(issue_card(holder), pending=True)
    assert check(phone, **{kind: make(phone)}).reasons == (Reason.ON_HOLD,)


def assert_undecided(verdict: Verdict) -> None:
    assert (verdict.standing, verdict.reasons) == (Standing.UNDECIDED, (Reason.REVOCATION_UNKNOWN,))


@KINDS
def test_outside_its_dates_it_says_nothing(holder: Holder, kind: str, make: Any) -> None:
    card = issue_card(holder)
    evidence, now = make(card), clock.now(card.realm)
    assert_undecided(check(card, now=now + timedelta(days=3), **{kind: evidence}))
    realm = card.realm
    realm.clock_offset = timedelta(hours=1)
    realm.save()
    assert_undecided(check(Certificate.objects.get(pk=card.pk), now=now, **{kind: make(issue_card(holder, key=1))}))


@KINDS
def test_changed_octets_say_nothing(holder: Holder, kind: str, make: Any) -> None:
    card = issue_card(holder)
    evidence = bytearray(make(card))
    # The last octet of a CRL is its signature's; an answer's last are its responder's certificate.
    evidence[-1] ^= 1
    assert_undecided(check(card, **{kind: bytes(evidence)}))
    for octets in (b"", b"nothing", bytes(card.der), ocsp.refusal(ocsp.ResponseStatus.TRY_LATER)):
        assert_undecided(check(card, **{kind: octets}))


@KINDS
def test_of_another_authority_of_the_same_name_it_says_nothing(holder: Holder, kind: str, make: Any) -> None:
    card = issue_card(holder)
    assert_undecided(check(card, **{kind: make(issue_card(make_holder(make_realm("other"))))}))


@KINDS
def test_of_another_generation_it_says_nothing(realm: Realm, holder: Holder, kind: str, make: Any) -> None:
    old = issue_card(holder)
    second = ceremony._create_generation(old.authority, 2)
    ceremony._create_responder_key(second)
    new = issue_card(holder, key=1)
    assert new.generation == second
    assert_undecided(check(old, **{kind: make(new)}))
    assert check(new, **{kind: make(new)}).standing is check(old, **{kind: make(old)}).standing is Standing.VALID


def test_a_crl_of_another_point_says_nothing(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    elsewhere = issue_card(make_holder(realm, municipality="Higashimurayama-shi", municipality_code="13213"), key=1)
    phone = issue_phone(card)
    assert_undecided(check(card, crl=listed(elsewhere)))
    assert_undecided(check(card, crl=listed(phone)))


def test_an_answer_about_another_certificate_says_nothing_and_several_say_theirs(holder: Holder) -> None:
    card, other = issue_card(holder), issue_card(holder, key=1)
    assert_undecided(check(card, ocsp=answered(other)))
    assert check(card, ocsp=answered(card, several(question(other), question(card)))).standing is Standing.VALID


def test_a_broken_chain_and_expiry_are_said_beside_it(holder: Holder) -> None:
    card = issue_card(holder)
    late = card.not_after + timedelta(days=1)
    verdict = check(card, now=late, crl=listed(card))
    assert (verdict.standing, verdict.reasons) == (Standing.INVALID, (Reason.EXPIRED, Reason.REVOCATION_UNKNOWN))
    other = make_realm("other")
    verdict = status.check_certificate(other, bytes(card.der), now=clock.now(other), crl=listed(card))
    assert verdict.reasons == (Reason.CHAIN_BROKEN,)
