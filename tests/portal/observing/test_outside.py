"""What `doctor --outside` sees: certificates of each kind on the loopback, a host with a firewall and one without."""

import json
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import translation

from portal.observing import looking, outside, periodic
from portal.observing.models import PeriodicRun
from tests import namespaces

ROOT = Path(__file__).resolve().parents[3]
Serve = Callable[..., int]
HOOK = "type filter hook output priority filter"


def _certificate(folder: Path, name: str, *, days: float, known: bool) -> Path:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)

    def made(subject: str, public: ec.EllipticCurvePublicKey, ends: timedelta, issuer: bool) -> x509.Certificate:
        names = x509.SubjectAlternativeName([x509.DNSName(subject)])
        return (
            x509.CertificateBuilder(named("authority"), named(subject), public, x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(issuer, None), critical=True)
            .add_extension(names, critical=False)
            .sign(authority, hashes.SHA256())
        )

    pem = serialization.Encoding.PEM
    path = folder / f"{name}-{days}-{known}.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made(name, key.public_key(), timedelta(days=days), False).public_bytes(pem)
    )
    if known:
        root = made("authority", authority.public_key(), timedelta(days=100), True)
        (folder / "believed.pem").write_bytes(root.public_bytes(pem))
    return path


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Serve]:
    """Give what puts a TLS server on a port, and makes it the site's and the responder's."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    with ExitStack() as stack:

        def server(name: str = "localhost", *, days: float = 90, known: bool = True) -> int:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(_certificate(tmp_path, name, days=days, known=known))
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                while True:
                    try:
                        accepted, _ = listening.accept()
                    except OSError:
                        return
                    with suppress(OSError), accepted, context.wrap_socket(accepted, server_side=True) as talking:
                        talking.recv(1)

            threading.Thread(target=accept, daemon=True).start()
            port = int(listening.getsockname()[1])
            settings.PUBLIC_URL = settings.RESPONDER_URL = f"https://localhost:{port}"
            if known:
                monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "believed.pem"))
            return port

        yield server


def said() -> list[tuple[str, dict[str, str]]]:
    return [(one.finding.id, dict(one.labels)) for one in looking.judge(outside.of_names(), outside.FINDINGS)]


def test_a_name_with_a_certificate_that_is_believed_and_lasts_is_well(serve: Serve) -> None:
    serve()
    assert said() == []


@pytest.mark.parametrize(
    ("shown", "finding"),
    [
        ({"known": False}, "outside.untrusted"),
        ({"name": "elsewhere.example"}, "outside.untrusted"),
        ({"days": -1}, "outside.untrusted"),
        ({"days": 20}, "outside.ends"),
    ],
)
def test_one_that_is_not_is_told_with_its_name(shown: dict[str, Any], finding: str, serve: Serve) -> None:
    port = serve(**shown)
    assert said() == [(finding, {"name": f"localhost:{port}"})]


def test_where_nobody_answers_that_is_told(serve: Serve, settings: Any) -> None:
    with socket.socket() as taken:  # and doesn't listen
        taken.bind(("127.0.0.1", 0))
        settings.PUBLIC_URL = settings.RESPONDER_URL = f"https://localhost:{taken.getsockname()[1]}"
        assert [one for one, _ in said()] == ["outside.unreachable"]


@pytest.mark.django_db
def test_the_nightly_look_fails_with_what_it_found_and_that_is_an_alert(serve: Serve, settings: Any) -> None:
    assert settings.CELERY_TASK_ROUTES["portal.look_outside"]["queue"] == "probes"
    serve(known=False)
    settings.OUTSIDE_LOOK = False
    outside.look_outside()
    settings.OUTSIDE_LOOK = True
    with pytest.raises(outside.WrongOutside, match=r"^outside\.untrusted \[name localhost:\d+\]$"):
        outside.look_outside()
    periodic.note("portal.look_outside", failed=True)
    assert PeriodicRun.objects.get(task="portal.look_outside").failed
    serve()
    outside.look_outside()


def test_every_name_that_the_world_comes_to_is_looked_at(settings: Any) -> None:
    settings.PUBLIC_URL, settings.RESPONDER_URL = "https://site.jpki.example", "http://ocsp.jpki.example"
    settings.ALLOWED_HOSTS = ["site.jpki.example", "mtls.jpki.example", "127.0.0.1", "localhost", ".jpki.example"]
    hosts = ("site.jpki.example", "mtls.jpki.example", "ocsp.jpki.example")
    assert outside.names() == [(host, 443) for host in hosts]
    with translation.override("en"):
        assert all(str(one.title).isascii() and str(one.remedy).isascii() for one in outside.FINDINGS)


@pytest.mark.parametrize("rules", [(), ("policy drop", "oif lo accept", "reject with icmpx admin-prohibited")])
def test_a_host_without_a_firewall_is_told_and_one_with_it_is_not(rules: tuple[str, ...], tmp_path: Path) -> None:
    namespaces.need("nft", "ip")
    table = f"table inet t {{ chain going {{ {'; '.join([HOOK, *rules])}; }}; }}"
    script = f"""set -e
    ip link set lo up && ip link add out type veth peer name far && ip link set far up
    ip address add 10.1.0.1/24 dev out && ip link set out up && ip route add default dev out
    echo '{table}' | tr ';' '\\n' | nft -f -
    exec {sys.executable} manage.py doctor --outside --json"""
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    # Of its names none is there.
    environment |= {
        "PUBLIC_URL": "https://localhost:1",
        "RESPONDER_URL": "https://localhost:1",
        "ALLOWED_HOSTS": "localhost",
    }
    done = namespaces.run("net", "bash", "-c", script, cwd=ROOT, env=environment)
    assert done.stdout, done.stderr
    found = {one["id"]: one["runbook"] for one in json.loads(done.stdout)["findings"]}
    assert found["outside.unreachable"] == "docs/alerts.md#outsideunreachable"
    assert ("outside.unsealed" in found) == (not rules)
