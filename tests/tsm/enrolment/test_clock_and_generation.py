"""A ceremony between two legs, a realm whose clock moves back, an agent that falls silent: work goes on."""

from datetime import timedelta
from typing import Any

import pytest

from ca import ceremony, clock
from ca.models import Realm
from ca.profiles import Purpose
from sandbox import power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of, play
from tsm import conversation as conversations
from tsm import jpki, sweep
from tsm.models import Conversation, Enrolment, Leg

pytestmark = pytest.mark.django_db(transaction=True)


def read_file(citizen: Citizen, file: jpki.File, size: int) -> bytes:
    with power.element(citizen.row) as chip:
        play(chip, jpki.select_application(), jpki.select_file(file))
        return b"".join(play(chip, jpki.read_binary(at, min(256, size - at))) for at in range(0, size, 256))


@pytest.mark.parametrize("moment", ["keyed", "certified"])
def test_the_element_holds_the_certificate_of_the_generation_that_signed(
    realm: Realm, deliver: Deliver, moment: str
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    citizen.converse(queues=("tsm",) if moment == "keyed" else ("tsm", "ca"), until=moment)
    ceremony.next_generation(realm, Purpose.SIGNATURE)
    citizen.converse()
    enrolment = Enrolment.objects.get()
    assert enrolment.state == "installed"
    for key, certificate in (
        (jpki.Key.SIGNATURE, enrolment.signature_certificate),
        (jpki.Key.AUTHENTICATION, enrolment.authentication_certificate),
    ):
        assert certificate is not None
        authority = bytes(certificate.generation.certificate)
        assert read_file(citizen, key.ca_certificate_file, len(authority)) == authority


def test_a_realm_whose_clock_moves_back_still_wakes_its_phones(realm: Realm, deliver: Deliver) -> None:
    Realm.objects.filter(pk=realm.pk).update(clock_offset=timedelta(days=400))
    realm.refresh_from_db()
    citizen = Citizen.with_new_phone(realm, deliver)
    card = card_of(realm)
    citizen.apply(card)
    citizen.converse(queues=("tsm",), until="keyed")
    Realm.objects.filter(pk=realm.pk).update(clock_offset=timedelta())
    conversation = Conversation.objects.get()
    assert conversation.woken_at is not None
    assert conversation.woken_at <= clock.machine()
    Conversation.objects.update(
        woken_at=clock.machine() - timedelta(hours=1), last_contact_at=clock.machine() - timedelta(hours=1)
    )
    assert conversations.wake_phone(Conversation.objects.get())


def test_an_element_at_rest_is_taken_up_again_after_the_machines_time(
    realm: Realm, deliver: Deliver, settings: Any
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    Leg.objects.all().delete()
    Conversation.objects.update(failures=settings.TSM_FAILURES)
    conversations.close(Conversation.objects.get())
    assert sweep.run() == 0
    # Years pass in the realm, or are taken back: the element has rested as long as before.
    for offset in (timedelta(days=900), timedelta(days=-900)):
        Realm.objects.filter(pk=realm.pk).update(clock_offset=offset)
        assert sweep._wake(Realm.objects.get(pk=realm.pk)) == 0
    Conversation.objects.update(closed_at=clock.machine() - timedelta(seconds=settings.TSM_RETRY_SECONDS + 1))
    assert sweep._wake(Realm.objects.get(pk=realm.pk)) == 1


def test_an_agent_silent_for_five_minutes_is_given_up_and_its_late_report_ignored(
    realm: Realm, deliver: Deliver, settings: Any
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    conversation = Conversation.objects.get()
    conversations.begin(conversation)
    assert conversations.next_order(conversation, wait=0)["ramCommands"]
    assert conversations.lose_silent_agents() == 0
    long_ago = clock.machine() - timedelta(seconds=settings.TSM_AGENT_SECONDS + 1)
    Conversation.objects.update(last_contact_at=long_ago)
    Leg.objects.update(sent_at=long_ago)
    assert conversations.lose_silent_agents() == 1
    deliver("tsm")
    assert [(leg.kind, leg.state) for leg in Leg.objects.order_by("pk")] == [("prepare", "lost"), ("survey", "ready")]
    conversations.report(conversation, status="PROCESSED", answers=["9000"])
    assert Leg.objects.order_by("pk").last().state == "ready"  # type: ignore[union-attr]
    citizen.converse()
    assert Enrolment.objects.get().state == "installed"
