"""What a conversation costs in HTTP exchanges, counted while workers answer within the long poll."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from ca.models import Realm
from sandbox import phones, power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import agent
from tsm.models import Conversation, Enrolment, Leg

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workers(deliver: Deliver, settings: Any) -> Callable[[], Any]:
    """Return what keeps workers busy beside the phone, so that answers come within the long poll."""
    settings.TSM_LONG_POLL_SECONDS = 20

    @contextmanager
    def working() -> Iterator[None]:
        stop = threading.Event()
        trouble: list[BaseException] = []

        def work() -> None:
            try:
                while not stop.wait(0.02):
                    deliver("tsm", "ca")
            except BaseException as error:
                trouble.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        assert not trouble, trouble

    return working


def exchanges(citizen: Citizen) -> int:
    """Hold the conversation that stands open, as the phone's own app does; return its HTTP exchanges."""
    conversation = Conversation.objects.get(element__phone=citizen.phone, closed_at__isnull=True)
    citizen.phone.refresh_from_db()
    headers = {"authorization": f"Bearer {phones.bearer(citizen.row)}"}

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"/gp/seram{path}?sessionId={conversation.reference}"
        response = citizen.client.post(url, body, content_type="application/json", headers=headers)
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer

    tally = agent.converse(
        post,
        lambda: power.element(citizen.row),
        identifier=citizen.phone.element.identifier,
        shaken=citizen.phone.last_seen_at is not None,
        sleep=lambda _: None,
    )
    conversation.refresh_from_db()
    assert conversation.exchanges == tally.exchanges, "both ends count alike"
    return tally.exchanges


def test_a_new_enrolment_takes_four_exchanges_at_most(
    realm: Realm, deliver: Deliver, workers: Callable[[], Any]
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    with workers():
        assert exchanges(citizen) <= 4
    assert Enrolment.objects.get().state == "installed"
    assert [leg.kind for leg in Leg.objects.order_by("pk")] == ["prepare", "install"]


def test_a_device_change_takes_six_exchanges_at_most_over_both_phones(
    realm: Realm, deliver: Deliver, workers: Callable[[], Any]
) -> None:
    card = card_of(realm)
    old, new = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver, "kaede-3")
    old.apply(card)
    deliver("tsm")
    with workers():
        exchanges(old)
    old.set_passwords()
    old.activate(str(Enrolment.objects.get().reference))
    applied = new.apply(card).json()
    deliver("tsm")
    with workers():
        first = exchanges(new)
    new.set_passwords()
    new.activate(applied["id"])
    deliver("tsm")
    with workers():
        second = exchanges(old)
    assert first + second <= 6, (first, second)
    assert list(Enrolment.objects.order_by("pk").values_list("state", flat=True)) == ["deleted", "active"]


def test_a_phone_that_never_shook_hands_gets_no_order(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    conversation = Conversation.objects.get()
    answer = citizen.client.post(
        f"/gp/seram/remoteManagement?sessionId={conversation.reference}",
        {"localAgentStatus": {"localAgentStatusEnum": "POLLING"}},
        content_type="application/json",
        headers={"authorization": f"Bearer {phones.bearer(citizen.row)}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "handshake_missing")
