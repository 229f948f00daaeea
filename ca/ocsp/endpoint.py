"""OCSP over HTTP: RFC 6960 A, and the caching of RFC 5019 6.

    POST, GET  /ocsp/<realm>/<purpose>/<medium>[/<base64>]

A GET without a nonce may be kept by proxies for OCSP_MAX_AGE_SECONDS, and is asked again by its ETag; HTTP dates are
the machine's, for a proxy knows no realm's clock. Everything else is kept by nobody between us and who asks.
"""

import base64
import binascii
import logging
import re
import time
import urllib.parse

from django.conf import settings
from django.db import DatabaseError

from ca import clock
from ca.connections import connections
from ca.models import Realm
from ca.ocsp import access, memory, standing
from ca.ocsp import house as houses
from ca.ocsp.answer import VALIDITY, Answer, Asked, ResponseStatus, latest, refusal, refused, understood
from ca.profiles import Medium, Purpose
from ca.reply import NO_STORE, NOT_FOUND, OCSP, TEXT, Reply, Request, http_date

logger = logging.getLogger(__name__)

PREFIX = b"/ocsp/"
_PATH = re.compile(
    r"/ocsp/(?P<realm>[-a-zA-Z0-9_]+)/(?P<purpose>signature|user-authentication)/(?P<medium>card|phone)"
    r"(?:/(?P<request>.*))?"
)
_METHODS = Reply("405 Method Not Allowed", TEXT, b"POST, GET\n", (("Allow", "POST, GET"),))
_DENIED = Reply(
    "401 Unauthorized", OCSP, refusal(ResponseStatus.UNAUTHORIZED), (*NO_STORE, ("WWW-Authenticate", "Bearer"))
)
ANSWERED = frozenset({"POST", "GET", "HEAD"})


def respond(request: Request) -> Reply:
    """Answer one request below /ocsp/, from the database or from memory. It may wait."""
    if request.method not in ANSWERED:
        return _METHODS
    match = _PATH.fullmatch(_path(request))
    if match is None:
        return NOT_FOUND
    if request.method != "POST" and not match["request"]:
        return _METHODS
    purpose, medium = _place(match)
    try:
        with connections():
            realm = _realm(match["realm"])
            if realm is None:
                return NOT_FOUND
            who = None if access.is_open() else access.verifier(request, access.Subject(realm, purpose, medium))
            answer = _kept(request) or _made(request, realm, purpose, medium, match["request"])
            if who is not None:
                access.note(realm, who, answer.asked, answer.said)
    except access.NotAVerifier:
        return _DENIED
    except DatabaseError:
        # What is kept may be wrong by now, and nobody can be asked.
        logger.exception("the responder can't read the database")
        return headed(request, refused(ResponseStatus.TRY_LATER))
    return headed(request, answer) if who is None else answer.uncached


def headed(request: Request, answer: Answer) -> Reply:
    """Return the HTTP answer, with what proxies may do with it."""
    if request.method == "POST" or not answer.can_be_kept:
        return answer.uncached
    age = time.monotonic() - answer.made_at
    life = max(0, int(min(settings.OCSP_MAX_AGE_SECONDS, VALIDITY.total_seconds() - age)))
    now = int(clock.machine().timestamp())
    # RFC 5019 6.2. An answer is as old as its signature: that is when it was last modified.
    etag = answer.etag
    fresh = f"max-age={life}, public, no-transform, must-revalidate" if life else "no-cache, public, no-transform"
    headers = (
        ("Cache-Control", fresh),
        ("ETag", etag),
        ("Last-Modified", http_date(int(now - age))),
        ("Expires", http_date(now + life)),
    )
    # RFC 9110 13.1.2; If-Modified-Since is not looked at: within a second two answers may differ.
    asked = request.header(b"if-none-match")
    if asked and (asked.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in asked.split(",")}):
        return Reply("304 Not Modified", "", b"", headers)
    return Reply("200 OK", OCSP, answer.der, headers)


def asked(request: Request) -> Asked | None:
    """Return what a request asks whom, without waiting for anything; None for what `respond` has to look at."""
    house = houses.known()
    match = _PATH.fullmatch(_path(request))
    realm = house.realms.get(match["realm"]) if house is not None and match is not None else None
    if house is None or match is None or realm is None or request.method not in ANSWERED:
        return None
    data = _question(request, match["request"])
    found = None if data is None else understood(house, realm, *_place(match), data)
    return found if isinstance(found, Asked) else None


def kept(request: Request, answer: Answer) -> Reply:
    """Keep an answer that was made to a request, and return it as HTTP carries it."""
    memory.keep((request.target, request.body), answer)
    return headed(request, answer)


def renew(request: Request) -> None:
    """Sign anew what is kept for a request, while the one before it is still given."""
    try:
        match = _PATH.fullmatch(_path(request))
        assert match is not None  # noqa: S101  (it was answered before)
        with connections():
            realm = houses.current().realms[match["realm"]]
            _made(request, realm, *_place(match), match["request"])
    except Exception:
        # It is asked for again, and tried again, until the kept one is too old to be given.
        logger.exception("an answer could not be signed anew")
    finally:
        memory.give_up((request.target, request.body))


def _path(request: Request) -> str:
    return urllib.parse.unquote_to_bytes(request.target.partition(b"?")[0]).decode("utf-8", "replace")


def _place(match: re.Match[str]) -> tuple[Purpose, Medium]:
    return Purpose(match["purpose"].replace("-", "_")), Medium(match["medium"])


def _realm(slug: str) -> Realm | None:
    return houses.current().realms.get(slug) or houses.anew().realms.get(slug)


def _kept(request: Request) -> Answer | None:
    answer = memory.find((request.target, request.body))
    if answer is None or memory.renewal((request.target, request.body), answer) or not standing.hold(answer.marks):
        return None
    return answer


def _made(request: Request, realm: Realm, purpose: Purpose, medium: Medium, written: str | None) -> Answer:
    data = _question(request, written)
    answer = refused(ResponseStatus.MALFORMED_REQUEST) if data is None else latest(realm, purpose, medium, data)
    memory.keep((request.target, request.body), answer)
    return answer


def _question(request: Request, written: str | None) -> bytes | None:
    return request.body if request.method == "POST" else _from_base64(written or "")


def _from_base64(text: str) -> bytes | None:
    # RFC 6960 A.1: base64, then URL-encoded; some clients leave + and / as they are, some drop the padding.
    if len(text) > 16_000:
        return None
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        return None
