"""Certificates, lists, questions and answers in DER, CMS, and how HTTP brings them to the responder."""

import asyncio
import base64
import contextlib
import hashlib
import io
import json
import re
import urllib.parse
from types import SimpleNamespace
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import ocsp as client
from jpki_client import cms
from jpki_client import der as client_der
from jpki_client import status as client_status
from jpki_client.holder import holder

from ca import assembly, clock, counter, der, evidence, presented, responder, status, succession
from ca.counter import possession
from ca.errors import OrderRefused, PublicKeyUnfit
from ca.ocsp import request
from ca.reply import Reply, Request
from ca.serving.connection import Connection, Hall, Limits
from portal import attributes, callers
from sandbox.trace import responder as trace
from tests.ca import counter as orders
from tests.ca.test_ocsp import question, several
from tests.fuzz import world
from tests.fuzz.target import Target, joined, parted
from tsm import authentication


# --- questions and answers
def feed_question(data: bytes) -> None:
    """What both we and the library take, says the same to both; what is taken is told as a trace."""
    trace._asked(data)
    try:
        ours = request.parse(data)
    except request.Malformed:
        return
    assert 1 <= len(ours.questions) <= request.MAX_QUESTIONS
    with contextlib.suppress(ValueError, NotImplementedError, UnsupportedAlgorithm):
        theirs = client.load_der_ocsp_request(data)
        assert theirs.serial_number == ours.questions[0].serial_number


def _question_seeds() -> list[bytes]:
    known = world.get()
    nonce = question(known.certificates[0], nonce=bytes(range(32)))
    return [known.question, nonce, several(*[question(one) for one in known.certificates])]


def feed_answer(data: bytes) -> None:
    """An answer that somebody hands in: by the site, by a service's client, and on the trace."""
    known = world.get()
    own, authority = _parsed(known.certificates[0])
    evidence.by_ocsp(own, authority, data, clock.now(known.realm))
    asked = client_status.Question(
        own, authority, "signature", "card", "http://responder.example", clock.now(known.realm)
    )
    line = client_status.check_status(asked, lambda url, octets: data)
    assert line.outcome.name in ("HOLDS", "FAILS", "UNKNOWN")
    trace._answered(Reply("200 OK", "application/ocsp-response", data))


def feed_list(data: bytes) -> None:
    """A list that somebody hands in, and one that is held against the last before it goes out."""
    known = world.get()
    own, authority = _parsed(known.certificates[0])
    evidence.by_crl(own, authority, data, clock.now(known.realm))
    with contextlib.suppress(ValueError, x509.ExtensionNotFound):
        found = succession.outline(data)
        succession.vanished(data, found.entries, data, found.entries)
    with contextlib.suppress(ValueError):
        der.walk(data, 0, len(data))


def feed_certificate(data: bytes) -> None:
    """A certificate that somebody shows: every reason is a verdict, and none an error."""
    known = world.get()
    now = clock.now(known.realm)
    status.check_all(known.realm, [status.Question(data, evidence=status.Evidence(known.list_, known.answer))], now=now)
    status.check_signature(known.realm, data, b"text", bytes(256), now=now, purpose=status.Purpose.SIGNATURE)
    attributes.read(data)
    with contextlib.suppress(ValueError):
        read = presented.of_der(data)
        with contextlib.suppress(ValueError, x509.DuplicateExtension):
            holder(read)
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data) + b"-----END CERTIFICATE-----\n"
    headers = SimpleNamespace(headers={"Client-Cert": urllib.parse.quote(pem)})
    with _setting("API_CLIENT_CERTIFICATE_HEADER", "Client-Cert"):
        callers.certificate(headers)  # type: ignore[arg-type]
    with contextlib.suppress(ValueError):
        authentication.certificate_digest(pem)


def feed_public_key(data: bytes) -> None:
    """A public key that is to be certified."""
    with contextlib.suppress(PublicKeyUnfit):
        key = assembly.load_public_key(data)
        assert (key.key_size, key.public_numbers().e) == (2048, 65537)


def feed_request(data: bytes) -> None:
    """A PKCS#10 request for a card: what is taken is a key that may be certified, and that signed it."""
    with contextlib.suppress(OrderRefused):
        key = possession.proven_key(base64.b64encode(data).decode(), member="signature")
        assert assembly.load_public_key(key).key_size == 2048
        assert x509.load_der_x509_csr(data).is_signature_valid


def feed_order(data: bytes) -> None:
    """Lines that a counter hands in: each is an order that a database can keep, or is refused in words."""
    for _, line in counter.lines(io.BytesIO(data)):
        counter.reference_of(line).encode("ascii")
        try:
            order = counter.read(line)
        except OrderRefused as error:
            f"{error} {error.member}".encode()
            continue
        assert re.fullmatch("[0-9a-f]{64}", order.digest)
        for text in map(str, order.attributes.values()):
            assert "\0" not in text
            assert len(text.encode()) <= 800


def _order_seeds() -> list[bytes]:
    lines = [orders.line(), orders.line(signature=None), orders.line("B-1", keys=(), born_on="419990301")]
    return [json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in lines]


def _certificate_seeds() -> list[bytes]:
    known = world.get()
    return [*(bytes(one.der) for one in known.certificates), bytes(known.certificates[0].generation.certificate)]


