"""The walk of an enrolment, from the signed application to the end of use."""

from base64 import b64encode

import pytest

from ca import clock, crl, linkage, revocation
from ca.models import Certificate, Holder, JournalEntry, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox import cards, power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of, play
from tsm import enrolment as enrolments
from tsm import jpki, sei, sweep
from tsm.globalplatform import commands
from tsm.models import Conversation, Enrolment, Leg

pytestmark = pytest.mark.django_db(transaction=True)


def statuses(holder: Holder) -> dict[str, str]:
    """Return purpose -> status of the holder's newest phone pair."""
    found = Certificate.objects.filter(holder=holder, medium=Medium.PHONE).order_by("pk")
    return {one.purpose: one.status for one in found}


def good_pairs(holder: Holder) -> int:
    """Return how many phone certificates of one purpose answer "good"."""
    return Certificate.objects.filter(
        holder=holder, medium=Medium.PHONE, purpose=Purpose.SIGNATURE, status=Certificate.Status.VALID
    ).count()


def test_an_application_becomes_an_active_pair_in_four_exchanges(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card_of(realm)).json()["id"]
    citizen.converse()
    found = citizen.api("GET", f"enrolments/{reference}").json()
    assert found["state"] == "installed", found
    assert {one["status"] for one in found["certificates"]} == {"pending"}
    assert [leg.kind for leg in Leg.objects.order_by("pk")] == ["prepare", "install"]
    assert Conversation.objects.get().exchanges <= 4 + 1  # one more: a worker by hand doesn't answer within the poll
    citizen.set_passwords()
    activated = citizen.activate(reference)
    assert activated.status_code == 200, activated.content
    assert activated.json()["state"] == "active"
    assert {one["status"] for one in activated.json()["certificates"]} == {"valid"}


