"""A generation's key in other hands: all that it signed falls, in lots, and nothing of another key."""

from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any

import pytest
from cryptography.x509 import ReasonFlags
from django.core.management import CommandError, call_command

from ca import ceremony, clock, compromise, journal, linkage, revocation, status
from ca.causes import Cause
from ca.errors import GenerationStillSigns, NoAuthority
from ca.issuance import issuing
from ca.models import CardRevocation, Certificate, Generation, Holder, Issuance, JournalEntry, Realm
from ca.profiles import Purpose
from portal.handoff.trust import trust_list
from tests.ca.fixtures import assert_not_on_crl, assert_on_crl, issue_all_four, issue_card, issue_phone, make_holder

Status = Certificate.Status
BY = ("--officer", "青木 (J-LIS)", "--reason", "the token was stolen")
SIGNATURE = Purpose.SIGNATURE


def generation(realm: Realm, number: int = 1) -> Generation:
    return compromise.find(realm, SIGNATURE, number)


def revoke_generation(realm: Realm, *options: str) -> str:
    said = StringIO()
    call_command(
        *("revoke_generation", "--realm", realm.slug, "--purpose", "signature", "--number", "1", *options),
        stdout=said,
        stderr=StringIO(),
    )
    return said.getvalue()


def status_of(certificate: Certificate) -> tuple[str, str]:
    certificate.refresh_from_db()
    return certificate.status, certificate.cause


def test_what_the_key_signed_falls_with_its_phones_and_nothing_of_another_key(realm: Realm, holder: Holder) -> None:
    card, authentication, phone, phone_authentication = issue_all_four(holder)
    mixed = make_holder(realm)
    old_card = issue_card(mixed, key=4)
    ceremony.next_generation(realm, SIGNATURE)
    new_phone = issue_phone(old_card, key=5)
    new_card = issue_card(make_holder(realm), key=6)
    assert new_phone.generation == generation(realm, 2)
    told = revoke_generation(realm, "--carry-out", "--key", generation(realm).subject_key_identifier, *BY)
    assert "revoked: 3 for the key, 1 phone certificates with their cards'" in told
    compromised = (Status.REVOKED, Cause.AUTHORITY_KEY_COMPROMISE)
    assert [status_of(one) for one in (card, phone, old_card)] == [compromised] * 3
    assert status_of(new_phone) == (Status.REVOKED, Cause.CARD_CERTIFICATE_REVOKED)
    for untouched in (authentication, phone_authentication, new_card):
        assert status_of(untouched)[0] != Status.REVOKED
    assert_on_crl(card, ReasonFlags.ca_compromise)
    assert_on_crl(new_phone, ReasonFlags.cessation_of_operation)
    assert_not_on_crl(new_card)
    verdict = status.check_certificate(realm, bytes(card.der), now=clock.now(realm))
    assert verdict.standing is status.Standing.INVALID
    assert journal.verify(realm) is None


