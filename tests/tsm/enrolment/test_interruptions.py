"""Workers that die and phones that vanish, at any point: the enrolment is finished, with exactly one pair."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from ca import tasks as ca_tasks
from ca.models import Certificate, Issuance, JournalEntry, Realm
from ca.profiles import Medium
from sandbox import power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of, torn
from tsm import agent, jpki, sweep
from tsm import enrolment as enrolments
from tsm.models import Conversation, Enrolment, Leg

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Killed(BaseException):
    """The process is gone: nothing catches it, and nothing is written any more."""


@contextmanager
def killed_at(write: int) -> Iterator[list[str]]:
    """Let the database take `write` - 1 writes from this process, and nothing after them."""
    written: list[str] = []

    def wire(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if len(written) >= write:
            raise Killed
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(sql)
            if len(written) == write:
                raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wire):
        yield written


@pytest.fixture(autouse=True)
def _leases_run_out_at_once(settings: Any) -> None:
    settings.TSM_LEASE_SECONDS = 0
    settings.CA_LEASE_SECONDS = 0
    settings.TSM_SILENCE_SECONDS = 0


def assert_exactly_one_pair(realm: Realm) -> None:
    """One enrolment, one certificate of each purpose, one signature for each."""
    assert Enrolment.objects.count() == 1
    issued = Certificate.objects.filter(realm=realm, medium=Medium.PHONE)
    assert sorted(one.purpose for one in issued) == ["signature", "user_authentication"]
    assert Issuance.objects.filter(medium=Medium.PHONE).count() == 2
    for one in issued:
        entries = JournalEntry.objects.filter(subject__endswith=one.serial_number, kind="certificate.issued")
        assert entries.count() <= 2  # card and phone authorities count on their own


def finish(citizen: Citizen, reference: str) -> None:
    """Bring the enrolment to its end with workers that live; the sweeps find what the dead one left."""
    for _ in range(20):
        if citizen.api("GET", f"enrolments/{reference}").json()["state"] == "installed":
            break
        sweep.run()
        ca_tasks.sweep_issuances()
        citizen.deliver("tsm", "ca", "sweeps")
        citizen.converse()
    citizen.set_passwords()
    assert citizen.activate(reference).json()["state"] == "active"


def writes_of_one_enrolment() -> int:
    return 62


@pytest.mark.parametrize("write", range(1, writes_of_one_enrolment(), 3))
def test_a_worker_killed_at_any_write_is_made_good(realm: Realm, deliver: Deliver, write: int) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card).json()["id"]
    alive = citizen.deliver
    state = {"left": write}

    def mortal(*queues: str) -> list[str]:
        if state["left"] <= 0:
            sweep.run()
            ca_tasks.sweep_issuances()
            return alive(*queues)
        try:
            with killed_at(state["left"]) as written:
                done = alive(*queues)
            state["left"] -= len(written)
            return done
        except Killed:
            state["left"] = 0
            connection.close()
            return []

    citizen.deliver = mortal
    citizen.converse()
    assert state["left"] <= 0, "the enrolment has fewer writes than this"
    citizen.deliver = alive
    finish(citizen, reference)
    assert_exactly_one_pair(realm)


# Commands of one enrolment, and those around which it decides itself what is on the element: torn at both sides.
COMMANDS = 114
CHANGING = (4, 8, 9, *range(54, 68), 72, 90)


@pytest.mark.parametrize(
    ("apdu", "after"),
    sorted(
        {(apdu, apdu % 2 == 0) for apdu in range(1, COMMANDS)}
        | {(apdu, side) for apdu in CHANGING for side in (True, False)}
    ),
)
def test_an_element_torn_away_at_any_command_is_found_again(
    realm: Realm, deliver: Deliver, apdu: int, after: bool
) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card).json()["id"]
    at = [apdu]

    citizen.converse(torn(citizen, at, after=after))
    assert at[0] <= 0, "the enrolment has fewer commands than this"
    finish(citizen, reference)
    assert_exactly_one_pair(realm)
    loads = Leg.objects.filter(kind="prepare", state=Leg.State.CHECKED)
    assert loads.count() == 1


def test_a_phone_torn_away_comes_back_days_later_from_another_address(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card_of(realm)).json()["id"]
    at = [58]

    citizen.converse(torn(citizen, at, after=True), queues=("tsm",), until="verified")
    Realm.objects.filter(pk=realm.pk).update(clock_offset=timedelta(days=5))
    citizen.client = Client(REMOTE_ADDR="203.0.113.77")
    finish(citizen, reference)
    assert_exactly_one_pair(realm)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("apdu", range(1, 6))
def test_a_deletion_torn_away_is_finished(realm: Realm, deliver: Deliver, apdu: int, after: bool) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.enrol(card_of(realm))
    citizen.end(reference)
    at = [apdu]

    citizen.converse(torn(citizen, at, after=after))
    for _ in range(3):
        sweep.run()
        citizen.converse()
    assert citizen.api("GET", f"enrolments/{reference}").json()["state"] == "deleted"
    with power.element(citizen.row) as chip:
        assert chip.transmit(jpki.select_application().encode()) == b"\x6a\x82"


@pytest.mark.parametrize("exchange", [1, 2, 3, 4])
def test_a_phone_that_vanishes_with_its_report_comes_back(realm: Realm, deliver: Deliver, exchange: int) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card).json()["id"]
    client_post = citizen.client.post
    count = [0]

    class Vanished(Exception):
        pass

    def post(*args: Any, **kwargs: Any) -> Any:
        if "/gp/seram" in args[0]:
            count[0] += 1
            if count[0] == exchange:
                raise Vanished
        return client_post(*args, **kwargs)

    citizen.client.post = post  # type: ignore[method-assign]
    with pytest.raises(Vanished):
        citizen.converse()
    finish(citizen, reference)
    assert_exactly_one_pair(realm)


def test_the_agent_refuses_commands_that_are_the_holders_own(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    orders = iter(
        [
            {},
            {"ramCommands": [{"ramCommandType": "seRamCommand", "listOfCAPDU": ["00A40400", "0024018004" + "31" * 4]}]},
            {"ramCommands": [{"ramCommandType": "stopCommand"}]},
        ]
    )
    told: list[dict[str, Any]] = []

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        told.append(body)
        return next(orders)

    agent.converse(post, lambda: power.element(citizen.row), identifier="00", sleep=lambda _: None)
    assert told[-1]["localAgentStatus"]["localAgentStatusEnum"] == "UNGRANTED_ACCESS"
    assert len(told[-1]["ramResponses"][0]["listOfRAPDU"]) == 1


def test_what_stands_still_too_long_is_given_up(realm: Realm, deliver: Deliver, settings: Any) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card_of(realm)).json()["id"]
    citizen.converse()
    settings.TSM_GIVE_UP_SECONDS = -1
    sweep.run()
    found = citizen.api("GET", f"enrolments/{reference}").json()
    assert (found["state"], found["trouble"]) == ("abandoned", "given_up")
    assert {one["status"] for one in found["certificates"]} == {"revoked"}
    settings.TSM_GIVE_UP_SECONDS = 1000
    citizen.converse()
    assert citizen.api("GET", f"enrolments/{reference}").json()["state"] == "deleted"
    assert not Conversation.objects.filter(closed_at__isnull=True).exists()


def test_certificates_that_come_after_the_end_are_revoked(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card_of(realm)).json()["id"]
    citizen.converse(queues=("tsm",), until="keyed")
    enrolments.abandon(Enrolment.objects.get(reference=reference), trouble="given_up")
    deliver("ca", "tsm")
    late = Certificate.objects.filter(medium=Medium.PHONE)
    assert {one.status for one in late} == {"pending"}
    sweep.run()
    assert {(one.status, one.cause) for one in late.all()} == {("revoked", "not_delivered")}
