"""Nobody fills a process's memory, or its disk, by what they send: a request is as large as its address allows."""

import base64
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.handoff import pdf
from portal.handoff.api import LARGEST_BODY
from tests.whitelist.relying_parties import CALLBACK, CHALLENGE

pytestmark = pytest.mark.django_db


class Untouched:
    """A body that may not be read."""

    def read(self, *args: Any) -> bytes:
        raise AssertionError("it was read")

    readline = read


def announced(path: str, octets: int, kind: str) -> Any:
    """Send a request that says it has so many octets, and fail when one of them is read."""
    more: Any = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(octets), "wsgi.input": Untouched()}
    return Client().generic("POST", path, b"", **more)


@pytest.mark.parametrize("path", ["/api/v1/token", "/handoff/desk", "/staff/sign-in", "/phone/start"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_what_is_larger_than_any_request_is_refused_unread(path: str, kind: str, realm: Realm) -> None:
    assert announced(path, 12_000_001, kind).status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_token_is_asked_for_in_little(kind: str, realm: Realm) -> None:
    refused = Client().post("/api/v1/token", b"a" * 2_500_001, content_type=kind)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")


def test_a_document_may_be_as_large_as_it_is_said_to_be(bank: Any) -> None:
    """The largest PDF, in base64: more than Django would keep of a request by itself."""
    document = base64.b64encode(b"%PDF-" + bytes(pdf.LARGEST - 5))
    asked = f'"return_url": "{CALLBACK}", "code_challenge": "{CHALLENGE}", "pdf": "'
    body = b'{"purpose": "signature", "document_name": "a", ' + asked.encode()
    taken = bank.client.post("/api/v1/handoffs", body + document + b'"}', content_type="application/json")
    assert taken.json()["code"] == "document_unacceptable", taken.json()
    more = b" " * (LARGEST_BODY + 1)
    refused = bank.client.post("/api/v1/handoffs", more, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("length", ["x", "-1", "9" * 5000, "１２"])
def test_a_length_that_is_none_is_refused(length: str, realm: Realm) -> None:
    more: Any = {"CONTENT_LENGTH": length, "CONTENT_TYPE": "application/json"}
    assert Client().generic("POST", "/api/v1/token", b"", **more).status_code == 400


@pytest.mark.parametrize("path", ["/api/phone/v1/enrolments/t0", "/api/phone/v1/none", "/gp/seram/none"])
def test_a_phones_program_is_told_in_json_that_there_is_nothing(path: str, realm: Realm) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"
