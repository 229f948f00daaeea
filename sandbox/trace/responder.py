"""What the responder is asked by workspaces' services, on the trace: OCSP questions and answers, lists, authorities.

It stands before the responder's desk (RESPONDER_DESKS): the answer goes out as it came, and what was said is read
afterwards, in a thread of its own. Requests about realms that are nobody's workspace pass untouched.
"""

import base64
import binascii
import logging
import queue
import threading
import urllib.parse
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from django.conf import settings
from django.db import DatabaseError

from ca import clock
from ca.connections import connections
from ca.der import integer_hex
from ca.ocsp.answer import ResponseStatus
from ca.reply import Reply, Request
from ca.serving import Connection, Desk, Trouble
from portal.handoff.models import HandOff
from portal.providers.models import Workspace
from sandbox.models import TraceEvent
from sandbox.trace.journalled import PURPOSES, enrolment_of
from sandbox.trace.notes import note

logger = logging.getLogger(__name__)
Lane = TraceEvent.Lane
MOST_WAITING = 500  # to be noted; more are dropped
# A service that has a result asks how its certificate stands: so long after it fetched it, that is taken to be why.
AFTER_A_RESULT = timedelta(minutes=10)
STATUSES = {
    ocsp.OCSPCertStatus.GOOD: ("有効（good）", "good"),
    ocsp.OCSPCertStatus.REVOKED: ("失効（revoked）", "revoked"),
    ocsp.OCSPCertStatus.UNKNOWN: ("知らない（unknown）", "unknown"),
}
REFUSED = {
    ResponseStatus.MALFORMED_REQUEST: ("問いの形が正しくない", "malformed request"),
    ResponseStatus.INTERNAL_ERROR: ("内部の誤り", "internal error"),
    ResponseStatus.TRY_LATER: ("あとで尋ねてほしい（tryLater）", "try later"),
    ResponseStatus.UNAUTHORIZED: ("答えられない（unauthorized）", "unauthorized"),
}
# What the library says of octets that it doesn't take, or takes and doesn't know.
UNREADABLE = (
    ValueError,
    TypeError,
    NotImplementedError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
)
FETCHED = {
    "crl": ("CRLを受け取りに来た", "Fetched a CRL"),
    "arl": ("認証局の失効リストを受け取りに来た", "Fetched the authorities' revocation list"),
    "authority": ("認証局の証明書を受け取りに来た", "Fetched an authority's certificate"),
    "directory": ("失効リストを名前で尋ねた", "Asked for revocation lists by name"),
}


@dataclass(frozen=True)
class Said:
    """One request and what it was answered."""

    at: datetime
    request: Request
    reply: Reply


class WatchedDesk:
    """A desk before the responder's, which it lets do all the work."""

    def __init__(self, inner: Desk) -> None:
        self._inner = inner
        self._said: queue.Queue[Said | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._write, name="trace", daemon=True)
        self._thread.start()

    def take(self, request: Request, connection: Connection) -> None:
        """Hand the request on, and hear what is replied where its realm may be a workspace's."""
        slug = _slug(request.target)
        if slug and slug != settings.DEFAULT_REALM:
            connection = cast(Connection, _Heard(connection, request, self._said))
        self._inner.take(request, connection)

    def refusal(self, trouble: Trouble, target: bytes) -> Reply:
        """Return what the responder's desk says."""
        return self._inner.refusal(trouble, target)

    async def close(self) -> None:
        """Let the responder end, and what was heard be written."""
        await self._inner.close()
        try:
            self._said.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(2)

    def write(self, said: Said) -> None:
        """Note one request and its answer."""
        with connections():
            written(said)

    def _write(self) -> None:
        while (said := self._said.get()) is not None:
            try:
                self.write(said)
            except DatabaseError as error:
                logger.warning("the trace of the responder could not be written: %s", error)
            except Exception:
                logger.exception("what the responder said could not be read")


class _Heard:
    """A connection to which the desk replies; the reply goes out first."""

    def __init__(self, connection: Connection, request: Request, said: "queue.Queue[Said | None]") -> None:
        self._connection, self._request, self._queue = connection, request, said

    def reply(self, reply: Reply) -> None:
        self._connection.reply(reply)
        try:
            self._queue.put_nowait(Said(clock.machine(), self._request, reply))
        except queue.Full:
            logger.warning("more is asked of the responder than the trace can hold")


def written(said: Said) -> TraceEvent | None:
    """Note one request and its answer, where it is about a workspace's realm."""
    parts = _parts(said.request.target)
    workspace = Workspace.objects.select_related("realm").filter(realm__slug=parts[1]).first()
    if workspace is None:
        return None
    if parts[0] == "ocsp":
        return _ocsp(workspace, parts, said)
    ja, en = FETCHED.get(parts[0], ("レスポンダに尋ねた", "Asked the responder"))
    address = "/".join(parts[2:])
    return note(
        workspace.realm_id,
        Lane.CA,
        f"fetched.{parts[0]}",
        title=(f"{ja}：{address}", f"{en}: {address}"),
        data={"status": said.reply.status, "octets": len(said.reply.body), "target": "/" + "/".join(parts)},
        failed=not said.reply.status.startswith(("200", "304")),
        at=said.at,
    )