def test_the_decision_stands_in_the_journal_before_what_came_of_it(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    ceremony.next_generation(realm, SIGNATURE)
    compromise.condemn(generation(realm), officer="青木", ground="stolen")
    decided = JournalEntry.objects.get(kind=compromise.CONDEMNED)
    assert decided.subject == "signature/1"
    assert decided.data == {
        "key": generation(realm).subject_key_identifier,
        "cause": "authority_key_compromise",
        "officer": "青木",
        "ground": "stolen",
    }
    fell = JournalEntry.objects.get(kind="certificate.revoked", subject=card.serial_number)
    assert fell.sequence > decided.sequence
    assert (fell.data["before"], fell.data["after"]) == ("valid", "revoked")


def test_without_carry_out_it_only_counts(realm: Realm, holder: Holder) -> None:
    issue_all_four(holder)
    ceremony.next_generation(realm, SIGNATURE)
    before = JournalEntry.objects.count()
    told = revoke_generation(realm)
    assert "1 card certificates, valid" in told
    assert "1 phone certificates, " in told
    assert "Nothing was changed" in told
    assert JournalEntry.objects.count() == before
    assert not Certificate.objects.filter(status=Status.REVOKED).exists()


@pytest.mark.parametrize("options", [("--key", "AB" * 20, *BY), BY, ("--key", "own", "--officer", "青木")])
def test_it_is_not_done_without_the_keys_name_an_officer_and_a_ground(
    realm: Realm, holder: Holder, options: tuple[str, ...]
) -> None:
    card = issue_card(holder)
    ceremony.next_generation(realm, SIGNATURE)
    own = generation(realm).subject_key_identifier
    with pytest.raises(CommandError, match=r"key identifier|officer"):
        revoke_generation(realm, "--carry-out", *(own if one == "own" else one for one in options))
    assert status_of(card)[0] == Status.VALID


def test_the_newest_is_not_condemned_for_it_would_sign_what_comes_next(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    with pytest.raises(GenerationStillSigns):
        compromise.condemn(generation(realm), officer="青木", ground="stolen")
    assert status_of(card)[0] == Status.VALID
    assert not JournalEntry.objects.filter(kind=compromise.CONDEMNED).exists()
    with pytest.raises(NoAuthority):
        generation(realm, 9)


def test_from_the_decision_on_no_trust_list_names_it_and_what_had_but_a_number_gets_another(
    realm: Realm, holder: Holder
) -> None:
    issue_card(holder)
    ceremony.next_generation(realm, SIGNATURE)
    reserved = Issuance.objects.get()
    Issuance.objects.update(state=Issuance.State.RESERVED, certificate=None, tbs=None)
    compromise.condemn(generation(realm), officer="青木", ground="stolen")
    named = [(one["purpose"], one["generation"]) for one in trust_list(realm.slug)["authorities"]]
    assert named == [("signature", 2), ("user_authentication", 1)]
    reserved.refresh_from_db()
    assert (reserved.state, reserved.serial_number) == (Issuance.State.REQUESTED, "")


class Killed(Exception):
    """The machine goes out in the middle."""


def test_interrupted_it_goes_on_where_it_was_and_nothing_falls_twice(realm: Realm, monkeypatch: Any) -> None:
    cards = [issue_card(make_holder(realm), key=key) for key in range(5)]
    phone = issue_phone(cards[3], key=5)
    ceremony.next_generation(realm, SIGNATURE)
    monkeypatch.setattr(compromise, "LOT", 2)

    def kill(fallen: compromise.Fallen) -> None:
        raise Killed

    with pytest.raises(Killed):
        compromise.condemn(generation(realm), officer="青木", ground="stolen", tell=kill)
    assert [status_of(card)[0] for card in cards].count(Status.REVOKED) == 2
    # The lists of what fell before are due all the same.
    assert cards[0].partition.revision > cards[0].partition.published_revision  # type: ignore[operator]
    fallen = compromise.condemn(generation(realm), officer="白川", ground="stolen")
    assert (fallen.condemned, fallen.along) == (4, 0)
    assert {status_of(one)[0] for one in (*cards, phone)} == {Status.REVOKED}
    fell = JournalEntry.objects.filter(kind="certificate.revoked").values_list("subject", flat=True)
    assert sorted(fell) == sorted(one.serial_number for one in (*cards, phone))
    assert CardRevocation.objects.filter(settled_at=None).count() == 0
    assert journal.verify(realm) is None
    # And once more there is nothing to do.
    assert compromise.condemn(generation(realm), officer="白川", ground="stolen") == compromise.Fallen()


def test_what_is_on_hold_and_what_waits_for_activation_fall_too_and_what_fell_before_stays(
    realm: Realm, holder: Holder
) -> None:
    card = issue_card(holder)
    phone = issue_phone(card, key=1, pending=True)
    held, dead = issue_card(make_holder(realm), key=2), issue_card(make_holder(realm), key=3)
    revocation.hold(held, cause=Cause.LOSS, now=clock.now(realm))
    revocation.revoke(dead, cause=Cause.DEATH, now=clock.now(realm))
    ceremony.next_generation(realm, SIGNATURE)
    compromise.condemn(generation(realm), officer="青木", ground="stolen")
    for one in (card, phone, held):
        assert status_of(one) == (Status.REVOKED, Cause.AUTHORITY_KEY_COMPROMISE)
    assert status_of(dead) == (Status.REVOKED, Cause.DEATH)


def test_what_was_being_signed_meanwhile_is_found(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the old key: the next run. By the new one, on a card that fell: the sweep."""
    card, signing = issue_card(holder), issuing.signing

    def before_signing(do: Callable[[], object]) -> Callable[..., Any]:
        def meanwhile(*arguments: Any) -> Any:
            do()
            return signing(*arguments)

        return meanwhile

    with monkeypatch.context() as patch:
        patch.setattr(issuing, "signing", before_signing(lambda: ceremony.next_generation(realm, SIGNATURE)))
        late = issue_card(make_holder(realm), key=1)
    assert late.generation == generation(realm)
    fall = partial(compromise.condemn, generation(realm), officer="青木", ground="stolen")
    with monkeypatch.context() as patch:
        patch.setattr(issuing, "signing", before_signing(fall))
        phone = issue_phone(card, key=2)
    assert status_of(late)[0] == status_of(card)[0] == Status.REVOKED
    assert status_of(phone)[0] != Status.REVOKED
    assert linkage.sweep(realm) == [phone.pk]
    assert status_of(phone) == (Status.REVOKED, Cause.CARD_CERTIFICATE_REVOKED)
