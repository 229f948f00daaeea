"""A real nginx before a responder: it keeps what the headers allow, no longer, and hands on verifiers' certificates."""

import base64
import contextlib
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp as client

from ca import clock, revocation
from ca.models import Certificate
from ca.revocation import Cause
from tests.ca import responders
from tests.ca.fixtures import issue_card, make_holder, make_realm
from tests.ca.test_ocsp import path_of, question
from tests.conftest import missing
from tests.whitelist.relying_parties import key, make_bank, make_credential
from tests.whitelist.test_verifiers import own_certificate

pytestmark = pytest.mark.running
GOOD, REVOKED = client.OCSPCertStatus.GOOD, client.OCSPCertStatus.REVOKED
# The lines that docs/ocsp.md gives to operators stand between `http {` and its end.
CONFIGURATION = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
master_process off;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=ocsp:1m;
    upstream responder {{ server {responder}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.pem;
        ssl_verify_client optional_no_ca;
        location / {{
            proxy_pass http://responder;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Client-Cert $ssl_client_escaped_cert;
            proxy_cache ocsp;
            proxy_cache_revalidate on;
            add_header X-Cache $upstream_cache_status;
        }}
    }}
}}
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Nginx:
    """One nginx in the foreground, before a responder."""

    def __init__(self, folder: Path, responder: str) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            missing("nginx is not installed (Debian: apt-get install nginx-light)")
        self.plain, self.tls = free_port(), free_port()
        write_key_and_certificate(folder / "server.pem", 5)
        text = CONFIGURATION.format(folder=folder, responder=responder, plain=self.plain, tls=self.tls)
        (folder / "nginx.conf").write_text(text)
        self.process = subprocess.Popen([program, "-e", folder / "error.log", "-c", folder / "nginx.conf"])
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.plain), timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline, (folder / "error.log").read_text()
                time.sleep(0.02)

    def get(self, certificate: Certificate) -> tuple[str, object]:
        """Return what nginx says of its cache, and the standing that it gave."""
        path = f"{path_of(certificate)}/{urllib.parse.quote(base64.b64encode(question(certificate)), safe='')}"
        with urllib.request.urlopen(f"http://127.0.0.1:{self.plain}{path}", timeout=10) as answer:
            return answer.headers["X-Cache"], client.load_der_ocsp_response(answer.read()).certificate_status


def write_key_and_certificate(path: Path, number: int) -> None:
    private = key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + own_certificate(key(number)).public_bytes(Encoding.PEM))


@pytest.fixture
def card(transactional_db: None) -> Certificate:
    return issue_card(make_holder(make_realm()))


def test_it_keeps_an_answer_for_as_long_as_the_setting_says_and_asks_again(card: Certificate, tmp_path: Path) -> None:
    with responders.started(tmp_path, OCSP_MAX_AGE_SECONDS="2") as (address,):
        nginx = Nginx(tmp_path, address)
        try:
            assert nginx.get(card) == ("MISS", GOOD)
            assert nginx.get(card) == ("HIT", GOOD)
            time.sleep(3)
            # Asked by its ETag, and told that it is the same.
            assert nginx.get(card) == ("REVALIDATED", GOOD)
            revocation.revoke(card, cause=Cause.DEATH, now=clock.now(card.realm))
            deadline = time.monotonic() + 3.5
            while nginx.get(card)[1] is GOOD:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        finally:
            nginx.process.terminate()
            nginx.process.wait(10)


def test_with_no_age_it_asks_every_time_and_no_answer_is_late(card: Certificate, tmp_path: Path) -> None:
    with responders.started(tmp_path, OCSP_MAX_AGE_SECONDS="0") as (address,):
        nginx = Nginx(tmp_path, address)
        try:
            for _ in range(3):
                assert nginx.get(card)[1] is GOOD
            revocation.revoke(card, cause=Cause.DEATH, now=clock.now(card.realm))
            assert nginx.get(card)[1] is REVOKED
        finally:
            nginx.process.terminate()
            nginx.process.wait(10)


@pytest.mark.parametrize("way", ["a port", "a socket", "a socket that isn't believed"])
def test_it_hands_on_the_certificate_of_a_verifier_and_of_nobody_else(
    way: str, card: Certificate, tmp_path: Path
) -> None:
    make_credential(make_bank(card.realm))
    for number in (0, 1):
        write_key_and_certificate(tmp_path / f"{number}.pem", number)
    with contextlib.ExitStack() as stack:
        if way == "a port":
            believed = {"OCSP_ACCESS": "verifiers", "OCSP_PROXIES": "127.0.0.1"}
            (address,) = stack.enter_context(responders.started(tmp_path, **believed))
        else:
            believed = {"OCSP_ACCESS": "verifiers", "OCSP_PROXIES": "unix" if way == "a socket" else "127.0.0.1 ::1"}
            address = stack.enter_context(responders.at_socket(tmp_path, **believed))
        nginx = Nginx(tmp_path, address)
        try:

            def asked(pem: str | None, **headers: str) -> tuple[int, str]:
                """Return HTTP's status, and OCSP's where there is one."""
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                if pem is not None:
                    context.load_cert_chain(tmp_path / pem)
                url = f"https://127.0.0.1:{nginx.tls}{path_of(card)}"
                request = urllib.request.Request(
                    url, question(card), {"Content-Type": "application/ocsp-request"} | headers
                )
                try:
                    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
                        said = client.load_der_ocsp_response(answer.read())
                        return answer.status, said.response_status.name
                except urllib.error.HTTPError as error:
                    return error.code, ""

            if way == "a socket that isn't believed":
                assert asked("0.pem") == (401, "")
                return
            assert asked("0.pem") == (200, "SUCCESSFUL")
            assert asked("1.pem") == (401, "")
            assert asked(None) == (401, "")
            # What a client writes itself does not come through.
            forged = urllib.parse.quote(own_certificate(key(0)).public_bytes(Encoding.PEM), safe="")
            assert asked(None, **{"Client-Cert": forged}) == (401, "")
        finally:
            nginx.process.terminate()
            nginx.process.wait(10)
