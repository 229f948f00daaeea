"""Texts and JSON that strangers send: assertions, keys, gestures, webhooks, links, reports of phones, forms."""

import base64
import contextlib
import copy
import io
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from jpki_client import webhooks

from portal import gestures
from portal.certificates import history
from portal.handoff import octets, qr
from portal.handoff.errors import CodeNotFresh, HandOffOtherService
from portal.handoff.models import HandOff
from sandbox.trace import dialogue, masking
from tests.fuzz import chip, world
from tests.fuzz.target import Target, joined, parted, text
from tests.portal.screen_lock.authenticator import Authenticator
from tests.whitelist.relying_parties import assertion, certificate_for, key, public_jwk
from tsm import agent, findings, plans
from tsm.errors import TsmError
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.instructions import OrderNotUnderstood
from tsm.jpki import JpkiError
from tsm.local_agent import bridge
from tsm.local_agent.confirmation import wishes
from tsm.messaging import roles, wire
from tsm.messaging.functions import SeiTsm, SpTsm
from tsm.plans import Plan
from tsm.seram import HandshakeSerializer, ReportSerializer
from tsm.transports.base import TransportError
from whitelist import credentials, texts
from whitelist.cases import attachments
from whitelist.credentials import assertions, keys
from whitelist.errors import WhitelistError
from whitelist.models import Credential, RelyingParty

HERE = "https://here.example"


# --- services
def feed_assertion(data: bytes) -> None:
    """Whatever comes as a client assertion, each check of it has a finding, and the exchange a reason."""
    shown = text(data)
    found = assertions.examine(shown, audience=HERE)
    assert [one.check for one in found.findings] == list(assertions.Check)
    with contextlib.suppress(WhitelistError):
        credentials.tokens.exchange(shown, audience=HERE)
    with contextlib.suppress(WhitelistError):
        credentials.authenticate(shown, None)


def _assertion_seeds() -> list[bytes]:
    made = [
        assertion("test-bank", HERE),
        assertion("test-bank", [HERE], exp=1, nbf=10**12, iat="x"),
        assertion("nobody", HERE, jti=None),
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ0ZXN0LWJhbmsifQ.",
    ]
    return [one.encode() for one in made]


def feed_key(data: bytes) -> None:
    """What a service pastes as its key: what is taken has a name, and is taken again as it is kept."""
    for kind in (Credential.Kind.PRIVATE_KEY_JWT, Credential.Kind.TLS_CLIENT_AUTH):
        with contextlib.suppress(WhitelistError):
            found = keys.read(text(data), kind)
            assert keys.of_jwk(found.jwk).thumbprint == found.thumbprint


def _key_seeds() -> list[bytes]:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key().public_key()
    large = rsa.generate_private_key(65537, 2048).public_key()
    pem = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(public_jwk()).encode()
    return [
        jwk,
        b'{"keys":[' + jwk + b"]}",
        json.dumps(dict(keys.of(large).jwk)).encode(),
        public.public_bytes(*pem),
        large.public_bytes(*pem),
        certificate_for(key()).public_bytes(Encoding.PEM),
    ]


def feed_qr(data: bytes) -> None:
    """The link in a code that a phone read."""
    query = dict(parse_qsl(text(data), keep_blank_values=True))
    with contextlib.suppress(CodeNotFresh, HandOffOtherService):
        qr.check(_hand_off(), query, NOW)
        # What was let through is a code of ours for its second; what else stands in the link is not looked at.
        code = dict(parse_qsl(urlsplit(qr.link(_hand_off(), datetime.fromtimestamp(int(query["t"]), UTC))).query))
        assert (query["s"], query["m"]) == (code["s"], code["m"])


NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@cache
def _hand_off() -> HandOff:
    party = RelyingParty(client_id="test-bank", name_ja="試験銀行", name_en="Test Bank")
    return HandOff(pk=uuid.UUID(int=1), relying_party=party, purpose="signature", document_name="契約書", nonce="n")


def _qr_seeds() -> list[bytes]:
    true = urlsplit(qr.link(_hand_off(), NOW)).query
    return [true.encode(), urlencode({"s": "test-bank", "t": "9" * 5000, "m": "é"}).encode()]


SECRET = webhooks.PREFIX + base64.b64encode(bytes(range(24))).decode()


def feed_webhook(data: bytes) -> None:
    """Three headers and a body, as they come to an integrator; with an empty signature, the true one."""
    reference, moment, signature, body = (*parted(data), b"", b"", b"", b"")[:4]
    headers = {"webhook-id": text(reference), "webhook-timestamp": text(moment), "webhook-signature": text(signature)}
    if not signature and moment.isdigit() and len(moment) < 20:
        with contextlib.suppress(UnicodeEncodeError):
            headers["webhook-signature"] = webhooks.sign(SECRET, text(reference), int(moment), body)
    with contextlib.suppress(webhooks.WebhookNotGenuine):
        event = webhooks.verify(SECRET, headers, body, now=1_800_000_000)
        assert event.id
        assert isinstance(event.payload, dict)


