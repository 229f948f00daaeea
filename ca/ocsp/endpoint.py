"""OCSP over HTTP: RFC 6960 A, and the caching of RFC 5019 6.

    POST, GET  /ocsp/<realm>/<purpose>/<medium>[/<base64>]

A GET without a nonce may be kept by proxies for OCSP_MAX_AGE_SECONDS, and is asked again by its ETag; HTTP dates are
the machine's, for a proxy knows no realm's clock. Everything else is kept by nobody between us and who asks.
"""

import base64
import binascii
import hashlib
import logging
import re
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from ca import clock
from ca.connections import connections
from ca.models import Realm
from ca.ocsp import access, memory
from ca.ocsp import view as views
from ca.ocsp.answer import VALIDITY, Answer, ResponseStatus, make, refusal, refused
from ca.ocsp.request import MAX_REQUEST
from ca.profiles import Medium, Purpose
from ca.reply import NO_STORE, NOT_FOUND, OCSP, TEXT, Reply, http_date

logger = logging.getLogger(__name__)

_PATH = re.compile(
    r"/ocsp/(?P<realm>[-a-zA-Z0-9_]+)/(?P<purpose>signature|user-authentication)/(?P<medium>card|phone)"
    r"(?:/(?P<request>.*))?"
)
_METHODS = Reply("405 Method Not Allowed", TEXT, b"POST, GET\n", (("Allow", "POST, GET"),))
_DENIED = Reply(
    "401 Unauthorized", OCSP, refusal(ResponseStatus.UNAUTHORIZED), (*NO_STORE, ("WWW-Authenticate", "Bearer"))
)


def respond(environ: dict[str, Any]) -> Reply:
    """Answer one request below /ocsp/."""
    method: str = environ.get("REQUEST_METHOD", "GET")
    path: str = environ["PATH_INFO"]
    posted = method == "POST"
    if not posted and method not in {"GET", "HEAD"}:
        return _METHODS
    data = _body(environ, MAX_REQUEST) if posted else b""
    key = (path, data or b"")
    if access.is_open():
        return _headed(environ, _kept(key) or _made(key, data, posted), cacheable=not posted)
    try:
        with connections():
            who = access.verifier(environ)
    except access.NotAVerifier:
        return _DENIED
    answer = _kept(key) or _made(key, data, posted)
    if isinstance(answer, Answer) and answer.said and (realm := _realm(path)) is not None:
        with connections():
            access.note(realm, who, answer.asked, answer.said)
    return _headed(environ, answer, cacheable=False)


def _kept(key: memory.Key) -> Answer | None:
    try:
        return memory.find(key, views.current())
    except DatabaseError:
        # What is kept may be wrong by now, and nobody can be asked: _made finds the same, and says so.
        return None


def _made(key: memory.Key, data: bytes | None, posted: bool) -> Answer | Reply:
    # WSGI hands paths over as Latin-1 (PEP 3333).
    match = _PATH.fullmatch(key[0].encode("latin-1").decode("utf-8", "replace"))
    if match is None:
        return NOT_FOUND
    if not posted:
        if not match["request"]:
            return _METHODS
        data = _from_base64(match["request"])
    try:
        view = views.current()
        realm = view.house.realms.get(match["realm"])
        if realm is None:
            return NOT_FOUND
        if data is None:
            return refused(ResponseStatus.MALFORMED_REQUEST)
        with connections():
            answer = make(view, realm, Purpose(match["purpose"].replace("-", "_")), Medium(match["medium"]), data)
    except DatabaseError:
        logger.exception("the responder can't read the database")
        return refused(ResponseStatus.TRY_LATER)
    memory.keep(key, answer)
    return answer


def _realm(path: str) -> Realm | None:
    return views.current().house.realms.get(path.split("/")[2])


def _headed(environ: dict[str, Any], answer: Answer | Reply, *, cacheable: bool) -> Reply:
    if isinstance(answer, Reply):
        return answer
    if not cacheable or not answer.can_be_kept:
        return Reply("200 OK", OCSP, answer.der, NO_STORE)
    age = time.monotonic() - answer.made_at
    life = max(0, int(min(settings.OCSP_MAX_AGE_SECONDS, VALIDITY.total_seconds() - age)))
    now = int(clock.machine().timestamp())
    # RFC 5019 6.2. An answer is as old as its signature: that is when it was last modified.
    etag = f'"{hashlib.sha256(answer.der).hexdigest()}"'
    fresh = f"max-age={life}, public, no-transform, must-revalidate" if life else "no-cache, public, no-transform"
    headers = (
        ("Cache-Control", fresh),
        ("ETag", etag),
        ("Last-Modified", http_date(int(now - age))),
        ("Expires", http_date(now + life)),
    )
    # RFC 9110 13.1.2; If-Modified-Since is not looked at: within a second two answers may differ.
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    if asked and (asked.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in asked.split(",")}):
        return Reply("304 Not Modified", "", b"", headers)
    return Reply("200 OK", OCSP, answer.der, headers)


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
