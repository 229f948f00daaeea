"""Progress pushed: what a stream says, how many there are, and that each ends and gives its place back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.phone import streams
from tests.tsm.enrolment.citizen import Citizen, card_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _places() -> Iterator[None]:
    yield
    assert len(streams.PLACES) == 0, "every stream gives its place back"


@pytest.fixture
def events(client: Client, realm: Realm, citizen: Citizen) -> str:
    """Return the address of the events of an application that waits for its phone."""
    reference = citizen.apply(card_of(realm)).json()["id"]
    return f"/phone/enrolments/{reference}/events"


def told(response: Any) -> list[tuple[str, dict[str, Any]]]:
    """Read a stream to its end; return its events, name and data."""
    text = b"".join(response.streaming_content).decode()
    response.close()
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\n\n") if block]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


def test_a_stream_says_what_the_page_has_not_seen_and_ends_with_a_pause(
    client: Client, events: str, settings: Any
) -> None:
    settings.PHONE_STREAM_SECONDS = 0
    response = client.get(events)
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    (name, data), (last, _) = told(response)
    assert (name, last) == ("steps", "pause")
    assert data["screen"] == "progress"
    assert 'id="steps"' in data["html"]
    assert "セキュアエレメントを準備しています" in data["html"]
    # Opened again, it says nothing that is known: by the address, or by the last event that came.
    assert [name for name, _ in told(client.get(events, {"seen": "verified-"}))] == ["pause"]
    assert [name for name, _ in told(client.get(events, headers={"Last-Event-ID": "verified-"}))] == ["pause"]


def test_a_stream_says_a_step_as_it_happens(client: Client, events: str, citizen: Citizen, settings: Any) -> None:
    settings.PHONE_STREAM_SECONDS = 30
    response = client.get(events, {"seen": "verified-"})
    chunks = response.streaming_content
    assert next(chunks).startswith(b"retry:")
    citizen.converse()
    assert b"event: steps\nid: installed-\n" in next(chunks)
    with pytest.raises(StopIteration):  # Nothing happens any more without the citizen.
        next(chunks)
    response.close()


def test_a_stream_speaks_the_visitors_language(client: Client, events: str, settings: Any) -> None:
    settings.PHONE_STREAM_SECONDS = 0
    (_, data), _ = told(client.get(events, headers={"Accept-Language": "en"}))
    assert "secure element" in data["html"]


def test_streams_are_bounded_and_a_closed_one_makes_room(client: Client, events: str, settings: Any) -> None:
    settings.PHONE_STREAMS = 2
    first, second = client.get(events), client.get(events)
    refused = client.get(events)
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    first.close()  # also one that was never read
    third = client.get(events)
    assert third.status_code == 200
    second.close()
    third.close()


def test_a_place_that_was_never_given_back_is_free_when_its_time_is_over() -> None:
    places = streams.Places()
    assert places.take(1, seconds=-streams.GRACE_SECONDS) is not None
    assert places.take(1, seconds=60) is not None
    assert places.take(1, seconds=60) is None


def test_anothers_enrolment_is_not_told(events: str) -> None:
    assert Client().get(events).status_code == 404


def test_without_javascript_the_page_reloads_itself(client: Client, events: str) -> None:
    page = client.get(events.removesuffix("events")).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
