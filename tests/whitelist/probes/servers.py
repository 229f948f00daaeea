"""Servers of strangers, on loopback ports: TLS with certificates of a test's own authority, answers of raw octets.

`World` is what lies outside a fetcher: names, addresses, and where these really are. A fetcher that goes anywhere else
than to an address of the world has found a way out, and `dialled` says where it tried.
"""

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from whitelist.probes import network
from whitelist.probes.fetching import Fetcher
from whitelist.probes.network import Limits

PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:220:1:248:1893:25c8:1946"

# What a server does with a connection, after it read the request's head: send octets.
Say = Callable[[ssl.SSLSocket, str], None]


@cache
def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate("Test web authority", key, key.public_key(), "Test web authority", authority=True)


def _certificate(
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePublicKey,
    subject: str,
    *,
    authority: bool = False,
    days: int = 90,
) -> x509.Certificate:
    now = datetime.now(UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder(name(issuer), name(subject), key, x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def trusted() -> ssl.SSLContext:
    """Return a context that trusts the test's authority alone."""
    pem = _authority()[1].public_bytes(serialization.Encoding.PEM).decode()
    return ssl.create_default_context(cadata=pem)


def _server_context(folder: Path, name: str, *, days: int, known: bool) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    signer, issuer = (_authority()[0], "Test web authority") if known else (key, name)
    certificate = _certificate(issuer, signer, key.public_key(), name, days=days)
    file = folder / f"{name}-{days}-{known}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def octets(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """Return an HTTP answer, whole."""
    told = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Test\r\n{head}\r\n".encode() + body


def document(value: Any) -> bytes:
    """Return an HTTP answer that holds JSON."""
    return octets(body=json.dumps(value).encode())


class World:
    """Names and addresses outside, each with a server behind it, or none."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.names: dict[str, list[str]] = {}
        # (address, port): where it really is.
        self.places: dict[tuple[str, int], int] = {}
        self.asked: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.requests: list[str] = []
        # Answers that a name gives the first times, before what `names` says.
        self.turns: dict[str, list[list[str]]] = {}

    def serve(
        self,
        name: str,
        answer: bytes | Say | dict[str, bytes],
        *,
        address: str = PUBLIC,
        port: int = 443,
        certificate_for: str = "",
        days: int = 90,
        known: bool = True,
        tls: bool = True,
    ) -> None:
        """Put a server behind a name; `answer` by path, or the same for all, or what it does by itself."""
        context = _server_context(self._folder, certificate_for or name, days=days, known=known) if tls else None
        listening = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.names.setdefault(name, []).append(address)
        self.places[(address, port)] = listening.getsockname()[1]

        def say(connection: Any, path: str) -> None:
            if callable(answer):
                answer(connection, path)
            elif isinstance(answer, dict):
                connection.sendall(answer.get(path, octets(404)))
            else:
                connection.sendall(answer)

        def one(accepted: socket.socket) -> None:
            with contextlib.suppress(OSError), accepted:
                accepted.settimeout(10)
                talking: Any = context.wrap_socket(accepted, server_side=True) if context else accepted
                with talking:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        part = talking.recv(65536)
                        if not part:
                            return
                        head += part
                    # A body is read, too: who closes with octets unread breaks the connection off.
                    head, _, body = head.partition(b"\r\n\r\n")
                    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                    while length and len(body) < int(length[1]):
                        body += talking.recv(65536)
                    self.requests.append(head.decode())
                    say(talking, head.split()[1].decode())

        def accept() -> None:
            while True:
                try:
                    accepted, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(accepted,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def resolve(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        if self.turns.get(name):
            return self.turns[name].pop(0)
        if name not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return self.names[name]

    def dial(self, address: str, port: int, seconds: float) -> httpcore.NetworkStream:
        self.dialled.append((address, port))
        if (address, port) not in self.places:
            raise httpcore.ConnectError("nobody there")
        return network.dial("127.0.0.1", self.places[(address, port)], seconds)

    def fetcher(self, **limits: Any) -> Fetcher:
        return Fetcher(Limits(**({"seconds": 5.0} | limits)), self.resolve, self.dial, trusted)


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        yield World(folder, stack)
