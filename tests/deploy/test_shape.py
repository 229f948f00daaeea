"""The whole deployment on the loopback, from the very files that hosts get: units, environment files, nginx, rights.

What systemd, PostgreSQL and RabbitMQ do on hosts of their own (`make trial`) is done here by hand, and without bounds.
"""

import base64
import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from portal.supervision.child import end_all, launch
from portal.supervision.system import free_ports
from tests import postgresql, rabbitmq
from tests.ca.counter import line, written
from tests.conftest import missing
from tests.deploy.units import DEPLOY, PYTHON, ROOT, Unit, services, settings_of

pytestmark = pytest.mark.running
UNITS = services()
VHOST = "shape"
STARTED = ("responder", "ca", "sweeps", "tsm", "notices", "probes", "beat", "web")
OIDS = {"PHONE_SIGNATURE_POLICY_OID": "1.2.392.200149.8.5.1.1.40", "PHONE_USER_AUTHENTICATION_POLICY_OID": "1.2.3.50"}


@dataclass
class Shape:
    """Folders in place of /etc/jpki and /var/lib, ports, and what runs."""

    folder: Path
    database: postgresql.Server
    broker: rabbitmq.Broker
    ports: dict[str, int]
    running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def inside(self, text: str) -> str:
        """Return a path of a host as it is here."""
        for outer in ("/etc/jpki", "/run/jpki", "/var/lib/jpki-", "/etc/nginx", "/var/log/nginx", "/var/cache/nginx"):
            text = re.sub(rf"(?<![\w.]){outer}", f"{self.folder}{outer}", text)
        return text.replace(PYTHON, sys.executable)

    def environment(self, unit: Unit) -> dict[str, str]:
        """Return what systemd would give the unit: its lines, then its files; secrets as files of this unit alone."""
        name = unit.name.removeprefix("jpki-")
        credentials = self.folder / "run/credentials" / unit.name
        shutil.rmtree(credentials, ignore_errors=True)
        credentials.mkdir(parents=True, mode=0o700)
        for one, path in unit.credentials.items():
            source = Path(self.inside(path))
            text = source.read_text() if source.exists() else unit.optional[one]
            (credentials / one).write_text(text)
        found = unit.environment()
        for file in unit.environment_files():
            found |= settings_of(Path(self.inside(file)))
        state = Path(self.inside(f"/var/lib/jpki-{name}"))
        state.mkdir(parents=True, exist_ok=True)
        return {one: self.inside(value.replace("%d", str(credentials))) for one, value in found.items()}

    def start(self, name: str) -> None:
        """Run a unit's ExecStart."""
        environment = self.environment(UNITS[name])
        command = [self.inside(word) for word in UNITS[name].command(environment)]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = launch(command, environment, log)

    def manage(self, name: str, *arguments: str) -> str:
        """Run manage.py as a process: `jpki-manage`."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(UNITS[name]), stdout=-1, stderr=-2, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def client(self, name: str, **more: object) -> httpx.Client:
        """Return a client of nginx that comes to one of the names by TLS."""
        transport = httpx.HTTPTransport(verify=_believing(self.folder), **more)  # type: ignore[arg-type]
        return httpx.Client(
            transport=transport,
            base_url=f"https://127.0.0.1:{self.ports['443']}",
            headers={"Host": name},
            timeout=20,
        )


def _believing(folder: Path) -> object:
    import ssl

    context = ssl.create_default_context(cafile=str(folder / "tls/internal-ca.pem"))
    context.check_hostname = False  # it comes by address; that nginx has a certificate of ours is what counts
    return context


@pytest.fixture(scope="module")
def shape(
    postgres: postgresql.Server, broker: rabbitmq.Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shape]:
    """Make the database, the broker's definitions and each process's files, hold the ceremony, and start everything."""
    folder = tmp_path_factory.mktemp("shape")
    names = ("80", "443")
    shape = Shape(folder, postgres, broker, dict(zip(names, free_ports(len(names)), strict=True)))
    url = postgres.create("shape")
    _settings(shape)
    _credentials(shape, url)
    try:
        shape.manage("owner", "migrate", "--no-input", "--verbosity=0")
        shape.manage("owner", "database_roles", "rights", "--apply")
        shape.manage("ceremony", "create_authorities", "--realm", "production", "--kind", "production")
        # Carried from the ceremony's host to the responder's.
        shutil.copytree(
            shape.inside("/var/lib/jpki-ceremony") + "/responder-keys",
            shape.inside("/var/lib/jpki-responder") + "/responder-keys",
        )
        for name in STARTED:
            shape.start(name)
        _nginx(shape)
        yield shape
    finally:
        end_all(list(shape.running.values()))
        with contextlib.suppress(Exception):
            broker.ask("DELETE", f"vhosts/{VHOST}")


def _settings(shape: Shape) -> None:
    target = Path(shape.inside("/etc/jpki"))
    target.mkdir(parents=True)
    for file in (DEPLOY / "environment").glob("*.env"):
        shutil.copy(file, target)
    site = target / "site.env"
    # In earnest beat looks once a minute whether a list is due.
    written = settings_of(site) | OIDS | {"CRL_PUBLISH_SECONDS": "2", "CRL_VALIDITY_SECONDS": "86400"}
    del written["BROKER_CA_FILE"]  # the tests' broker speaks no TLS; `make trial`'s does
    site.write_text("".join(f"{name}={value}\n" for name, value in written.items()))
    for name in ("web", "responder"):
        Path(shape.inside(f"/run/jpki-{name}")).mkdir(parents=True)
    with (target / "web.env").open("a") as file:
        file.write("GRANIAN_WORKERS=1\n")


def _credentials(shape: Shape, url: str) -> None:
    """Make roles, users and secrets as parcels.sh has them made, on servers of the tests'."""
    words = shape.folder / "secrets"
    earnest = {"PRODUCTION": "1", "SANDBOX": "0", "VAR_DIR": str(shape.folder / "var")}
    definitions = shape.folder / "definitions.json"
    for command in (
        ["database_roles", "roles", "--apply", "--passwords", str(words / "database")],
        ["broker_definitions", "--passwords", str(words / "broker"), "--vhost", VHOST, "--out", str(definitions)],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=earnest | {"DATABASE_URL": url},
            stdout=-1,
            stderr=-2,
            text=True,
        )
        assert done.returncode == 0, done.stdout
    shape.broker.create(VHOST)
    shape.broker.ask("POST", "definitions", json.loads(definitions.read_text()))
    for name, unit in UNITS.items():
        role = "reader" if name == "exporter" else name
        for one, path in unit.credentials.items():
            match one:
                case "database_url":
                    told = url.replace("//jpki@", f"//jpki_{role}@")
                case "broker_url":
                    told = shape.broker.url(VHOST, f"jpki_{role}", (words / "broker" / role).read_text().strip())
                case "email_host_password":
                    continue
                case _:
                    kept = words / one
                    if not kept.exists():
                        kept.write_text(hashes_of(one))
                    told = kept.read_text()
            target = Path(shape.inside(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(told + "\n")


def hashes_of(name: str) -> str:
    import secrets

    return secrets.token_hex(32)


def _nginx(shape: Shape) -> None:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("nginx is not installed (Debian: apt-get install nginx-light)")
    tls = shape.folder / "tls"
    subprocess.run([DEPLOY / "internal-certificates.sh", tls, "site", "ocsp"], check=True, capture_output=True)
    for path in ("/etc/jpki/tls", "/etc/nginx/jpki", "/var/log/nginx", "/var/cache/nginx"):
        Path(shape.inside(path)).mkdir(parents=True, exist_ok=True)
    for file in tls.glob("*.*"):
        shutil.copy(file, shape.inside("/etc/jpki/tls"))
    for file in (DEPLOY / "nginx").glob("*.conf"):
        text = shape.inside(file.read_text())
        text = re.sub(r"listen \[::\][^;]*;", "", text)
        text = re.sub(r"listen (80|443)", lambda match: f"listen 127.0.0.1:{shape.ports[match[1]]}", text)
        (Path(shape.inside("/etc/nginx/jpki")) / file.name).write_text(text)
    inner = Path(shape.inside("/etc/nginx/jpki"))
    temporary = "".join(f"{kind}_temp_path {inner}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (inner / "nginx.conf").write_text(
        f"pid {inner}/pid; error_log {inner}/error.log; daemon off; events {{ }}\n"
        f"http {{ client_body_temp_path {inner}/body; {temporary}\n"
        f"include {inner}/jpki-web.conf; include {inner}/jpki-responder.conf; }}\n"
    )
    if shape.folder.owner() == "root":
        (inner / "nginx.conf").write_text("user root;" + (inner / "nginx.conf").read_text())
    with (shape.folder / "nginx.log").open("wb") as log:
        shape.running["nginx"] = launch([program, "-e", f"{inner}/error.log", "-c", f"{inner}/nginx.conf"], {}, log)


def until(what: str, holds: object, *, seconds: float = 300) -> None:
    """Wait until a function gives something true; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.TransportError, OSError):
            if holds():  # type: ignore[operator]
                return
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_a_request_walks_through_every_process(shape: Shape) -> None:
    """`beat` wakes the `ca` worker over the broker, it signs a list, the responder tells it, nginx hands it on."""
    plain = httpx.Client(base_url=f"http://127.0.0.1:{shape.ports['80']}", headers={"Host": "ocsp.jpki.example"})

    def published() -> bool:
        return plain.get("/arl/production/signature.crl").status_code == 200

    until("no list was published", published)
    authority = x509.load_der_x509_certificate(plain.get("/authority/production/signature.cer").content)
    listed = x509.load_der_x509_crl(plain.get("/arl/production/signature.crl").content)
    assert listed.issuer == authority.subject
    assert listed.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    # A number that nobody issued is unknown, and that is signed by the responder's own key.
    question = ocsp.OCSPRequestBuilder().add_certificate(authority, authority, hashes.SHA256()).build()
    from cryptography.hazmat.primitives.serialization import Encoding

    said = plain.post(
        "/ocsp/production/signature/card",
        content=question.public_bytes(Encoding.DER),
        headers={"Content-Type": "application/ocsp-request"},
    )
    answer = ocsp.load_der_ocsp_response(said.content)
    assert answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    # The web reads what the `ca` worker wrote, and says it to whoever asks.
    with shape.client("site.jpki.example") as site:
        until("the site does not answer", lambda: site.get("/").status_code == 200)
        trust = site.get("/api/v1/trust")
        assert trust.status_code == 200, trust.text
        assert authority.fingerprint(hashes.SHA256()).hex().upper() in trust.text.upper() or "signature" in trust.text


def test_a_counter_orders_a_cards_certificates_and_gets_them(shape: Shape) -> None:
    """With its own role and user alone: it wakes the `ca` worker over the broker, which issues."""
    common = ("order_cards", "--realm", "production")
    ordered = shape.manage("counter", *common, "--counter", "市民課", written(shape.folder, line("C-1")))
    assert "line 1, order C-1: the holder is new; signature asked for; user_authentication asked for" in ordered
    assert "broker" not in ordered
    told: dict[str, Any] = {}

    def issued() -> bool:
        told.update(json.loads(shape.manage("counter", *common, "--issued", "C-1").splitlines()[-1]))
        return bool(told["state"] == "issued")

    until("nothing was issued", issued)
    card = x509.load_der_x509_certificate(base64.b64decode(told["signature"]["certificate"]))
    card.verify_directly_issued_by(x509.load_der_x509_certificate(base64.b64decode(told["signature"]["authority"])))
    assert "placed before" in shape.manage("counter", *common, "--counter", "x", str(shape.folder / "orders.jsonl"))


def test_browsers_are_held_to_tls_and_headers_of_clients_count_for_nothing(shape: Shape) -> None:
    clear = httpx.get(f"http://127.0.0.1:{shape.ports['80']}/register/?q=1", headers={"Host": "site.jpki.example"})
    assert (clear.status_code, clear.headers["Location"]) == (308, "https://site.jpki.example/register/?q=1")
    with shape.client("staff.jpki.example") as site:
        until("the site does not answer", lambda: site.get("/staff/enrol/").status_code == 200)
        page = site.get("/staff/enrol/", headers={"X-Forwarded-Proto": "http", "X-Real-IP": "192.0.2.7"})
        assert page.status_code == 200, "what the client says of the scheme is replaced"
        assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert "Secure" in page.headers["Set-Cookie"]
        assert site.get("/readyz").status_code == site.get("/metrics").status_code == 404
        site.get("/handoff/this-is-a-link/?and=this")
    kept = (Path(shape.inside("/var/log/nginx")) / "jpki-access.log").read_text()
    assert "/staff/enrol/" in kept
    assert "this-is-a-link" not in kept
    assert "and=this" not in kept
    # Past nginx, in clear: sent away.
    transport = httpx.HTTPTransport(uds=shape.inside("/run/jpki-web/http.sock"))
    with httpx.Client(transport=transport) as past:
        assert past.get("http://site.jpki.example/").status_code == 301


def test_site_and_responder_listen_at_no_port(shape: Shape) -> None:
    """nginx, which comes by their sockets, is all that stands on the network."""
    with shape.client("site.jpki.example") as site:
        until("the site does not answer", lambda: site.get("/").status_code == 200)
    for name in ("web", "responder"):
        listening = subprocess.run(
            ["ss", "--listening", "--numeric", "--processes", "--no-header", "--tcp", "--udp"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        tree = {shape.running[name].pid, *children(shape.running[name].pid)}
        assert not [line for line in listening.splitlines() if any(f"pid={pid}," in line for pid in tree)], name


def children(pid: int) -> set[int]:
    found = {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return found.union(*(children(one) for one in found))


def test_each_name_answers_its_own_pages_and_leads_to_the_others(shape: Shape) -> None:
    with (
        shape.client("site.jpki.example") as site,
        shape.client("staff.jpki.example") as staff,
        shape.client("providers.jpki.example") as providers,
    ):
        until("the site does not answer", lambda: site.get("/").status_code == 200)
        assert staff.get("/staff/sign-in").status_code == providers.get("/providers/").status_code == 200
        for asked in (site, providers):
            led = asked.get("/staff/sign-in", params={"next": "/console/"})
            assert (led.status_code, led.headers["Location"]) == (
                302,
                "https://staff.jpki.example/staff/sign-in?next=%2Fconsole%2F",
            )
            assert asked.post("/staff/sign-in", data={"name": "x"}).status_code == 404
        assert staff.get("/phone/").headers["Location"] == "https://site.jpki.example/phone/"


def test_the_first_account_signs_up_with_the_code_that_the_command_prints(shape: Shape) -> None:
    told = shape.manage("web", "staff", "add", "operator1", "--role", "operator")
    assert "https://staff.jpki.example/staff/enrol/" in told
    (code,) = re.findall(r"types in\s+(\S+)", told)
    with shape.client("staff.jpki.example") as site:
        until("the site does not answer", lambda: site.get("/staff/enrol/").status_code == 200)
        page = site.get("/staff/enrol/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        jar = dict(page.cookies.items())
        answered = site.post(
            "/staff/enrol/",
            data={"csrfmiddlewaretoken": token[1], "code": code},
            cookies=jar,
            headers={"Referer": "https://staff.jpki.example/staff/enrol/", "Origin": "https://staff.jpki.example"},
            follow_redirects=False,
        )
        assert answered.status_code in (200, 302), answered.text[:500]
        assert "コード" in answered.text or answered.status_code == 302


def test_no_process_holds_a_secret_but_its_own_and_none_is_in_an_environment(shape: Shape) -> None:
    values = {path.read_text().strip() for path in (shape.folder / "secrets").rglob("*") if path.is_file()}
    for name in STARTED:
        environment = Path(f"/proc/{shape.running[name].pid}/environ").read_text()
        assert not [value for value in values if value in environment], name
    for name in STARTED:
        assert not [value for value in values if value in shape.log(name)], name
        assert "Traceback" not in shape.log(name), shape.log(name)[-3000:]
