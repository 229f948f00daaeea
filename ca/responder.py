"""The responder: a small WSGI application that serves CRLs, OCSP and the authorities' certificates, and nothing else.

It holds the responders' keys and never the authorities'. Every answer is read from the database when it is asked for.

    POST, GET  /ocsp/<realm>/<purpose>/<medium>[/<base64>]
    GET        /crl/<realm>/<purpose>/<medium>/<municipality code>.crl     ?generation=n
    GET        /authority/<realm>/<purpose>.cer                            ?generation=n
"""

import base64
import binascii
import logging
import os
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

logger = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
_SLUGS = r"(?P<realm>[-a-zA-Z0-9_]+)/(?P<purpose>signature|user-authentication)"
_OCSP = re.compile(rf"/ocsp/{_SLUGS}/(?P<medium>card|phone)(?:/(?P<request>.*))?")
_CRL = re.compile(rf"/crl/{_SLUGS}/(?P<medium>card|phone)/(?P<municipality>[0-9]{{5}})\.crl")
_AUTHORITY = re.compile(rf"/authority/{_SLUGS}\.cer")
_setup = threading.Lock()
_ready = False


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: str
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())


_NOT_FOUND = Reply("404 Not Found", "text/plain; charset=utf-8", b"not found\n")
_OCSP_KIND = "application/ocsp-response"


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request. Whatever goes wrong, no trace of it goes out."""
    _set_up()
    _close_old_connections()
    try:
        reply = _reply(environ)
    except Exception:
        logger.exception("the responder could not answer %s", environ.get("PATH_INFO", ""))
        reply = _failed(environ)
    finally:
        _close_old_connections()
    body = b"" if environ.get("REQUEST_METHOD") == "HEAD" else reply.body
    headers = [
        ("Content-Type", reply.kind),
        ("Content-Length", str(len(reply.body))),
        ("X-Content-Type-Options", "nosniff"),
        *reply.headers,
    ]
    start_response(reply.status, headers)
    return [body]


def _set_up() -> None:
    """Load Django at the first request, so that importing this module does nothing."""
    global _ready
    with _setup:
        if _ready:
            return
        import django
        from django.apps import apps

        if not apps.ready:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
            django.setup()
        _ready = True


def _close_old_connections() -> None:
    """Close what is too old or broken, as Django does around each of its requests."""
    from django.db import close_old_connections, connection

    # Inside an open transaction we are somebody's guest, and the connection is theirs.
    if not connection.in_atomic_block:
        close_old_connections()


def _reply(environ: dict[str, Any]) -> Reply:
    method = environ.get("REQUEST_METHOD", "GET")
    # WSGI hands paths over as Latin-1 (PEP 3333).
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    if match := _OCSP.fullmatch(path):
        return _ocsp(environ, method, match)
    if method not in {"GET", "HEAD"}:
        return Reply("405 Method Not Allowed", "text/plain; charset=utf-8", b"GET\n", (("Allow", "GET, HEAD"),))
    generation = urllib.parse.parse_qs(environ.get("QUERY_STRING", "")).get("generation", [""])[0]
    if generation and not re.fullmatch(r"[0-9]{1,4}", generation):
        return _NOT_FOUND
    if match := _CRL.fullmatch(path):
        return _crl(match, int(generation) if generation else None)
    if match := _AUTHORITY.fullmatch(path):
        return _authority(match, int(generation) if generation else None)
    return _NOT_FOUND


def _ocsp(environ: dict[str, Any], method: str, match: re.Match[str]) -> Reply:
    from ca import ocsp
    from ca.models import Realm
    from ca.profiles import Medium, Purpose

    if method == "POST":
        data = _body(environ, ocsp.MAX_REQUEST)
    elif method in {"GET", "HEAD"} and match["request"]:
        data = _from_base64(match["request"])
    else:
        return Reply("405 Method Not Allowed", "text/plain; charset=utf-8", b"POST, GET\n", (("Allow", "POST, GET"),))
    realm = Realm.objects.filter(slug=match["realm"]).first()
    if realm is None:
        return _NOT_FOUND
    if data is None:
        answer = ocsp.refusal(ocsp.ResponseStatus.MALFORMED_REQUEST)
    else:
        answer = ocsp.answer(realm, Purpose(match["purpose"].replace("-", "_")), Medium(match["medium"]), data)
    # Nobody between us and who asks may answer for us: a revocation shows at the next question.
    return Reply("200 OK", _OCSP_KIND, answer, (("Cache-Control", "no-store"),))


def _body(environ: dict[str, Any], limit: int) -> bytes | None:
    """Return the request's body, or None when it is absent or too long."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None
    if not 0 < length <= limit:
        return None
    data: bytes = environ["wsgi.input"].read(length)
    return data if len(data) == length else None


def _from_base64(text: str) -> bytes | None:
    # RFC 6960 A.1: base64, then URL-encoded; some clients leave + and / as they are, some drop the padding.
    if len(text) > 16_000:
        return None
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _crl(match: re.Match[str], generation: int | None) -> Reply:
    from ca.models import Crl

    lists = Crl.objects.filter(
        partition__generation__authority__realm__slug=match["realm"],
        partition__generation__authority__purpose=match["purpose"].replace("-", "_"),
        partition__medium=match["medium"],
        partition__municipality_code=match["municipality"],
    )
    if generation is not None:
        lists = lists.filter(partition__generation__number=generation)
    newest = lists.order_by("-partition__generation__number", "-number").first()
    if newest is None:
        return _NOT_FOUND
    return Reply(
        "200 OK",
        "application/pkix-crl",
        bytes(newest.der),
        (("Cache-Control", "no-cache"), ("ETag", f'"{newest.partition_id}-{newest.number}"')),
    )


def _authority(match: re.Match[str], generation: int | None) -> Reply:
    from ca.models import Generation

    generations = Generation.objects.filter(
        authority__realm__slug=match["realm"], authority__purpose=match["purpose"].replace("-", "_")
    )
    if generation is not None:
        generations = generations.filter(number=generation)
    newest = generations.order_by("-number").first()
    if newest is None:
        return _NOT_FOUND
    return Reply("200 OK", "application/pkix-cert", bytes(newest.certificate), (("Cache-Control", "max-age=300"),))


def _failed(environ: dict[str, Any]) -> Reply:
    if str(environ.get("PATH_INFO", "")).startswith("/ocsp/"):
        from ca import ocsp

        # RFC 6960 2.3: internalError tells the client to try another responder, or later.
        return Reply("200 OK", _OCSP_KIND, ocsp.refusal(ocsp.ResponseStatus.INTERNAL_ERROR))
    return Reply("500 Internal Server Error", "text/plain; charset=utf-8", b"failed\n")
