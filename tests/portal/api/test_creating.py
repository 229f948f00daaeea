"""An Idempotency-Key: made once, told again, and nothing of it readable in the database."""

import threading
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connections
from django.test import Client, RequestFactory
from rest_framework.response import Response
from rest_framework.views import APIView

from ca.models import Realm
from portal.api import creating, tasks
from portal.api.errors import KeyInUse
from portal.api.models import KeptAnswer
from portal.handoff.models import HandOff
from tests.portal.verification.verifiers import Verifier, code
from tests.whitelist.relying_parties import CALLBACK, CHALLENGE, make_bank, make_credential

pytestmark = pytest.mark.databases

WISH = {"purpose": "user_authentication", "return_url": CALLBACK, "code_challenge": CHALLENGE}


def ask(bank: Verifier, key: str | None, **more: Any) -> Any:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return bank.client.post("/api/v1/handoffs", WISH | more, content_type="application/json", headers=headers)


def test_the_same_key_and_request_get_the_same_answer_and_make_nothing(bank: Verifier) -> None:
    first, again = ask(bank, "k-1"), ask(bank, "k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again["Idempotency-Replayed"] == "true"
    assert again["Cache-Control"] == "no-store"
    assert HandOff.objects.count() == 1
    assert ask(bank, "k-2").json()["id"] != first.json()["id"]
    assert ask(bank, None).status_code == 201
    assert HandOff.objects.count() == 3


def test_the_key_with_another_request_is_refused(bank: Verifier) -> None:
    ask(bank, "k-1")
    assert code(ask(bank, "k-1", state="other"), 409)[0] == "idempotency_key_used"
    status = bank.post("verification/status", key="k-1", serial_numbers=["0A"])
    assert code(status, 409)[0] == "idempotency_key_used"
    assert HandOff.objects.count() == 1


@pytest.mark.parametrize("key", ["", "two words", "x" * 129, "キー"], ids=["empty", "space", "long", "letters"])
def test_what_is_no_key_is_refused(bank: Verifier, key: str) -> None:
    assert code(ask(bank, key), 400)[0] == "invalid_request"


def test_what_went_wrong_is_not_kept(bank: Verifier) -> None:
    assert code(ask(bank, "k-1", purpose="nothing"), 400)[0] == "handoff_request_invalid"
    assert not KeptAnswer.objects.exists()
    assert ask(bank, "k-1").status_code == 201


def test_a_key_is_each_callers_own_and_good_for_a_day(bank: Verifier, realm: Realm, settings: Any) -> None:
    other = Verifier(make_credential(make_bank(realm, "other-bank"), number=2), number=2)
    ask(bank, "k-1")
    assert "Idempotency-Replayed" not in ask(other, "k-1").headers
    settings.IDEMPOTENCY_SECONDS = -1
    assert "Idempotency-Replayed" not in ask(bank, "k-1").headers
    assert tasks.sweep_api() == 2


def test_the_kept_answer_is_sealed(bank: Verifier) -> None:
    link = ask(bank, "k-1").json()["link"]
    row = KeptAnswer.objects.get()
    assert link.rsplit("/", 2)[-2].encode() not in bytes(row.answer)
    assert b"handoff" not in bytes(row.answer)
    assert "k-1" not in row.key_digest + row.asked_digest


def _request(bank: Verifier, key: str) -> WSGIRequest:
    token = bank.client.defaults["HTTP_AUTHORIZATION"]
    request = RequestFactory().post(
        "/", {}, "application/json", headers={"Authorization": token, "Idempotency-Key": key}
    )
    assert isinstance(request, WSGIRequest)
    return request


class Slow(APIView):
    """Asks itself again before it answers, as a service that calls us back would."""

    again: Any = None
    failing = False

    @creating.once_alone
    def post(self, request: Any) -> Response:
        if self.again is not None:
            again, Slow.again = self.again, None
            Slow.told = again()
        if self.failing:
            raise RuntimeError("died")
        return Response({"made": 1}, status=201)

    told: Any = None


def test_asked_again_while_it_is_answered_it_is_told_so(bank: Verifier) -> None:
    view = Slow.as_view()
    Slow.again = staticmethod(lambda: view(_request(bank, "k-1")))
    assert view(_request(bank, "k-1")).status_code == 201
    assert (Slow.told.status_code, Slow.told.data["code"]) == (409, KeyInUse.code)
    assert view(_request(bank, "k-1"))["Idempotency-Replayed"] == "true"
    failed = Slow.as_view(failing=True)
    assert failed(_request(bank, "k-2")).status_code == 500
    assert view(_request(bank, "k-2")).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_made(realm: Realm) -> None:
    bank, start = Verifier(make_credential(make_bank(realm))), threading.Barrier(2)
    answers: list[Any] = []

    def press() -> None:
        try:
            start.wait()
            mine = Client(headers={"Authorization": bank.client.defaults["HTTP_AUTHORIZATION"], "Idempotency-Key": "k"})
            answers.append(mine.post("/api/v1/handoffs", WISH, content_type="application/json"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert HandOff.objects.count() == 1
