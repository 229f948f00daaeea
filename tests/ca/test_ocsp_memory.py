"""What a responder keeps, when it gives it again, and what it tells the caches between it and who asks."""

import base64
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as client
from django.db import connection

from ca import ceremony, clock, revocation
from ca.models import Certificate, Holder, Realm
from ca.ocsp import memory
from ca.profiles import Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_card, make_holder
from tests.ca.test_ocsp import http, path_of, question, several

GOOD, REVOKED = client.OCSPCertStatus.GOOD, client.OCSPCertStatus.REVOKED


@pytest.fixture
def card(holder: Holder) -> Certificate:
    return issue_card(holder)


def post(certificate: Certificate, data: bytes) -> bytes:
    return http("POST", path_of(certificate), data)[2]


def get(certificate: Certificate, data: bytes, **changes: Any) -> tuple[str, dict[str, str], bytes]:
    return http("GET", f"{path_of(certificate)}/{base64.b64encode(data).decode()}", **changes)


def standing(body: bytes) -> Any:
    return client.load_der_ocsp_response(body).certificate_status


def produced_later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the monotonic clock of house, answer and memory run ahead."""
    true = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: true() + seconds)


def test_the_same_question_gets_the_same_octets_for_one_look_at_the_database(
    card: Certificate, django_assert_num_queries: Any
) -> None:
    first = post(card, question(card))
    with django_assert_num_queries(1):
        assert post(card, question(card)) == first


def test_a_nonce_is_answered_anew_and_several_questions_too(
    card: Certificate, django_assert_max_num_queries: Any
) -> None:
    post(card, question(card))
    for nonce in (b"a" * 16, b"b" * 16):
        answer = client.load_der_ocsp_response(post(card, question(card, nonce=nonce)))
        assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
    assert not list(client.load_der_ocsp_response(post(card, question(card))).extensions)
    assert len(memory._kept) == 1
    post(card, several(question(card), question(card)))
    assert len(memory._kept) == 1


def test_each_digest_has_its_own_kept_answer(card: Certificate) -> None:
    sha1 = hashes.SHA1()  # noqa: S303  (RFC 6960 clients still ask with it)
    for _ in range(2):
        for digest in (hashes.SHA256(), sha1):
            answer = client.load_der_ocsp_response(post(card, question(card, digest)))
            assert answer.hash_algorithm.name == digest.name
    assert len(memory._kept) == 2


def test_what_was_never_issued_is_not_kept(card: Certificate) -> None:
    known = client.load_der_ocsp_request(question(card))
    unknown = client.OCSPRequestBuilder().add_certificate_by_hash(
        known.issuer_name_hash, known.issuer_key_hash, 1 << 100, hashes.SHA256()
    )
    data = unknown.build().public_bytes(Encoding.DER)
    assert standing(post(card, data)) is client.OCSPCertStatus.UNKNOWN
    assert get(card, data)[1]["Cache-Control"] == "no-store"
    assert not memory._kept


def test_a_changed_status_ends_what_was_kept_for_its_partition_and_no_other(card: Certificate, holder: Holder) -> None:
    elsewhere = issue_card(make_holder(card.realm, municipality_code="13222"), key=1)
    assert standing(post(card, question(card))) is GOOD
    other = post(elsewhere, question(elsewhere))
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(card.realm))
    assert standing(post(card, question(card))) is REVOKED
    assert post(elsewhere, question(elsewhere)) == other


def test_a_hot_answer_is_signed_anew_at_half_its_life(card: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    first = post(card, question(card))
    (kept,) = memory._kept.values()
    produced_later(monkeypatch, 7 * 60)
    assert post(card, question(card)) == first
    produced_later(monkeypatch, 60)
    post(card, question(card))
    (again,) = memory._kept.values()
    assert again is not kept


def test_time_travel_ends_what_was_kept_at_once(card: Certificate) -> None:
    first = client.load_der_ocsp_response(post(card, question(card)))
    realm: Realm = card.realm
    realm.clock_offset = timedelta(days=3)
    realm.save()
    assert client.load_der_ocsp_response(post(card, question(card))).this_update_utc > first.this_update_utc


def test_a_new_responder_key_speaks_within_a_second(card: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    post(card, question(card))
    new = ceremony._create_responder_key(card.generation)
    produced_later(monkeypatch, 1)
    answer = client.load_der_ocsp_response(post(card, question(card)))
    assert f"{answer.certificates[0].serial_number:X}".lstrip("0") == new.serial_number.lstrip("0")


def test_a_new_generations_certificates_are_known_at_once(card: Certificate, holder: Holder) -> None:
    post(card, question(card))
    ceremony.next_generation(card.realm, Purpose(card.purpose))
    newer = issue_card(holder, key=1)
    assert newer.generation_id != card.generation_id
    assert standing(post(newer, question(newer))) is GOOD


def test_a_full_memory_lets_the_oldest_go(card: Certificate, holder: Holder, settings: Any) -> None:
    settings.OCSP_KEPT_ANSWERS = 2
    cards = [card, issue_card(holder, key=1), issue_card(holder, key=2)]
    for one in cards:
        post(one, question(one))
    assert [body for _, body in memory._kept] == [question(one) for one in cards[1:]]


def test_without_a_database_nothing_kept_is_given_and_it_says_try_later(card: Certificate) -> None:
    assert standing(post(card, question(card))) is GOOD
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ca_partition RENAME TO gone")
    answer = client.load_der_ocsp_response(post(card, question(card)))
    assert answer.response_status is client.OCSPResponseStatus.TRY_LATER


# --- HTTP
def test_a_get_may_be_kept_by_proxies_with_dates_of_http(card: Certificate, settings: Any) -> None:
    settings.OCSP_MAX_AGE_SECONDS = 30
    status, headers, body = get(card, question(card))
    assert status == "200 OK"
    assert headers["Cache-Control"] == "max-age=30, public, no-transform, must-revalidate"
    now = clock.machine()
    assert abs(parsedate_to_datetime(headers["Last-Modified"]) - now) < timedelta(seconds=5)
    assert abs(parsedate_to_datetime(headers["Expires"]) - now - timedelta(seconds=30)) < timedelta(seconds=5)
    assert headers["Expires"].endswith(" GMT")
    assert standing(body) is GOOD


def test_a_proxy_that_holds_it_already_is_told_so(card: Certificate) -> None:
    _, headers, _ = get(card, question(card))
    for asked in (headers["ETag"], f'"x", W/{headers["ETag"]}', "*"):
        status, again, body = get(card, question(card), If_None_Match=asked)
        assert (status, body) == ("304 Not Modified", b"")
        assert again["ETag"] == headers["ETag"]
        assert "Content-Type" not in again
    assert get(card, question(card), If_None_Match='"x"')[0] == "200 OK"
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(card.realm))
    status, _, body = get(card, question(card), If_None_Match=headers["ETag"])
    assert status == "200 OK"
    assert standing(body) is REVOKED


def test_proxies_keep_no_post_no_nonce_and_no_refusal(card: Certificate) -> None:
    assert http("POST", path_of(card), question(card))[1]["Cache-Control"] == "no-store"
    assert get(card, question(card, nonce=b"n" * 16))[1]["Cache-Control"] == "no-store"
    assert get(card, b"no request")[1]["Cache-Control"] == "no-store"


def test_without_a_max_age_a_proxy_asks_every_time(card: Certificate, settings: Any) -> None:
    settings.OCSP_MAX_AGE_SECONDS = 0
    _, headers, _ = get(card, question(card))
    assert headers["Cache-Control"] == "no-cache, public, no-transform"
    assert "ETag" in headers
