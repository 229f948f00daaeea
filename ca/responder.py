"""The responder: a small process that serves CRLs, OCSP and the authorities' certificates, and nothing else.

    python -m ca.responder [--host 127.0.0.1] [--port 8001] [--workers 1]

It holds the responders' keys and never the authorities', and only reads the database. Hot OCSP answers come from memory
(`ca.ocsp.desk`); everything else is read when it is asked for.

    POST, GET  /ocsp/<realm>/<purpose>/<medium>[/<base64>]
    GET        /crl/<realm>/<purpose>/<medium>/<municipality code>.crl     ?generation=n
    GET        /authority/<realm>/<purpose>.cer                            ?generation=n
"""

import argparse
import logging
import os
import re
import urllib.parse
from dataclasses import replace

from ca.connections import connections
from ca.reply import NO_STORE, NOT_FOUND, OCSP, TEXT, Reply, Request
from ca.serving import Desk, Limits, Place, serve

logger = logging.getLogger(__name__)

_SLUGS = r"(?P<realm>[-a-zA-Z0-9_]+)/(?P<purpose>signature|user-authentication)"
_CRL = re.compile(rf"/crl/{_SLUGS}/(?P<medium>card|phone)/(?P<municipality>[0-9]{{5}})\.crl")
_AUTHORITY = re.compile(rf"/authority/{_SLUGS}\.cer")


def respond(request: Request) -> Reply:
    """Answer one request, whatever it is; it may wait. Whatever goes wrong, no trace of it goes out."""
    from ca.ocsp import endpoint

    try:
        if request.target.startswith(endpoint.PREFIX):
            return endpoint.respond(request)
        with connections():
            return _file(request)
    except Exception:
        logger.exception("the responder could not answer %r", request.target[:200])
        return failed(request.target)


def failed(target: bytes) -> Reply:
    """Return what is said when something is wrong on our side."""
    if target.startswith(b"/ocsp/"):
        from ca import ocsp

        # RFC 6960 2.3: internalError tells the client to try another responder, or later.
        return Reply("200 OK", OCSP, ocsp.refusal(ocsp.ResponseStatus.INTERNAL_ERROR), NO_STORE)
    return Reply("500 Internal Server Error", TEXT, b"failed\n", NO_STORE)


def _file(request: Request) -> Reply:
    path, _, query = request.target.partition(b"?")
    if request.method not in {"GET", "HEAD"}:
        return Reply("405 Method Not Allowed", TEXT, b"GET\n", (("Allow", "GET, HEAD"),))
    generation = urllib.parse.parse_qs(query.decode("latin-1")).get("generation", [""])[0]
    if generation and not re.fullmatch(r"[0-9]{1,4}", generation):
        return NOT_FOUND
    text = urllib.parse.unquote_to_bytes(path).decode("utf-8", "replace")
    if match := _CRL.fullmatch(text):
        return _permitted_crl(request, match, int(generation) if generation else None)
    if match := _AUTHORITY.fullmatch(text):
        return _authority(match, int(generation) if generation else None)
    return NOT_FOUND


def _permitted_crl(request: Request, match: re.Match[str], generation: int | None) -> Reply:
    from ca.models import Realm
    from ca.ocsp import access
    from ca.profiles import Medium, Purpose

    if access.is_open():
        return _crl(match, generation)
    realm = Realm.objects.filter(slug=match["realm"]).first()
    if realm is None:
        return NOT_FOUND
    subject = access.Subject(realm, Purpose(match["purpose"].replace("-", "_")), Medium(match["medium"]))
    try:
        who = access.verifier(request, subject)
    except access.NotAVerifier:
        challenge = ("WWW-Authenticate", "Bearer")
        return Reply("401 Unauthorized", TEXT, b"only registered verifiers\n", (*NO_STORE, challenge))
    reply = _crl(match, generation)
    if reply.status == "200 OK":
        access.note(realm, who, (match[0],), ())
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


def _desk() -> Desk:
    from ca.ocsp.desk import ResponderDesk

    return ResponderDesk(respond)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m ca.responder", description="Serve OCSP, CRLs and authorities.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="(default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes; one a core signs (default: %(default)s)")
    asked = parser.parse_args()
    if asked.workers < 1:
        parser.error("--workers must be at least 1")
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    # Before the workers are made: they share its memory, and a wrong setting is said once.
    django.setup()
    from django.conf import settings

    from ca.ocsp import access

    access.is_open()
    limits = Limits(request_seconds=settings.OCSP_REQUEST_SECONDS)
    serve(Place(asked.host, asked.port, asked.workers), _desk, limits)


if __name__ == "__main__":
    main()
