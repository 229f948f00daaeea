"""OCSP per second: from memory, against the same server returning constant bytes, and against `openssl ocsp`.

    python -m benchmarks.ca_ocsp [seconds a measurement, 3 by default]

All in one run, over loopback, 16 connections that are kept open (`openssl ocsp` closes each), the server on one core
and the client on another. The client is Python and slower than the server: so beside the rate stands what one request
cost the server, in its own processor time, and the ratio that counts is that one. Prints a table, and writes
var/bench/ca_ocsp.json.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 16
CONSTANT = b"\x30" * 1700


@dataclass
class Measured:
    """One server under load."""

    name: str
    answers_per_second: float
    p99_ms: float
    server_cpu_us: float  # of processor time, user and system, for one answer


def constant(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer every request with the same octets: what the server itself can do."""
    start_response("200 OK", [("Content-Type", "application/ocsp-response"), ("Content-Length", str(len(CONSTANT)))])
    return [CONSTANT]


def main() -> None:
    """Measure, print and keep."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    folder = Path(tempfile.mkdtemp(prefix="jpki-bench-"))
    try:
        path, known, nonced = _world(folder)
        post = _request(path, known)
        results = [
            _granian("constant bytes", "benchmarks.ca_ocsp:constant", post, seconds),
            _granian("from memory", "ca.responder:application", post, seconds),
            _granian("signed each (nonce)", "ca.responder:application", _request(path, nonced), seconds),
            _openssl(folder, known, seconds),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    base, memory, signed, other = results
    ratios = {
        "memory / constant, by server's time": base.server_cpu_us / memory.server_cpu_us,
        "memory / constant, by rate": memory.answers_per_second / base.answers_per_second,
        "memory / openssl ocsp, by rate": memory.answers_per_second / other.answers_per_second,
        "signed each / openssl ocsp, by rate": signed.answers_per_second / other.answers_per_second,
    }
    bars = {
        "from memory at least 0.6 of constant bytes": ratios["memory / constant, by server's time"] >= 0.6,
        "p99 from memory under 3 ms at 16 connections": memory.p99_ms < 3,
    }
    for one in results:
        _say(f"{one.name:22} {one.answers_per_second:8.0f}/s  p99 {one.p99_ms:6.2f} ms  {one.server_cpu_us:7.1f} us")
    for name, ratio in ratios.items():
        _say(f"{name:38} {ratio:6.2f}")
    for name, met in bars.items():
        _say(f"{'met    ' if met else 'NOT met'} {name}")
    kept = ROOT / "var" / "bench" / "ca_ocsp.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    document = {"seconds": seconds, "measured": [asdict(one) for one in results], "ratios": ratios, "bars": bars}
    kept.write_text(json.dumps(document, indent=2) + "\n")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _world(folder: Path) -> tuple[str, bytes, bytes]:
    """Make an authority and one certificate; return the responder's path, a question, and one with a nonce."""
    os.environ.update(
        VAR_DIR=str(folder),
        DATABASE_URL=f"sqlite:///{folder}/database.sqlite3",
        BROKER_URL="memory://",
        CA_KEYS_PASSPHRASE=secrets.token_hex(16),
        RESPONDER_KEYS_PASSPHRASE=secrets.token_hex(16),
        LOG_LEVEL="ERROR",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )
    import django

    django.setup()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import ocsp
    from django.core.management import call_command

    from ca import ceremony, issuance
    from ca.models import Holder
    from ca.profiles import Medium, Purpose

    call_command("migrate", verbosity=0, interactive=False)
    realm = ceremony.create_realm("bench")
    ceremony.create_authorities(realm)
    holder = Holder.objects.create(
        realm=realm,
        name="黒桐　幹也",
        name_substitution="00000",
        sex="1",
        birth_date="319800217",
        born_on=date(1980, 2, 17),
        address="東京都清瀬市",
        address_substitution="000000",
        prefecture="Tokyo-to",
        municipality="Kiyose-shi",
        municipality_code="13221",
    )
    public_key = rsa.generate_private_key(65537, 2048).public_key()
    row = issuance.request(
        realm=realm,
        purpose=Purpose.SIGNATURE,
        medium=Medium.CARD,
        holder=holder,
        public_key=public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        request_key="bench",
    )
    card = issuance.issue(row.pk)
    own, authority = (x509.load_der_x509_certificate(bytes(one)) for one in (card.der, card.generation.certificate))
    (folder / "authority.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    responder = card.generation.responder_keys.get()
    (folder / "responder.pem").write_bytes(
        x509.load_der_x509_certificate(bytes(responder.certificate)).public_bytes(Encoding.PEM)
    )
    (folder / "label").write_text(responder.key_label)
    (folder / "serial").write_text(card.serial_number)
    builder = ocsp.OCSPRequestBuilder().add_certificate(own, authority, hashes.SHA256())
    nonced = builder.add_extension(x509.OCSPNonce(b"n" * 16), critical=False)
    asked, fresh = (one.build().public_bytes(Encoding.DER) for one in (builder, nonced))
    return "/ocsp/bench/signature/card", asked, fresh


def _request(path: str, body: bytes, *, keep: bool = True) -> bytes:
    connection = "" if keep else "Connection: close\r\n"
    kind = "Content-Type: application/ocsp-request"
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\n{kind}\r\n{connection}Content-Length: {len(body)}\r\n\r\n".encode() + body
    )


