"""Lists by cursor: every row once, whatever is added meanwhile; a cursor is good for its own list alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.response import Response
from rest_framework.views import APIView

from ca import clock
from ca.models import JournalEntry, Realm
from portal.api import pagination
from portal.handoff.models import HandOff
from tests.portal.verification.verifiers import Verifier
from tests.whitelist.relying_parties import CALLBACK, CHALLENGE


class Things(APIView):
    order = ("-created_at", "-id")

    def get(self, request: Any) -> Response:
        return pagination.page(request, HandOff.objects.all(), lambda row: str(row.pk), order=self.order)


def get(query: str = "", path: str = "/things", **view: Any) -> Response:
    answer = Things.as_view(**view)(RequestFactory().get(f"{path}{query}"))
    assert isinstance(answer, Response)
    return answer


def make(bank: Verifier, number: int) -> None:
    """Make hand-offs, two of each moment."""
    wish = {"purpose": "user_authentication", "return_url": CALLBACK, "code_challenge": CHALLENGE}
    for count in range(number):
        made = bank.client.post("/api/v1/handoffs", wish, content_type="application/json").json()["id"]
        moment = clock.machine().replace(microsecond=count // 2)
        HandOff.objects.filter(pk=made).update(created_at=moment + timedelta(microseconds=1))


@pytest.mark.parametrize("order", [("-created_at", "-id"), ("created_at", "id"), ("-id",)], ids=["new", "old", "one"])
def test_every_row_comes_once_in_its_order(bank: Verifier, order: tuple[str, ...]) -> None:
    make(bank, 7)
    seen, query = [], "?limit=3&state=waiting"
    while query:
        answer = get(query, order=order)
        seen += answer.data["items"]
        following = answer.data["next"]
        assert ("Link" in answer) == bool(following)
        query = "?" + following.split("?", 1)[1] if following else ""
        assert not query or "state=waiting" in query, "a list's own filters stay"
        make(bank, 1) if order == ("-created_at", "-id") and len(seen) == 3 else None
    first = [str(pk) for pk in HandOff.objects.order_by(*order).values_list("pk", flat=True)]
    assert [each for each in first if each in seen] == seen
    assert len(seen) == len(set(seen)) >= 7


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=", "limit=٣", "cursor=x", "cursor=%00"])
def test_what_is_no_page_is_refused(realm: Realm, query: str) -> None:
    answer = get(f"?{query}")
    assert (answer.status_code, answer.data["code"]) == (400, "invalid_request")
    assert list(answer.data["errors"]) == [query.split("=")[0]]


def test_a_cursor_is_its_own_lists(bank: Verifier) -> None:
    make(bank, 3)
    query = "?" + get("?limit=1").data["next"].split("?", 1)[1]
    assert get(query).status_code == 200
    assert get(query, path="/others").status_code == 400
    assert get(query, order=("id",)).status_code == 400
    assert JournalEntry.objects.exists()
