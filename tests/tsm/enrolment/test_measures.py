"""Phones that leave without saying so: each signal leads to what the policy's table says, and then to deletion."""

from datetime import timedelta

import pytest

from ca import clock
from ca.models import Certificate, Realm
from ca.profiles import Medium
from sandbox import phones, power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import conversation as conversations
from tsm import jpki, measures, sweep
from tsm.measures import POLICY, Action, Signal
from tsm.models import Conversation, Enrolment, Incident

pytestmark = pytest.mark.django_db(transaction=True)


def statuses(enrolment: Enrolment) -> set[str]:
    return {one.status for one in Certificate.objects.filter(holder=enrolment.holder, medium=Medium.PHONE)}


def pass_days(realm: Realm, days: int) -> None:
    Realm.objects.filter(pk=realm.pk).update(clock_offset=timedelta(days=days))


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver) -> Citizen:
    made = Citizen.with_new_phone(realm, deliver)
    made.enrol(card_of(realm))
    return made


@pytest.mark.parametrize("signal", list(Signal))
def test_every_signal_ends_in_revocation_and_never_goes_back(signal: Signal) -> None:
    stages = POLICY[signal]
    assert stages[-1].action is Action.REVOKE
    order = list(Action)
    assert [stage.after for stage in stages] == sorted(stage.after for stage in stages)
    assert [order.index(stage.action) for stage in stages] == sorted(order.index(stage.action) for stage in stages)


def test_another_holder_on_the_phone_ends_the_first_ones_use(realm: Realm, citizen: Citizen) -> None:
    first = Enrolment.objects.get()
    citizen.enrol(card_of(realm, "taro"))
    first.refresh_from_db()
    assert (first.state, statuses(first)) == ("deleted", {"revoked"})
    assert Incident.objects.get().signal == Signal.ANOTHER_HOLDER
    second = Enrolment.objects.latest("pk")
    assert (second.state, statuses(second)) == ("active", {"valid"})


def test_a_reported_disposal_revokes_at_once_and_deletes_when_the_element_is_next_seen(citizen: Citizen) -> None:
    found = Enrolment.objects.get()
    measures.report(found, Signal.DISPOSAL_REPORTED, source="help desk")
    found.refresh_from_db()
    assert (found.state, statuses(found)) == ("ended", {"revoked"})
    assert measures.report(found, Signal.DISPOSAL_REPORTED, source="help desk") is None
    citizen.converse()
    found.refresh_from_db()
    assert found.state == "deleted"
    with power.element(citizen.row) as chip:
        assert chip.transmit(jpki.select_application().encode()) == b"\x6a\x82"


def test_silence_is_noticed_then_held_then_revoked(realm: Realm, citizen: Citizen) -> None:
    found = Enrolment.objects.get()
    seen = []
    for days in (1, 91, 181, 364, 366):
        pass_days(realm, days)
        sweep.run()
        found.refresh_from_db()
        seen.append((found.state, *statuses(found)))
    assert seen == [
        ("active", "valid"),
        ("active", "valid"),
        ("active", "on_hold"),
        ("active", "on_hold"),
        ("ended", "revoked"),
    ]
    steps = list(found.steps.filter(step__startswith="measure_").values_list("step", flat=True))
    assert steps == ["measure_notice", "measure_hold", "measure_revoke"]
    citizen.converse()
    found.refresh_from_db()
    assert found.state == "deleted"


def test_a_phone_that_speaks_again_is_not_silent_any_more(realm: Realm, citizen: Citizen) -> None:
    pass_days(realm, 91)
    sweep.run()
    citizen.phone.refresh_from_db()
    citizen.phone.last_seen_at = clock.now(citizen.phone.realm) + timedelta(days=91)
    citizen.phone.save()
    sweep.run()
    incident = Incident.objects.get()
    assert incident.closed_at is not None
    pass_days(realm, 181)
    sweep.run()
    assert statuses(Enrolment.objects.get()) == {"valid"}, "counted anew from the last contact"


def test_a_silent_phone_is_asked_to_check_in_and_its_answer_ends_the_silence(realm: Realm, citizen: Citizen) -> None:
    pass_days(realm, 91)
    sweep.run()
    found = Enrolment.objects.get()
    assert list(found.orders.values_list("function", "state")) == [("check_in", "open")]
    citizen.converse()
    sweep.run()
    assert list(found.orders.values_list("function", "state")) == [("check_in", "done")]
    assert Incident.objects.get().closed_at is not None
    pass_days(realm, 181)
    sweep.run()
    assert statuses(found) == {"valid"}


def test_a_phone_that_is_used_is_not_silent(realm: Realm, citizen: Citizen) -> None:
    for days in (60, 120, 180, 240):
        pass_days(realm, days)
        citizen.api("GET", "application")
        sweep.run()
    assert not Incident.objects.exists()


def test_a_factory_reset_shows_in_the_handshake_and_holds(realm: Realm, citizen: Citizen) -> None:
    def shake(installation: str) -> None:
        found = Enrolment.objects.get()
        conversation = Conversation.objects.create(element=found.element, opened_at=clock.machine())
        answer = citizen.client.post(
            f"/gp/seram/handshake?sessionId={conversation.reference}",
            {
                "secureElements": [
                    {
                        "seType": "eSE",
                        "seId": found.element.identifier,
                        "seExtraInfo": f"installation={installation}",
                    }
                ]
            },
            content_type="application/json",
            headers={"authorization": f"Bearer {phones.bearer(citizen.row)}"},
        )
        assert answer.status_code == 200, answer.content
        conversations.close(conversation)

    shake("one")
    shake("one")
    assert not Incident.objects.exists()
    shake("two")
    found = Enrolment.objects.get()
    assert (found.state, statuses(found)) == ("active", {"on_hold"})
    pass_days(realm, 31)
    sweep.run()
    found.refresh_from_db()
    assert (found.state, statuses(found)) == ("ended", {"revoked"})


def test_a_move_is_followed_by_an_application_on_the_same_phone(realm: Realm, deliver: Deliver) -> None:
    from ca import linkage, revocation
    from ca.profiles import Purpose
    from ca.revocation import Cause
    from sandbox import cards

    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    signature = cards.card_certificate(card, Purpose.SIGNATURE)
    assert signature is not None
    revocation.revoke(signature, cause=Cause.ATTRIBUTES_CHANGED, now=clock.now(realm))
    linkage.sweep(realm)
    assert cards.replace(card)
    deliver("ca")
    cards.write_certificates(card)
    citizen.enrol(card)
    assert list(Enrolment.objects.order_by("pk").values_list("state", flat=True)) == ["deleted", "active"]