def _granian(name: str, application: str, request: bytes, seconds: float) -> Measured:
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--blocking-threads", "1"]
    return _measure(name, [*command, "--port", str(port), application], port, request, seconds)


def _openssl(folder: Path, body: bytes, seconds: float) -> Measured:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(
        (folder / "responder-keys" / f"{(folder / 'label').read_text()}.pem").read_bytes(),
        os.environ["RESPONDER_KEYS_PASSPHRASE"].encode(),
    )
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(plain)
    (folder / "index").write_text(f"V\t400101000000Z\t\t{(folder / 'serial').read_text()}\tunknown\t/CN=x\n")
    port = _free_port()
    command = ["openssl", "ocsp", "-port", str(port), "-index", str(folder / "index"), "-CA"]
    command += [str(folder / "authority.pem"), "-rsigner", str(folder / "responder.pem")]
    command += ["-rkey", str(folder / "key.pem"), "-nmin", "15"]
    return _measure("openssl ocsp", command, port, _request("/", body, keep=False), seconds)


def _measure(name: str, command: list[str], port: int, request: bytes, seconds: float) -> Measured:
    cores = sorted(os.sched_getaffinity(0))
    server = subprocess.Popen(  # noqa: S603  (our own command)
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {cores[0]}),
    )
    os.sched_setaffinity(0, {cores[-1]})
    try:
        _wait_for(port, server, request)
        _load(port, request, min(1.0, seconds))
        before = _cpu(server.pid)
        begun = time.monotonic()
        latencies = sorted(_load(port, request, seconds))
        spent = time.monotonic() - begun
        cpu = _cpu(server.pid) - before
    finally:
        server.terminate()
        server.wait(10)
        os.sched_setaffinity(0, set(cores))
    count = len(latencies)
    if count == 0:
        raise SystemExit(f"{name}: no answer in {seconds} s")
    return Measured(name, count / spent, latencies[int(count * 0.99)] * 1e3, cpu / count * 1e6)


def _load(port: int, request: bytes, seconds: float) -> list[float]:
    """Ask over all connections for so long, each as fast as it is answered; return how long each answer took."""
    import selectors

    keep = b"Connection: close" not in request
    selector = selectors.DefaultSelector()
    latencies: list[float] = []

    def ask(one: socket.socket) -> None:
        selector.register(one, selectors.EVENT_READ, [time.perf_counter(), b""])
        one.sendall(request)

    def opened() -> socket.socket:
        one = socket.create_connection(("127.0.0.1", port), timeout=5)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return one

    for _ in range(CONNECTIONS):
        ask(opened())
    deadline = time.monotonic() + seconds
    clock = time.perf_counter
    while time.monotonic() < deadline:
        for key, _ in selector.select(0.2):
            one, state = key.fileobj, key.data
            assert isinstance(one, socket.socket)  # noqa: S101
            octets = one.recv(65536)
            state[1] += octets
            if not (_whole(state[1]) if keep else not octets):
                continue
            if not state[1].split(b" ", 2)[1:2] == [b"200"]:
                raise SystemExit(f"not answered: {state[1][:200]!r}")
            latencies.append(clock() - state[0])
            if keep:
                state[0], state[1] = clock(), b""
                one.sendall(request)
            else:
                selector.unregister(one)
                one.close()
                ask(opened())
    for key in list(selector.get_map().values()):
        assert isinstance(key.fileobj, socket.socket)  # noqa: S101
        key.fileobj.close()
    selector.close()
    return latencies


def _whole(octets: bytes) -> bool:
    head, found, body = octets.partition(b"\r\n\r\n")
    if not found:
        return False
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    return len(body) >= int(length)


def _cpu(pid: int) -> float:
    """Return the processor time, in seconds, of a process and those that it started (`man 5 proc`)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(_cpu(int(child)) for child in children)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(port: int, server: "subprocess.Popen[bytes]", request: bytes) -> None:
    """Wait for the first answer: by then all that is loaded once is loaded."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
                one.sendall(request)
                if one.recv(65536):
                    return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start: {server.args!r}") from None
        time.sleep(0.05)


if __name__ == "__main__":
    main()