def test_phone_certificates_end_with_the_cards_and_share_no_serial_number(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    Citizen.with_new_phone(realm, deliver).enrol(card)
    phone = Certificate.objects.filter(holder=card.holder, medium=Medium.PHONE)
    assert phone.count() == 2
    for one in phone:
        assert one.linked_to is not None
        assert one.linked_to.purpose == one.purpose
        assert one.not_after == one.linked_to.not_after
    for purpose in Purpose:
        serials = [one.serial_number for one in Certificate.objects.filter(purpose=purpose)]
        assert len(serials) == len(set(serials))


def test_what_is_in_the_element_is_what_was_issued(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    issued = Certificate.objects.get(holder=card.holder, medium=Medium.PHONE, purpose=Purpose.SIGNATURE)
    with power.element(citizen.row) as chip:
        play(chip, jpki.select_application(), jpki.select_file(0x001B), jpki.verify(b"PHONE82KX4"))
        play(chip, jpki.select_file(0x0001))
        size = len(bytes(issued.der))
        read = b"".join(play(chip, jpki.read_binary(at, min(256, size - at))) for at in range(0, size, 256))
    assert read == bytes(issued.der)


def test_activation_needs_both_keys_of_the_element(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card_of(realm)).json()["id"]
    citizen.converse()
    citizen.set_passwords()
    text = citizen.api("GET", f"enrolments/{reference}").json()["activation"]["text"]
    signature = citizen.sign(text, jpki.Key.SIGNATURE)

    both = {"signature": b64encode(signature).decode(), "user_authentication": b64encode(signature).decode()}
    refused = citizen.api("POST", f"enrolments/{reference}/activation", {"signatures": both})
    assert (refused.status_code, refused.json()["code"]) == (403, "activation_refused")
    assert set(statuses(Enrolment.objects.get().holder).values()) == {"pending"}


def test_activating_twice_changes_nothing(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.enrol(card_of(realm))
    enrolment = Enrolment.objects.get(reference=reference)
    enrolments.activate(enrolment, signatures={})
    assert set(statuses(enrolment.holder).values()) == {"valid"}


def test_end_of_use_revokes_both_and_empties_the_element(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.enrol(card)
    ended = citizen.end(reference)
    assert ended.json()["state"] == "ended"
    certificates = Certificate.objects.filter(holder=card.holder, medium=Medium.PHONE)
    assert {(one.status, one.cause) for one in certificates} == {("revoked", Cause.PHONE_USE_ENDED.value)}
    citizen.converse()
    assert citizen.api("GET", f"enrolments/{reference}").json()["state"] == "deleted"
    with power.element(citizen.row) as chip:
        for aid in (jpki.AID, sei.PROVIDER_DOMAIN):
            assert chip.transmit(commands.select(aid).encode()) == b"\x6a\x82"


def test_end_of_use_needs_the_phones_own_signature(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.enrol(card_of(realm))
    text = citizen.api("GET", f"enrolments/{reference}/end").json()["text"]

    wrong = b64encode(citizen.sign(text, jpki.Key.AUTHENTICATION)).decode()
    refused = citizen.api("POST", f"enrolments/{reference}/end", {"text": text, "signature": wrong})
    assert (refused.status_code, refused.json()["code"]) == (403, "end_refused")
    assert set(statuses(Enrolment.objects.get().holder).values()) == {"valid"}


def test_a_phone_can_be_used_again_after_its_end(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.end(citizen.enrol(card))
    # The old content is still there: it leaves before the new comes.
    citizen.enrol(card)
    assert set(statuses(card.holder).values()) == {"valid"}
    states = list(Enrolment.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["deleted", "active"]


# --- device change


def test_a_second_phone_takes_over_in_one_moment(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    old, new = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver, "kaede-3")
    first = old.enrol(card)
    applied = new.apply(card)
    assert applied.json()["device_change"] is True
    new.converse()
    assert good_pairs(card.holder) == 1, "until the activation the old pair works"
    assert old.api("GET", f"enrolments/{first}").json()["certificates"][0]["status"] == "valid"
    new.set_passwords()
    new.activate(applied.json()["id"])
    assert good_pairs(card.holder) == 1
    assert {one["status"] for one in old.api("GET", f"enrolments/{first}").json()["certificates"]} == {"revoked"}
    old.converse()
    assert old.api("GET", f"enrolments/{first}").json()["state"] == "deleted"


def test_a_new_phone_lost_half_way_leaves_the_old_pair_working(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    old, new = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver)
    first = old.enrol(card)
    lost = new.apply(card).json()["id"]
    new.converse()
    enrolments.abandon(Enrolment.objects.get(reference=lost), trouble="given_up")
    assert {one["status"] for one in old.api("GET", f"enrolments/{first}").json()["certificates"]} == {"valid"}
    assert {one["status"] for one in new.api("GET", f"enrolments/{lost}").json()["certificates"]} == {"revoked"}


def test_the_newest_application_abandons_the_one_before(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    first, second = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver)
    given_up = first.apply(card).json()["id"]
    first.converse()
    second.enrol(card)
    assert first.api("GET", f"enrolments/{given_up}").json()["trouble"] == "newer_application"
    assert good_pairs(card.holder) == 1
    first.converse()
    assert first.api("GET", f"enrolments/{given_up}").json()["state"] == "deleted"


# --- linkage


def test_a_revoked_card_certificate_takes_the_phones_with_it(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    signature = cards.card_certificate(card, Purpose.SIGNATURE)
    assert signature is not None

    revocation.revoke(signature, cause=Cause.ATTRIBUTES_CHANGED, now=clock.now(realm))
    assert statuses(card.holder)["signature"] == "valid", "the sweep has not been yet"
    (fallen,) = Certificate.objects.filter(pk__in=linkage.sweep(realm))
    assert (fallen.purpose, fallen.cause) == ("signature", Cause.CARD_CERTIFICATE_REVOKED.value)
    assert statuses(card.holder) == {"signature": "revoked", "user_authentication": "valid"}
    assert linkage.sweep(realm) == []
    deliver("ca")
    assert not crl.due(realm).exists()


def test_a_returned_card_ends_the_phones_use(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.enrol(card)

    for one in cards.valid_certificates(card):
        revocation.revoke(one, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    assert len(linkage.sweep(realm)) == 2
    sweep.follow_linkage(realm)
    citizen.converse()
    assert citizen.api("GET", f"enrolments/{reference}").json()["state"] == "deleted"


def test_a_card_that_falls_half_way_ends_the_enrolment(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card).json()["id"]
    citizen.converse()
    for one in cards.valid_certificates(card):
        revocation.revoke(one, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    assert len(linkage.sweep(realm)) == 2, "pending certificates fall too"
    sweep.run()
    citizen.converse()
    found = citizen.api("GET", f"enrolments/{reference}").json()
    assert (found["state"], found["trouble"]) == ("deleted", "card_certificate_not_valid")


def test_every_step_is_in_the_journal(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.enrol(card_of(realm))
    kinds = list(JournalEntry.objects.filter(subject=reference).order_by("sequence").values_list("kind", flat=True))
    assert kinds == [
        f"enrolment.{state}" for state in ("verified", "prepared", "keyed", "certified", "installed", "active")
    ]
