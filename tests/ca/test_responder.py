"""The responder's other paths: CRLs, authorities' certificates, and everything that is neither."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from ca import crl
from ca.models import Holder, Realm
from tests.ca.fixtures import issue_card
from tests.ca.test_ocsp import http

ROOT = Path(__file__).resolve().parents[2]


def test_the_newest_crl_is_served(holder: Holder) -> None:
    card = issue_card(holder)
    path = "/crl/test/signature/card/13221.crl"
    assert http("GET", path)[0] == "404 Not Found"
    for _ in range(2):
        published = crl.publish(card.partition)
        status, headers, body = http("GET", path)
        assert (status, headers["Content-Type"]) == ("200 OK", "application/pkix-crl")
        assert body == bytes(published.der)
    assert http("GET", f"{path}?generation=1")[2] == body
    assert http("GET", f"{path}?generation=2")[0] == "404 Not Found"


def test_the_authoritys_certificate_is_served(realm: Realm) -> None:
    for purpose in ("signature", "user-authentication"):
        status, headers, body = http("GET", f"/authority/test/{purpose}.cer")
        assert (status, headers["Content-Type"]) == ("200 OK", "application/pkix-cert")
        certificate = x509.load_der_x509_certificate(body)
        certificate.verify_directly_issued_by(certificate)
        assert http("GET", f"/authority/test/{purpose}.cer?generation=1")[2] == body
        assert http("HEAD", f"/authority/test/{purpose}.cer")[2] == b""


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/admin",
        "/authority/other/signature.cer",
        "/authority/test/encryption.cer",
        "/authority/test/signature.cer?generation=2",
        "/authority/test/signature.cer?generation=x",
        "/crl/test/signature/watch/13221.crl",
        "/crl/test/signature/card/132210.crl",
        "/crl/test/signature/card/../../etc/passwd",
        "/ocsp/test/signature",
        "/ocsp/other/signature/card/MAA=",
        "/%FF%FE",
    ],
)
def test_everything_else_is_not_found(realm: Realm, path: str) -> None:
    status, headers, body = http("GET", path)
    assert status == "404 Not Found"
    assert body == b"not found\n"
    assert headers["Content-Type"].startswith("text/plain")


def test_a_point_whose_name_no_database_can_hold_is_not_found(realm: Realm) -> None:
    """PostgreSQL refuses NUL in a text, which would be our error."""
    units = [x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "Tokyo\0to")]
    name = x509.Name([*units, x509.NameAttribute(x509.NameOID.COMMON_NAME, "Kiyose-shi CRLDP")])
    encoded = base64.urlsafe_b64encode(name.public_bytes()).decode()
    assert http("GET", f"/directory/test/{encoded}")[0] == "404 Not Found"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/authority/test/signature.cer"),
        ("DELETE", "/ocsp/test/signature/card"),
        ("GET", "/ocsp/test/signature/card"),
    ],
)
def test_another_method_is_told_which_ones_there_are(realm: Realm, method: str, path: str) -> None:
    status, headers, _ = http(method, path)
    assert status == "405 Method Not Allowed"
    assert "GET" in headers["Allow"]


@pytest.mark.parametrize(
    "path",
    ["/authority/test/signature.cer", "/nothing", "/ocsp/test/signature/card/MAA=", "/authority/test/x.cer?key=zz"],
)
def test_no_browser_takes_an_answer_for_another_kind(realm: Realm, path: str) -> None:
    _, headers, _ = http("GET", path)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers


def test_importing_the_responder_loads_no_django() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, ca.responder; print('django' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "False"
