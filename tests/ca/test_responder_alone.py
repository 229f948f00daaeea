"""The responder alone: a process with its own key, a database that it can only read, and clients of every kind."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.x509 import ocsp as client
from django.db import connection

from ca import crl
from ca.models import Certificate
from portal.supervision.processes import ROOT
from tests.ca import responders
from tests.ca.fixtures import issue_card, make_holder, make_realm
from tests.ca.test_ocsp import path_of, question

GOOD = client.OCSPCertStatus.GOOD
SUCCESSFUL = client.OCSPResponseStatus.SUCCESSFUL
MALFORMED = client.OCSPResponseStatus.MALFORMED_REQUEST


@pytest.fixture
def reading(transactional_db: None) -> Iterator[str]:
    """Return the URL of the tests' database for a user who can't write."""
    if connection.vendor == "sqlite":
        yield responders.database_url(mode="ro")
        return
    # Roles are the server's, which several databases of tests may share.
    role = f"{connection.settings_dict['NAME']}_reader"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {role}")
        cursor.execute(f"CREATE ROLE {role} LOGIN")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    yield responders.database_url(user=role)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {role}")
        cursor.execute(f"DROP ROLE {role}")


def raw(address: str, sent: bytes, *, seconds: float = 5) -> bytes:
    """Send octets; return what comes until the other end closes, or time is up."""
    host, port = address.split(":")
    received = b""
    deadline = time.monotonic() + seconds
    with socket.create_connection((host, int(port)), timeout=seconds) as one:
        one.sendall(sent)
        while (left := deadline - time.monotonic()) > 0:
            one.settimeout(left)
            try:
                more = one.recv(65536)
            except OSError:
                break
            if not more:
                break
            received += more
    return received


def head(path: str, length: int | str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n".encode()


def response(octets: bytes) -> client.OCSPResponse:
    top, _, body = octets.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 200"), top
    return client.load_der_ocsp_response(body)


def test_it_answers_with_its_key_and_reading_rights_alone(reading: str, tmp_path: Path) -> None:
    card: Certificate = issue_card(make_holder(make_realm()))
    crl.publish(card.partition)
    path, data = path_of(card), question(card)
    with responders.started(tmp_path, DATABASE_URL=reading) as (address,):
        for asked in (data, question(card, nonce=b"n" * 32)):
            assert client.load_der_ocsp_response(responders.ask(address, path, asked)).certificate_status is GOOD
        assert raw(address, b"GET /crl/test/signature/card/13221.crl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        # Malformed and oversized, as octets on the wire.
        assert response(raw(address, head(path, 4) + b"\0" * 4)).response_status is MALFORMED
        assert response(raw(address, head(path, 0))).response_status is MALFORMED
        oversized = raw(address, head(path, 20_000) + b"\0" * 20_000)
        assert response(oversized).response_status is MALFORMED
        for sent in (b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", head(path, "many") + b"x", head(path, 100) + b"half"):
            assert b"Traceback" not in raw(address, sent, seconds=2)
    log = next(tmp_path.glob("*.log")).read_text()
    assert "readonly" not in log
    assert "permission denied" not in log


def test_it_starts_in_production_with_its_own_key_and_a_reading_user_alone(reading: str, tmp_path: Path) -> None:
    """No SECRET_KEY, no CA_KEYS_PASSPHRASE, nothing of the sandbox: `started` hands on nothing of ours."""
    card: Certificate = issue_card(make_holder(make_realm()))
    with responders.started(tmp_path, DATABASE_URL=reading, PRODUCTION="1") as (address,):
        answer = client.load_der_ocsp_response(responders.ask(address, path_of(card), question(card)))
        assert answer.certificate_status is GOOD


def test_the_web_does_not_start_in_production_without_its_secret(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi"],
        cwd=ROOT,
        env={"PRODUCTION": "1", "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert said.returncode != 0
    assert "SECRET_KEY (or SECRET_KEY_FILE) is not set" in said.stderr


def test_slow_clients_are_ended_in_words_of_ocsp_and_hold_nobody_up(transactional_db: None, tmp_path: Path) -> None:
    card: Certificate = issue_card(make_holder(make_realm()))
    path, data = path_of(card), question(card)
    with responders.started(tmp_path, OCSP_REQUEST_SECONDS="1.5") as (address,):
        responders.ask(address, path, data)
        host, port = address.split(":")
        slow = [socket.create_connection((host, int(port)), timeout=5) for _ in range(50)]
        try:
            for one in slow:
                one.sendall(head(path, len(data)) + data[:10])
            begun = time.monotonic()
            for number in range(20):
                answer = client.load_der_ocsp_response(responders.ask(address, path, data))
                assert answer.certificate_status is GOOD
                # An octet now and then does not help.
                for one in slow:
                    one.sendall(data[10 + number : 11 + number])
            assert time.monotonic() - begun < 3
            for one in slow:
                received = b""
                while more := one.recv(65536):
                    received += more
                top, _, body = received.partition(b"\r\n\r\n")
                assert top.startswith(b"HTTP/1.1 408 ")
                assert client.load_der_ocsp_response(body).response_status is client.OCSPResponseStatus.TRY_LATER
            assert time.monotonic() - begun < 6
        finally:
            for one in slow:
                one.close()


def test_when_the_database_goes_and_comes_back_nothing_kept_is_given_meanwhile(
    transactional_db: None, tmp_path: Path
) -> None:
    card: Certificate = issue_card(make_holder(make_realm()))
    path, data = path_of(card), question(card)
    with responders.started(tmp_path) as (address,):

        def said() -> object:
            answer = client.load_der_ocsp_response(responders.ask(address, path, data))
            return answer.certificate_status if answer.response_status is SUCCESSFUL else answer.response_status

        for _ in range(5):
            assert said() is GOOD
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE ca_partition RENAME TO gone")
        try:
            for _ in range(3):
                assert said() is client.OCSPResponseStatus.TRY_LATER
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE gone RENAME TO ca_partition")
        deadline = time.monotonic() + 10
        while said() is not GOOD:
            assert time.monotonic() < deadline
            time.sleep(0.05)
