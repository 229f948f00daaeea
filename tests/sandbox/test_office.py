"""The town hall's counter: what it does, and what it says when it can't."""

from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from sandbox import power
from sandbox.models import VirtualCard
from tests.ca.fixtures import *  # noqa: F403
from tests.tsm.enrolment.citizen import card_of

pytestmark = pytest.mark.django_db(transaction=True)
COUNTER = "/sandbox/office/hanako"


@pytest.fixture
def card(realm: Realm, settings: Any) -> VirtualCard:
    """Return a persona's card, in the realm that the counter serves."""
    settings.DEFAULT_REALM = realm.slug
    return card_of(realm)


def said(client: Client, act: str) -> str:
    """Ask for something at the counter; return the page that comes of it, from its notice on."""
    page = client.post(COUNTER, {"act": act}, follow=True)
    assert page.status_code == 200
    return page.content.decode().partition('<div class="notice')[2]


def test_a_card_that_lies_in_a_reader_is_not_replaced(
    client: Client, card: VirtualCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(power, "WAIT", 0.1)
    with power.card(card):
        told = said(client, "new")
    assert told.startswith(" notice--error")
    assert "読み取り機で使われています" in told
    assert VirtualCard.objects.get(pk=card.pk).edition == card.edition


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(("act", "tone"), [("moved", "success"), ("returned", "success"), ("dance", "error")])
def test_what_was_done_and_what_was_not_are_told_apart(client: Client, act: str, tone: str) -> None:
    assert said(client, act).startswith(f" notice--{tone}")
