"""The responder: a small WSGI application that serves CRLs, OCSP and the authorities' certificates, and nothing else.

It holds the responders' keys and never the authorities', and only reads the database. OCSP answers come from memory
while they are right (`ca.ocsp.view`); everything else is read when it is asked for.

    POST, GET  /ocsp/<realm>/<purpose>/<medium>[/<base64>]
    GET        /crl/<realm>/<purpose>/<medium>/<municipality code>.crl     ?key=<hex> or ?generation=n
    GET        /arl/<realm>/<purpose>.crl                                  ?key=<hex> or ?generation=n
    GET        /directory/<realm>/<base64url of a DER Name>                ?key=<hex>
    GET        /authority/<realm>/<purpose>.cer                            ?key=<hex> or ?generation=n

All generations of an authority share its name and its distribution points. `key` is the key identifier that a
certificate has of its issuer (AKI): with it a verifier gets what its certificate's generation signed; without, what the
newest did. `directory` takes the name of a distribution point as it stands in the certificate, and answers, without
`key`, with the lists of all generations (PEM): as a directory's entry of that name would hold them.
"""

import base64
import logging
import os
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ca.connections import connections
from ca.reply import NO_STORE, NOT_FOUND, OCSP, TEXT, Reply

if TYPE_CHECKING:
    from ca.models import Generation

logger = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
_SLUGS = r"(?P<realm>[-a-zA-Z0-9_]+)/(?P<purpose>signature|user-authentication)"
_CRL = re.compile(rf"/crl/{_SLUGS}/(?P<medium>card|phone)/(?P<municipality>[0-9]{{5}})\.crl")
_ARL = re.compile(rf"/arl/{_SLUGS}\.crl")
_DIRECTORY = re.compile(r"/directory/(?P<realm>[-a-zA-Z0-9_]+)/(?P<name>[-a-zA-Z0-9_]{1,1200}={0,2})")
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
    asked = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    which = {name: _WHICH[name].fullmatch(asked[name][0]) for name in asked.keys() & _WHICH.keys()}
    if None in which.values():
        return NOT_FOUND
    found = {name: match[0].upper() for name, match in which.items() if match}
    if match := _CRL.fullmatch(path) or _ARL.fullmatch(path) or _DIRECTORY.fullmatch(path):
        return _permitted(environ, match, found)
    if match := _AUTHORITY.fullmatch(path):
        return _authority(match, found)
    return NOT_FOUND


# Which generation is meant: by its number, or by its key identifier as the certificates that it issued have it.
_WHICH = {"generation": re.compile(r"[0-9]{1,4}"), "key": re.compile(r"[0-9a-fA-F]{40}")}


def _permitted(environ: dict[str, Any], match: re.Match[str], which: Mapping[str, str]) -> Reply:
    from ca.models import Realm
    from ca.ocsp import access

    if access.is_open():
        return _lists(environ, match, which)
    try:
        who = access.verifier(environ)
    except access.NotAVerifier:
        challenge = ("WWW-Authenticate", "Bearer")
        return Reply("401 Unauthorized", TEXT, b"only registered verifiers\n", (*NO_STORE, challenge))
    reply = _lists(environ, match, which)
    if reply.status == "200 OK":
        access.note(Realm.objects.get(slug=match["realm"]), who, (match[0],), ())
        reply = replace(reply, headers=NO_STORE)
    return reply


def _lists(environ: dict[str, Any], match: re.Match[str], which: Mapping[str, str]) -> Reply:
    """Answer with the list that holds now, or, at a directory's entry, with all of them."""
    from ca import crl, octets, points
    from ca.models import Partition, Realm

    realm = Realm.objects.filter(slug=match["realm"]).first()
    if realm is None:
        return NOT_FOUND
    asked = match.groupdict()
    if "name" in asked:
        partitions = points.at_encoded(realm, asked["name"])
    else:
        partitions = list(
            Partition.objects.filter(
                generation__authority__realm=realm,
                generation__authority__purpose=asked["purpose"].replace("-", "_"),
                medium=asked.get("medium", Partition.OWN),
                municipality_code=asked.get("municipality", ""),
            ).select_related("generation")
        )
    partitions = [one for one in partitions if _is_meant(one.generation, which)]
    lists = sorted(crl.newest_of(partitions).values(), key=lambda one: one.partition_id)
    if not lists:
        return NOT_FOUND
    if "name" not in asked or "key" in which:
        # Generations come one after the other, and their partitions' rows with them; but the newest is meant.
        order = {one.pk: one.generation.number for one in partitions}
        lists = [max(lists, key=lambda one: order[one.partition_id])]
    tag = '"' + ".".join(f"{one.partition_id}-{one.number}" for one in lists) + '"'
    headers = (("Cache-Control", "no-cache"), ("ETag", tag))
    if tag in environ.get("HTTP_IF_NONE_MATCH", ""):
        return Reply("304 Not Modified", "", b"", headers)
    if "name" in asked and "key" not in which:
        return Reply("200 OK", "application/x-pem-file", b"".join(_pem(octets.of(one)) for one in lists), headers)
    return Reply("200 OK", "application/pkix-crl", octets.of(lists[0]), headers)


def _is_meant(generation: "Generation", which: Mapping[str, str]) -> bool:
    by_number = "generation" not in which or generation.number == int(which["generation"])
    return by_number and ("key" not in which or generation.subject_key_identifier == which["key"])


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(der) + b"-----END X509 CRL-----\n"


def _authority(match: re.Match[str], which: Mapping[str, str]) -> Reply:
    from ca.models import Generation

    generations = Generation.objects.filter(
        authority__realm__slug=match["realm"], authority__purpose=match["purpose"].replace("-", "_")
    ).order_by("-number")
    meant = next((one for one in generations if _is_meant(one, which)), None)
    if meant is None:
        return NOT_FOUND
    return Reply("200 OK", "application/pkix-cert", bytes(meant.certificate), (("Cache-Control", "max-age=300"),))


def _failed(environ: dict[str, Any]) -> Reply:
    if str(environ.get("PATH_INFO", "")).startswith("/ocsp/"):
        from ca import ocsp

        # RFC 6960 2.3: internalError tells the client to try another responder, or later.
        return Reply("200 OK", OCSP, ocsp.refusal(ocsp.ResponseStatus.INTERNAL_ERROR))
    return Reply("500 Internal Server Error", TEXT, b"failed\n")
