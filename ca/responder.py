"""The responder: a small WSGI application that serves CRLs, OCSP and the authorities' certificates, and nothing else.

It holds the responders' keys and never the authorities', and only reads the database. OCSP answers come from memory
while they are right (`ca.ocsp.view`); everything else is read when it is asked for.

    POST, GET  /ocsp/<realm>/<purpose>/<medium>[/<base64>]
    GET        /crl/<realm>/<purpose>/<medium>/<municipality code>.crl     ?generation=n
    GET        /authority/<realm>/<purpose>.cer                            ?generation=n
"""

import logging
import os
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ca.connections import connections
from ca.reply import NO_STORE, NOT_FOUND, OCSP, TEXT, Reply

logger = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
_SLUGS = r"(?P<realm>[-a-zA-Z0-9_]+)/(?P<purpose>signature|user-authentication)"
_CRL = re.compile(rf"/crl/{_SLUGS}/(?P<medium>card|phone)/(?P<municipality>[0-9]{{5}})\.crl")
_AUTHORITY = re.compile(rf"/authority/{_SLUGS}\.cer")
_setup = threading.Lock()
_ready = False


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request. Whatever goes wrong, no trace of it goes out."""
    if not _ready:
        _set_up()
    try:
        reply = _reply(environ)
    except Exception:
        logger.exception("the responder could not answer %s", environ.get("PATH_INFO", ""))
        reply = _failed(environ)
    body = b"" if environ.get("REQUEST_METHOD") == "HEAD" else reply.body
    # RFC 9110 15.4.5: 304 has no content, and names none.
    content = [("Content-Type", reply.kind), ("Content-Length", str(len(reply.body)))] if reply.kind else []
    headers = [*content, ("X-Content-Type-Options", "nosniff"), *reply.headers]
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


def _reply(environ: dict[str, Any]) -> Reply:
    method = environ.get("REQUEST_METHOD", "GET")
    path = environ.get("PATH_INFO", "")
    if path.startswith("/ocsp/"):
        from ca.ocsp import endpoint

        return endpoint.respond(environ)
    with connections():
        # WSGI hands paths over as Latin-1 (PEP 3333).
        return _file(environ, method, path.encode("latin-1").decode("utf-8", "replace"))


def _file(environ: dict[str, Any], method: str, path: str) -> Reply:
    if method not in {"GET", "HEAD"}:
        return Reply("405 Method Not Allowed", TEXT, b"GET\n", (("Allow", "GET, HEAD"),))
    generation = urllib.parse.parse_qs(environ.get("QUERY_STRING", "")).get("generation", [""])[0]
    if generation and not re.fullmatch(r"[0-9]{1,4}", generation):
        return NOT_FOUND
    if match := _CRL.fullmatch(path):
        return _permitted_crl(environ, match, int(generation) if generation else None)
    if match := _AUTHORITY.fullmatch(path):
        return _authority(match, int(generation) if generation else None)
    return NOT_FOUND


def _permitted_crl(environ: dict[str, Any], match: re.Match[str], generation: int | None) -> Reply:
    from ca.models import Realm
    from ca.ocsp import access

    if access.is_open():
        return _crl(match, generation)
    try:
        who = access.verifier(environ)
    except access.NotAVerifier:
        challenge = ("WWW-Authenticate", "Bearer")
        return Reply("401 Unauthorized", TEXT, b"only registered verifiers\n", (*NO_STORE, challenge))
    reply = _crl(match, generation)
    if reply.status == "200 OK":
        access.note(Realm.objects.get(slug=match["realm"]), who, (match[0],), ())
        reply = replace(reply, headers=NO_STORE)
    return reply


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
        return NOT_FOUND
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
        return NOT_FOUND
    return Reply("200 OK", "application/pkix-cert", bytes(newest.certificate), (("Cache-Control", "max-age=300"),))


def _failed(environ: dict[str, Any]) -> Reply:
    if str(environ.get("PATH_INFO", "")).startswith("/ocsp/"):
        from ca import ocsp

        # RFC 6960 2.3: internalError tells the client to try another responder, or later.
        return Reply("200 OK", OCSP, ocsp.refusal(ocsp.ResponseStatus.INTERNAL_ERROR))
    return Reply("500 Internal Server Error", TEXT, b"failed\n")