def _webhook_seeds() -> list[bytes]:
    body = b'{"id":"msg_1","type":"certificate.revoked","data":{"serial_number":"0A"}}'
    signed = webhooks.sign(SECRET, "msg_1", 1_800_000_000, body).encode()
    return [
        joined([b"msg_1", b"1800000000", signed, body]),
        joined([b"msg_1", b"1800000000", b"v1,AAAA " + signed, body]),
        joined([b"msg_1", b"1800000000", b"", b"[" * 3000]),
        joined([b"msg_1", b"9" * 4400, signed, body]),
    ]


# --- browsers
def feed_gesture(data: bytes) -> None:
    """What a browser says that an authenticator answered."""
    with contextlib.suppress(ValueError, RecursionError, gestures.GestureRefused):
        answered = gestures.kept(json.loads(data))
        gestures.nonce_in(answered)
        with contextlib.suppress(gestures.GestureRefused):
            gestures.registered(answered, NONCE)
        gestures.answered(answered, NONCE, public_key=_cose(), sign_count=0)


NONCE = bytes(range(32))


@cache
def _authenticator() -> Authenticator:
    return Authenticator()


@cache
def _cose() -> bytes:
    return gestures.registered(gestures.kept(_made()), NONCE).credential_public_key


def _made() -> dict[str, Any]:
    challenge = base64.urlsafe_b64encode(NONCE).rstrip(b"=").decode()
    return _authenticator().create({"rp": {"id": gestures.site_id()}, "challenge": challenge})


def _gesture_seeds() -> list[bytes]:
    challenge = base64.urlsafe_b64encode(NONCE).rstrip(b"=").decode()
    got = _authenticator().get({"rpId": gestures.site_id(), "challenge": challenge})
    return [json.dumps(one).encode() for one in (_made(), got)]


def feed_form(data: bytes) -> None:
    """A form with files, as a browser sends it; the boundary is known."""
    meta = {"CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}", "CONTENT_LENGTH": str(len(data))}
    from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler

    handlers = [MemoryFileUploadHandler(), TemporaryFileUploadHandler()]
    with contextlib.suppress(MultiPartParserError, SuspiciousOperation, RequestDataTooBig):
        posted, files = MultiPartParser(meta, io.BytesIO(data), handlers).parse()  # type: ignore[arg-type]
        for file in files.values():
            attachments.plain_name(file.name or "").encode()
        for value in posted.values():
            texts.kept(value).encode()


BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"


def _form_seeds() -> list[bytes]:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    text_ = f'{head}"service.name"\r\n\r\n試験\r\n'
    file = f"{head}\"file\"; filename*=UTF-8''%e5%a5%91.pdf\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\r\n"
    packed = f'{head}"file"; filename="a.png"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n'
    return [f"{one}--{BOUNDARY}--\r\n".encode() for one in (text_, file, packed, text_ + file + packed)]


def feed_cursor(data: bytes) -> None:
    """Where a list goes on, in an address; and octets in JSON."""
    with contextlib.suppress(ValueError):
        moment, rank, identity = history._read(text(data))
        assert history._read(history._written(moment, rank, identity)) == (moment, rank, identity)
    with contextlib.suppress(ValueError):
        assert 0 < len(octets.decode(text(data), longest=100)) <= 100
    masking.text(text(data))
    assert "\0" not in texts.kept(text(data))


def _cursor_seeds() -> list[bytes]:
    return [history._written(NOW, 0, str(uuid.UUID(int=1))).encode(), history._written(NOW, 1, "17").encode()]


# --- phones
SURVEY = Plan("survey", ())


def feed_report(data: bytes) -> None:
    """A phone's report of a survey, whose answers nothing protects: SERAM's JSON, and what is read from it."""
    with contextlib.suppress(ValueError, RecursionError):
        told = json.loads(data)
        HandshakeSerializer(data=told).is_valid()
        report = ReportSerializer(data=told)
        if not report.is_valid():
            return
        given = report.validated_data
        answers = [one for part in given.get("ramResponses", []) for one in part.get("listOfRAPDU", [])]
        with contextlib.suppress(TsmError, GlobalPlatformError, JpkiError):
            reading = plans.read(SURVEY, bytes(14), answers)
            findings.surveyed(reading, domain_generation=0)


def _report(answers: list[str]) -> bytes:
    status = {"localAgentStatusEnum": "PROCESSED", "executedSeRamCommands": 1}
    response = {"ramResponseType": "seRamResponse", "listOfRAPDU": answers}
    return json.dumps({"localAgentStatus": status, "ramResponses": [response]}).encode()


def _report_seeds() -> list[bytes]:
    counter, keys_ = "C103000001" + "9000", "E012C00401308810C00402308810C00403308810" + "9000"
    commands = sum(len(section.render()) for section in SURVEY.sections(bytes(14)))
    shake = {"secureElements": [{"seType": "eSE", "seId": "11223344" + "0" * 20, "seExtraInfo": "installation=a"}]}
    blank = ["9000", counter] + ["6A82"] * (commands - 2)
    whole = (["9000", counter, keys_, "9000", counter, keys_, "9000", "DF4005030303039000"] * 2)[:commands]
    return [_report(blank), _report(whole), _report(["9000"] * commands), json.dumps(shake).encode()]


