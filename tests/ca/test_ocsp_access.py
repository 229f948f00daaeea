"""Who may ask for statuses, and what is noted of it."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509 import ocsp as client

from ca import clock, crl
from ca.models import Certificate, Holder, StatusAnswer
from ca.ocsp.access import Claim, Subject
from ca.tasks import sweep_status_answers
from tests.ca.fixtures import issue_card
from tests.ca.test_ocsp import http, path_of, question

TOKEN = {"Authorization": "Bearer of-the-bank"}


def bank(claim: Claim, subject: Subject) -> str | None:
    """Know one verifier, as the register would."""
    return "bank" if claim.token == "of-the-bank" else None


@pytest.fixture
def card(holder: Holder, settings: Any) -> Certificate:
    settings.OCSP_ACCESS = "verifiers"
    settings.OCSP_VERIFIERS = f"{__name__}.bank"
    return issue_card(holder)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic of-the-bank"}])
def test_others_are_unauthorized(card: Certificate, header: dict[str, str]) -> None:
    status, headers, body = http("POST", path_of(card), question(card), **header)
    assert (status, headers["WWW-Authenticate"]) == ("401 Unauthorized", "Bearer")
    assert client.load_der_ocsp_response(body).response_status is client.OCSPResponseStatus.UNAUTHORIZED
    crl.publish(card.partition)
    assert http("GET", "/crl/test/signature/card/13221.crl", **header)[0] == "401 Unauthorized"
    assert not StatusAnswer.objects.exists()


def test_a_verifier_is_answered_and_no_cache_may_keep_it(card: Certificate) -> None:
    for _ in range(2):
        status, headers, body = http("POST", path_of(card), question(card), **TOKEN)
        assert (status, headers["Cache-Control"]) == ("200 OK", "no-store")
        assert client.load_der_ocsp_response(body).certificate_status is client.OCSPCertStatus.GOOD
    assert not StatusAnswer.objects.exists()


def test_each_answer_to_a_verifier_is_noted_for_as_long_as_is_set(card: Certificate, settings: Any) -> None:
    settings.OCSP_LOG_DAYS = 30
    for _ in range(2):
        http("POST", path_of(card), question(card), **TOKEN)
    crl.publish(card.partition)
    assert http("GET", "/crl/test/signature/card/13221.crl", **TOKEN)[1]["Cache-Control"] == "no-store"
    notes = list(StatusAnswer.objects.order_by("pk"))
    assert [(note.realm, note.verifier) for note in notes] == [(card.realm, "bank")] * 3
    assert [(note.asked, note.said) for note in notes] == [
        *[([card.serial_number], ["good"])] * 2,
        (["/crl/test/signature/card/13221.crl"], []),
    ]
    StatusAnswer.objects.filter(pk=notes[0].pk).update(at=clock.machine() - timedelta(days=31))
    assert sweep_status_answers() == 1
    assert StatusAnswer.objects.count() == 2


def test_authorities_certificates_stay_open(card: Certificate) -> None:
    assert http("GET", "/authority/test/signature.cer")[0] == "200 OK"


def test_a_setting_that_is_neither_answers_nobody(card: Certificate, settings: Any) -> None:
    settings.OCSP_ACCESS = "verifierz"
    body = http("POST", path_of(card), question(card))[2]
    assert client.load_der_ocsp_response(body).response_status is client.OCSPResponseStatus.INTERNAL_ERROR
