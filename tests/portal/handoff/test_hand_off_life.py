"""The life of a hand-off: each end is reached once, and only by its arrow."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from ca import clock, journal, revocation
from ca.models import JournalEntry, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from portal.handoff import asking, delivery, hand_offs
from portal.handoff.asking import Asked
from portal.handoff.errors import (
    AnswerRefused,
    DocumentUnacceptable,
    HandOffExpired,
    HandOffNotShown,
    HandOffOver,
    HandOffRefused,
    HandOffUnknown,
)
from portal.handoff.models import HandOff
from portal.handoff.states import State
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import make_bank, make_credential
from whitelist import credentials
from whitelist.models import Credential, MinisterialCertification, PurposeOfUse, RelyingParty

pytestmark = pytest.mark.databases

Ask = Callable[..., Asked]
SIGNATURE, AUTHENTICATION = Purpose.SIGNATURE, Purpose.USER_AUTHENTICATION


def shown(asked: Asked) -> HandOff:
    return hand_offs.show(hand_offs.by_token(asked.token))


def again(hand_off: HandOff) -> HandOff:
    return HandOff.objects.get(pk=hand_off.pk)


def travel(realm: Realm, by: timedelta) -> None:
    Realm.objects.filter(pk=realm.pk).update(clock_offset=by)


@pytest.mark.parametrize("purpose", [SIGNATURE, AUTHENTICATION])
def test_the_phone_answers_and_the_answer_is_kept(ask: Ask, citizen: Citizen, purpose: Purpose) -> None:
    hand_off = shown(ask(purpose))
    assert hand_off.state == State.SHOWN
    hand_offs.answer(hand_off, **citizen.answer(hand_off))
    kept = again(hand_off)
    assert (kept.state, kept.medium) == (State.ANSWERED, Medium.PHONE)
    assert bytes(kept.certificate or b"") == bytes(citizen.certificate(purpose).der)
    assert kept.ended_at is not None


def test_an_authentication_signs_a_text_that_names_the_service_and_this_hand_off(ask: Ask) -> None:
    hand_off = ask().hand_off
    assert hand_off.signed_text == f"JPKI-HANDOFF-1\ntest-bank\n{hand_off.id}\n{hand_off.nonce}\n"
    assert ask().hand_off.nonce != hand_off.nonce


def test_a_document_is_signed_to_the_byte(ask: Ask) -> None:
    assert ask(SIGNATURE, document="\n a\r\nb \n").hand_off.signed_text == "\n a\r\nb \n"


def test_two_answers_one_wins(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    first, second = shown(asked), shown(asked)
    hand_offs.answer(first, **citizen.answer(first))
    with pytest.raises(HandOffOver):
        hand_offs.answer(second, **citizen.answer(second))
    with pytest.raises(HandOffOver):
        hand_offs.decline(second)
    assert JournalEntry.objects.filter(kind="handoff.answered").count() == 1


def test_a_citizen_may_say_no(ask: Ask, citizen: Citizen) -> None:
    hand_off = shown(ask())
    hand_offs.decline(hand_off)
    assert again(hand_off).state == State.DECLINED
    with pytest.raises(HandOffOver):
        hand_offs.answer(again(hand_off), **citizen.answer(hand_off))


def test_what_was_never_shown_is_not_answered(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    with pytest.raises(HandOffNotShown):
        hand_offs.answer(asked.hand_off, **citizen.answer(asked.hand_off))


@pytest.mark.parametrize("opened", [True, False])
def test_time_runs_out(ask: Ask, citizen: Citizen, realm: Realm, opened: bool) -> None:
    asked = ask()
    if opened:
        shown(asked)
    travel(realm, asking.LIFETIME)
    hand_off = hand_offs.by_token(asked.token)
    assert (hand_off.state, hand_off.ended_at) == (State.EXPIRED, hand_off.expires_at)
    assert again(hand_off).state == State.EXPIRED
    assert hand_offs.show(hand_off).state == State.EXPIRED
    with pytest.raises(HandOffExpired):
        hand_offs.answer(hand_off, **citizen.answer(hand_off))


def test_a_link_opens_its_own_hand_off_only(ask: Ask) -> None:
    first, second = ask(), ask()
    assert hand_offs.by_token(first.token).pk == first.hand_off.pk != second.hand_off.pk
    for token in ("", str(first.hand_off.pk), first.hand_off.token_digest, first.token[:-1], "\udcff"):
        with pytest.raises(HandOffUnknown):
            hand_offs.by_token(token)


def test_the_token_is_not_stored(ask: Ask) -> None:
    asked = ask()
    assert asked.token not in str(HandOff.objects.filter(pk=asked.hand_off.pk).values())


def test_one_relying_party_does_not_see_anothers(ask: Ask, credential: Credential) -> None:
    hand_off = ask().hand_off
    other = make_credential(make_bank(credential.relying_party.realm, "other-bank"), number=1)
    assert hand_offs.by_id(hand_off.pk, credential=credential).pk == hand_off.pk
    with pytest.raises(HandOffUnknown):
        hand_offs.by_id(hand_off.pk, credential=other)


# --- the answer is checked as the service will check it


def refused(hand_off: HandOff, citizen: Citizen, **changes: bytes) -> list[str]:
    with pytest.raises(AnswerRefused) as caught:
        hand_offs.answer(hand_off, **(citizen.answer(hand_off) | changes))
    assert again(hand_off).state == State.SHOWN
    reasons: list[str] = caught.value.data["reasons"]
    return reasons


def test_a_wrong_signature_is_not_taken(ask: Ask, citizen: Citizen) -> None:
    hand_off = shown(ask())
    assert refused(hand_off, citizen, signature=bytes(256)) == ["signature_wrong"]
    other = ask().hand_off
    assert refused(hand_off, citizen, signature=citizen.sign(AUTHENTICATION, other.signed_text)) == ["signature_wrong"]
    hand_offs.answer(hand_off, **citizen.answer(hand_off))  # and the citizen may try again


def test_another_certificate_than_the_purposes_is_not_taken(ask: Ask, citizen: Citizen) -> None:
    hand_off = shown(ask(AUTHENTICATION))
    answer = {
        "certificate": bytes(citizen.certificate(SIGNATURE).der),
        "signature": citizen.sign(SIGNATURE, hand_off.signed_text),
    }
    assert "wrong_purpose" in refused(hand_off, citizen, **answer)


def test_the_cards_certificate_is_not_the_phones(ask: Ask, citizen: Citizen) -> None:
    hand_off = shown(ask())
    assert refused(hand_off, citizen, **citizen.answer(hand_off, Medium.CARD)) == ["wrong_medium"]


def test_the_card_answers_where_the_service_lets_it(ask: Ask, citizen: Citizen) -> None:
    hand_off = shown(ask(media=[Medium.PHONE, Medium.CARD]))
    hand_offs.answer(hand_off, **citizen.answer(hand_off, Medium.CARD))
    assert (again(hand_off).state, again(hand_off).medium) == (State.ANSWERED, Medium.CARD)


def test_after_the_end_of_use_nothing_is_taken(ask: Ask, citizen: Citizen, realm: Realm) -> None:
    hand_off = shown(ask())
    revocation.revoke(citizen.certificate(AUTHENTICATION), cause=Cause.PHONE_USE_ENDED, now=clock.now(realm))
    assert refused(hand_off, citizen) == ["revoked"]


@pytest.mark.parametrize("certificate", [b"\x30\x82\x01\x00", b"not a certificate", bytes(8000)])
def test_what_is_no_certificate_is_refused(ask: Ask, citizen: Citizen, certificate: bytes) -> None:
    assert refused(shown(ask()), citizen, certificate=certificate) == ["malformed"]


# --- the register decides, every time


def test_an_unregistered_service_is_refused_with_the_reason(ask: Ask, credential: Credential) -> None:
    RelyingParty.objects.update(state=RelyingParty.State.DRAFT)
    hand_off = ask().hand_off
    assert (hand_off.state, hand_off.reason) == (State.REFUSED, "not_registered")
    assert hand_offs.show(hand_off).state == State.REFUSED
    with pytest.raises(HandOffRefused):
        hand_offs.decline(hand_off)


def test_an_address_that_is_not_registered_is_refused_and_never_led_to(ask: Ask) -> None:
    hand_off = ask(return_url="https://evil.example/").hand_off
    assert (hand_off.state, hand_off.reason) == (State.REFUSED, "return_url_not_registered")
    with pytest.raises(HandOffRefused):
        delivery.leave(hand_off, "")


def test_without_ministerial_certification_no_signature_may_be_asked(ask: Ask) -> None:
    MinisterialCertification.objects.all().delete()
    assert ask(SIGNATURE).hand_off.reason == "ministerial_certification_missing"
    assert ask(AUTHENTICATION).hand_off.state == State.WAITING


def test_a_purpose_that_is_not_registered_is_refused(ask: Ask) -> None:
    PurposeOfUse.objects.filter(purpose=SIGNATURE).delete()
    assert ask(SIGNATURE).hand_off.reason == "purpose_not_registered"


def test_a_suspension_works_from_its_moment(ask: Ask, citizen: Citizen) -> None:
    unopened, opened = ask(), shown(ask())
    RelyingParty.objects.update(state=RelyingParty.State.SUSPENDED)
    assert shown(unopened).reason == "suspended"
    with pytest.raises(HandOffRefused) as caught:
        hand_offs.answer(opened, **citizen.answer(opened))
    assert caught.value.data["reason"] == "suspended"
    assert again(opened).state == State.REFUSED


def test_a_disabled_key_ends_what_it_asked_for(ask: Ask, credential: Credential, realm: Realm) -> None:
    asked = ask()
    credentials.disable(credential, now=clock.now(realm))
    assert shown(asked).reason == "credential_not_valid"


# --- what is shown is what is signed


@pytest.mark.parametrize(
    "document",
    ["", "  \n", "a\x00b", "a\x1bb", "pay 1\u202e000", "a\u2066b", "a\ud800b", "a\x7fb", "x" * 100_001],
)
def test_a_document_that_would_not_be_seen_as_it_is_is_not_taken(ask: Ask, document: str) -> None:
    with pytest.raises(DocumentUnacceptable):
        ask(SIGNATURE, document=document)
    assert not HandOff.objects.exists()


@pytest.mark.parametrize("name", ["", "two\nlines", "x" * 101])
def test_a_documents_name_is_one_short_line(ask: Ask, name: str) -> None:
    with pytest.raises(DocumentUnacceptable):
        ask(SIGNATURE, document_name=name)


def test_an_authentication_has_no_document(ask: Ask) -> None:
    with pytest.raises(DocumentUnacceptable):
        ask(AUTHENTICATION, document="a contract, unseen")


# --- what is kept


def test_every_end_is_in_the_journal(ask: Ask, citizen: Citizen, realm: Realm) -> None:
    answered = shown(ask())
    hand_offs.answer(answered, **citizen.answer(answered))
    hand_offs.decline(shown(ask()))
    ask(return_url="https://evil.example/")
    kinds = [entry.kind for entry in JournalEntry.objects.filter(kind__startswith="handoff.").order_by("sequence")]
    first, second = ["asked", "shown", "answered"], ["asked", "shown", "declined"]
    assert kinds == [f"handoff.{each}" for each in (*first, *second, "refused")]
    entry = JournalEntry.objects.get(kind="handoff.answered")
    assert entry.subject == str(answered.id)
    assert entry.data["serial_number"] == citizen.certificate(AUTHENTICATION).serial_number
    assert journal.verify(realm) is None


def test_the_database_keeps_no_answer_without_a_signature_and_no_refusal_without_a_reason(ask: Ask) -> None:
    hand_off = ask().hand_off
    for values in ({"state": State.ANSWERED}, {"state": State.REFUSED}, {"reason": "suspended"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            HandOff.objects.filter(pk=hand_off.pk).update(**values)