def feed_session(data: bytes) -> None:
    """A powered session as the trace tells it, commands and answers in turn."""
    parts = parted(data)[:40]
    told = dialogue.read(zip(parts[::2], [*parts[1::2], b""], strict=False))
    json.dumps(told)


def _session_seeds() -> list[bytes]:
    return [joined([one for pair in chip._management() for one in pair]), *chip._card_seeds()]


def feed_bridge(data: bytes) -> None:
    """What a page sends to the agent on the citizen's PC: what is let through begins with the JPKI application."""
    with contextlib.suppress(TransportError):
        apdus, _ = bridge._parsed(data)
        wishes(apdus)
        assert all(len(apdu) >= 4 for apdu in apdus)


def _bridge_seeds() -> list[bytes]:
    select = "00A404000AD392F000260100000001"
    commands = [select, "00A4020C020018", "0020008004" + b"1234".hex(), "802A0080"]
    return [json.dumps({"commands": one}).encode() for one in (commands, [select], [""], ["00"])]


# --- the phone's agent
def feed_orders(data: bytes) -> None:
    """Whatever a TSM answers, the agent plays it or says what is wrong, and reports what SERAM takes."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return
    orders: Iterator[Any] = iter([told, {"ramCommands": [{"ramCommandType": "stopCommand"}]}])

    def post(path: str, body: dict[str, Any]) -> Any:
        report = ReportSerializer(data=body)
        assert report.is_valid(), report.errors
        return next(orders)

    waited: list[float] = []
    with contextlib.suppress(OrderNotUnderstood):
        agent.converse(post, chip.powered, identifier="00", shaken=True, sleep=waited.append)
    assert all(0 <= seconds <= 60 for seconds in waited)


def _order_seeds() -> list[bytes]:
    select, verify = "00A4040007A0000001510000", "0020008004" + b"1234".hex()
    orders: list[dict[str, Any]] = [
        {"delay": 500, "ramCommands": [{"ramCommandType": "startCommand"}]},
        {
            "ramCommands": [
                {"ramCommandType": "seRamCommand", "stopOnError": True, "listOfCAPDU": [select, "80CA004200"]}
            ]
        },
        {"chosenSecureElement": {"seType": "eSE", "seId": "00"}, "delay": 0},
        {
            "ramCommands": [
                {"ramCommandType": "seRamCommand", "listOfCAPDU": [verify, "00"]},
                {"ramCommandType": "stopCommand"},
            ]
        },
        {"ramCommands": [{"ramCommandType": "notificationCommand", "deviceAppNotification": "text"}]},
    ]
    return [json.dumps(order).encode() for order in orders]


# --- the two roles
def feed_roles(data: bytes) -> None:
    """A message between SEI-TSM and SP-TSM; the first octet says to whom."""
    try:
        told = json.loads(data[1:])
    except (ValueError, RecursionError):
        return
    if not isinstance(told, dict):
        return
    side = (SeiTsm, roles.LocalSeiTsm()) if data[0] & 1 else (SpTsm, roles.LocalSpTsm())
    json.dumps(wire.serve(*side, copy.deepcopy(told)))


def _role_seeds() -> list[bytes]:
    nobody = str(uuid.UUID(int=7))
    asked: Iterator[tuple[int, str, dict[str, Any]]] = iter(
        [
            (1, "check_global_eligibility", {"model": "sakura-8", "secure_element": "11223344"}),
            (1, "verify_dm_receipt", {"secure_element": "1", "service": nobody, "commands": [], "answers": ["00"]}),
            (1, "generate_dm_token", {"secure_element": "1", "service": nobody, "commands": ["80E60200"]}),
            (0, "deploy_service", {"phone": nobody, "application": "text", "certificate": "30", "signature": "00"}),
            (0, "activate_service", {"service": nobody, "signature": "00", "user_authentication": "00"}),
            (0, "get_service_state", {"service": nobody}),
            (0, "terminate_service", {"service": nobody, "text": "t", "signature": "00"}),
        ]
    )
    return [bytes((to,)) + json.dumps({"function": name, "request": value}).encode() for to, name, value in asked]


TARGETS = (
    Target("assertion", feed_assertion, _assertion_seeds, longest=9000, prepare=world.make, database=True),
    Target("key", feed_key, _key_seeds),
    Target("qr", feed_qr, _qr_seeds, longest=8192),
    Target("webhook", feed_webhook, _webhook_seeds, longest=8192),
    Target("gesture", feed_gesture, _gesture_seeds),
    Target("form", feed_form, _form_seeds),
    Target("cursor", feed_cursor, _cursor_seeds),
    Target("seram", feed_report, _report_seeds, longest=16_384),
    Target("session", feed_session, _session_seeds, longest=8192),
    Target("bridge", feed_bridge, _bridge_seeds),
    Target("orders", feed_orders, _order_seeds, longest=16_384),
    Target("roles", feed_roles, _role_seeds, prepare=world.make, database=True),
)