def _ocsp(workspace: Workspace, parts: list[str], said: Said) -> TraceEvent | None:
    purpose, medium = parts[2].replace("-", "_"), parts[3] if len(parts) > 3 else ""
    asked = _question(said.request, parts)
    question, answer = _asked(asked), _answered(said.reply)
    serial_number = str(question.get("serial_number", answer.get("serial_number", "")))
    ja, en = answer.pop("title")
    name = PURPOSES.get(purpose, (purpose, purpose))
    handed = _hand_off(workspace, purpose, serial_number, said.at) if serial_number else None
    return note(
        workspace.realm_id,
        Lane.OCSP,
        "ocsp.asked",
        title=(f"OCSP（{name[0]}）：{serial_number} は{ja}", f"OCSP ({name[1]}): {serial_number} is {en}"),
        data={
            "address": f"/ocsp/{parts[1]}/{parts[2]}/{medium}",
            "method": said.request.method,
            "question": question,
            "answer": answer,
        },
        hand_off=handed,
        enrolment=enrolment_of(workspace.realm, purpose, serial_number) if medium == "phone" else None,
        failed=answer.get("response_status") != "successful",
        at=said.at,
    )


def _hand_off(workspace: Workspace, purpose: str, serial_number: str, at: datetime) -> Any:
    """Return the hand-off whose result the service has just fetched and holds this certificate, or None."""
    since = at + workspace.realm.clock_offset - AFTER_A_RESULT
    rows = HandOff.objects.filter(realm=workspace.realm, purpose=purpose, fetched_at__gt=since)
    newest = rows.filter(answered_with__serial_number=serial_number).order_by("-fetched_at")
    return newest.values_list("pk", flat=True).first()


def _asked(der: bytes | None) -> dict[str, Any]:
    if der is None:
        return {"trouble": "no DER in Base64"}
    told: dict[str, Any] = {"octets": len(der), "der": _cut(der)}
    try:
        request = ocsp.load_der_ocsp_request(der)
        told |= {
            "serial_number": integer_hex(request.serial_number),
            "hash": request.hash_algorithm.name,
            "issuer_key_hash": request.issuer_key_hash.hex().upper(),
        }
        told["nonce"] = _nonce(request.extensions)
    except UNREADABLE as error:
        told["trouble"] = str(error)[:200]
    return told


def _answered(reply: Reply) -> dict[str, Any]:
    told: dict[str, Any] = {"http": reply.status, "octets": len(reply.body), "der": _cut(reply.body)}
    try:
        return told | _read(ocsp.load_der_ocsp_response(reply.body))
    except UNREADABLE:
        return told | {"title": ("答えなし", "not answered"), "response_status": "none"}


def _read(response: ocsp.OCSPResponse) -> dict[str, Any]:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        refused = ResponseStatus(response.response_status.value)
        return {"title": REFUSED.get(refused, (refused.name,) * 2), "response_status": refused.name.lower()}
    # Of several the library tells nothing but one after the other.
    count = sum(1 for _ in response.responses)
    if count != 1:
        return {"title": (f"{count}件の答え", f"{count} answers"), "response_status": "successful", "answers": count}
    status, title = response.certificate_status, STATUSES[response.certificate_status]
    told: dict[str, Any] = {
        "response_status": "successful",
        "serial_number": integer_hex(response.serial_number),
        "status": status.name.lower(),
        "this_update": response.this_update_utc.isoformat(),
        "next_update": response.next_update_utc.isoformat() if response.next_update_utc else None,
        "produced_at": response.produced_at_utc.isoformat(),
        "signature": _signature(response),
        "signed_by": _signer(response),
        "nonce": _nonce(response.extensions),
    }
    if response.revocation_time_utc is not None:
        told["revoked_at"] = response.revocation_time_utc.isoformat()
        told["reason"] = response.revocation_reason.value if response.revocation_reason else "unspecified"
        title = (f"{title[0]}・{told['reason']}", f"{title[1]}: {told['reason']}")
    return told | {"title": title}


def _signature(response: ocsp.OCSPResponse) -> str:
    algorithm = response.signature_hash_algorithm
    named = algorithm.name if isinstance(algorithm, hashes.HashAlgorithm) else "?"
    return f"RSA, {named}, {len(response.signature)} bytes"


def _signer(response: ocsp.OCSPResponse) -> str:
    if response.certificates:
        return response.certificates[0].subject.rfc4514_string()
    name = response.responder_name
    return name.rfc4514_string() if name is not None else ""


def _nonce(extensions: x509.Extensions) -> str:
    found = next((one.value for one in extensions if isinstance(one.value, x509.OCSPNonce)), None)
    return found.nonce.hex().upper() if found is not None else ""


def _question(request: Request, parts: list[str]) -> bytes | None:
    if request.method == "POST":
        return request.body
    written = "/".join(parts[4:])
    try:
        return base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _cut(der: bytes) -> str:
    told = der[:96].hex().upper()
    return told if len(der) <= 96 else f"{told}… ({len(der)})"


def _slug(target: bytes) -> str:
    """Return the realm in a target, as it stands there; empty where there is none."""
    parts = target.split(b"/", 3)
    return parts[2].decode("latin-1") if len(parts) > 3 else ""


def _parts(target: bytes) -> list[str]:
    path = urllib.parse.unquote_to_bytes(target.partition(b"?")[0]).decode("utf-8", "replace")
    parts = path.removeprefix("/").split("/")
    return parts + [""] * (3 - len(parts))