def _key_seeds() -> list[bytes]:
    return [bytes(one.public_key) for one in world.get().certificates]


def feed_cms(data: bytes) -> None:
    """A signature that comes back to a service."""
    known = world.get()
    certificate = bytes(known.certificates[-2].der)
    with contextlib.suppress(cms.NotOurs):
        found = cms.read(data)
        if found.attributes is not None:
            cms.check_attributes(found.attributes, digest=hashlib.sha256(data).digest(), certificate=certificate)
    with contextlib.suppress(cms.NotOurs):
        cms.check_attributes(data, digest=bytes(32), certificate=certificate)
    with contextlib.suppress(ValueError):
        client_der.read(data).inner()


def _cms_seeds() -> list[bytes]:
    whole = base64.b64decode(world.get().results["cades"]["cms"])
    attributes = cms.read(whole).attributes
    assert attributes is not None
    return [whole, attributes]


# --- over HTTP
def feed_responder(data: bytes) -> None:
    """One request to the responder, method, target and body each of its own length; whatever it is, it is answered."""
    method, target, body = (*parted(data), b"", b"", b"")[:3]
    answer = responder.respond(Request(method.decode("latin-1"), b"/" + target, [], body))
    assert answer != responder.failed(b"/" + target), answer
    assert int(answer.status[:3]) < 500, answer


def _responder_seeds() -> list[bytes]:
    known = world.get()
    first = known.certificates[0]
    name = x509.load_der_x509_crl(known.list_).extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    directory = base64.urlsafe_b64encode(name.value.full_name[0].value.public_bytes()).rstrip(b"=")  # type: ignore[index]
    asked = urllib.parse.quote(base64.b64encode(known.question)).encode()
    return [
        joined([b"GET", b"directory/test/" + directory]),
        joined([b"GET", b"directory/test/" + directory + b"?key=" + b"0" * 40]),
        joined([b"GET", b"ocsp/test/signature/card/" + asked]),
        joined([b"POST", b"ocsp/test/signature/card", known.question]),
        joined([b"GET", b"crl/test/signature/card/13221.crl?generation=1"]),
        joined([b"GET", f"authority/test/{first.purpose}.cer".encode()]),
        joined([b"HEAD", b"arl/test/user-authentication.crl"]),
    ]


class _Socket:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading


class _Echo:
    def take(self, request: Request, connection: Connection) -> None:
        assert len(request.body) <= Limits.body
        assert len(request.target) <= 2 * Limits.head
        connection.reply(Reply("200 OK", "text/plain", b"taken"))

    def refusal(self, trouble: Any, target: bytes) -> Reply:
        return Reply(f"400 {trouble.name}", "text/plain", b"")

    async def close(self) -> None:
        pass


def feed_http(data: bytes) -> None:
    """Octets on a connection, as they are cut: each request is answered once, or the connection ended."""
    loop = asyncio.new_event_loop()
    try:
        hall = Hall(loop, _Echo(), Limits())
        connection, transport = Connection(hall), _Socket()
        connection.connection_made(transport)  # type: ignore[arg-type]
        for part in parted(data):
            connection.data_received(part)
            assert len(connection._body) <= Limits.body + len(part)
            assert len(connection._waiting) <= Limits.pipelined
        connection.eof_received()
        connection.too_late()
        connection.connection_lost(None)
        assert not hall.connections
    finally:
        loop.close()


def _http_seeds() -> list[bytes]:
    whole = b"POST /ocsp/test/signature/card HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    upgrade = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi"
    chunked = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    proxied = b"GET http://x/crl/a?b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n"
    return [
        joined([whole, whole]),
        joined([upgrade[:-2], b"hi"]),
        joined([chunked[:20], chunked[20:]]),
        joined([proxied + b"GET / HTTP/1.0\r\n\r\n"]),
        joined([b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"]),
    ]


def _parsed(one: Any) -> tuple[x509.Certificate, x509.Certificate]:
    own = bytes(one.der), bytes(one.generation.certificate)
    found = [x509.load_der_x509_certificate(octets) for octets in own]
    return found[0], found[1]


@contextlib.contextmanager
def _setting(name: str, value: str) -> Any:
    from django.test import override_settings

    with override_settings(**{name: value}):
        yield


IN_DATABASE: dict[str, Any] = {"prepare": world.make, "database": True}
TARGETS = (
    Target("ocsp-question", feed_question, _question_seeds, longest=12_000, **IN_DATABASE),
    Target("ocsp-answer", feed_answer, lambda: [world.get().answer], **IN_DATABASE),
    Target("crl", feed_list, lambda: [world.get().list_], **IN_DATABASE),
    Target("certificate", feed_certificate, _certificate_seeds, **IN_DATABASE),
    Target("public-key", feed_public_key, _key_seeds, **IN_DATABASE),
    Target("pkcs10", feed_request, lambda: [base64.b64decode(orders.der())]),
    Target("card-order", feed_order, _order_seeds, longest=40_000),
    Target("cms", feed_cms, _cms_seeds, longest=100_000, **IN_DATABASE),
    Target("responder", feed_responder, _responder_seeds, longest=14_000, **IN_DATABASE),
    Target("http", feed_http, _http_seeds, longest=40_000),
)
