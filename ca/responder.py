"""The responder: a small process that serves CRLs, OCSP and the authorities' certificates, and nothing else.

    python -m ca.responder [--host 127.0.0.1] [--port 8001 | --socket PATH] [--workers 1]

It holds the responders' keys and never the authorities', and only reads the database. Hot OCSP answers come from memory
(`ca.ocsp.desk`); everything else is read when it is asked for.

    POST, GET  /ocsp/<realm>/<purpose>/<medium>[/<base64>]
    GET        /crl/<realm>/<purpose>/<medium>/<municipality code>.crl     ?key=<hex> or ?generation=n
    GET        /arl/<realm>/<purpose>.crl                                  ?key=<hex> or ?generation=n
    GET        /directory/<realm>/<base64url of a DER Name>                ?key=<hex>
    GET        /authority/<realm>/<purpose>.cer                            ?key=<hex> or ?generation=n
    GET        /healthz, /readyz                                           for this network only: the proxy keeps them

All generations of an authority share its name and its distribution points. `key` is the key identifier that a
certificate has of its issuer (AKI): with it a verifier gets what its certificate's generation signed; without, what the
newest did. `directory` takes the name of a distribution point as it stands in the certificate, and answers, without
`key`, with the lists of all generations (PEM): as a directory's entry of that name would hold them.
"""

import argparse
import logging
import os

from ca import correlation
from ca.connections import connections
from ca.reply import NO_STORE, OCSP, TEXT, Reply, Request
from ca.serving import Desk, Limits, Place, serve

logger = logging.getLogger(__name__)


def respond(request: Request) -> Reply:
    """Answer one request, whatever it is; it may wait. Whatever goes wrong, no trace of it goes out."""
    from ca import files, readiness
    from ca.ocsp import endpoint

    asked = correlation.taken(request.header(b"x-request-id"), request.header(b"traceparent"))
    with correlation.working_for(asked):
        try:
            if request.target.startswith(endpoint.PREFIX):
                return endpoint.respond(request)
            if request.target in readiness.ANSWERED:
                return readiness.respond(request)
            with connections():
                return files.respond(request)
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


def _desk() -> Desk:
    from django.conf import settings
    from django.utils.module_loading import import_string

    from ca.ocsp.desk import ResponderDesk

    desk: Desk = ResponderDesk(respond)
    # What stands before it, if anything does: called with the desk, each gives another.
    for name in settings.RESPONDER_DESKS:
        desk = import_string(name)(desk)
    return desk


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m ca.responder", description="Serve OCSP, CRLs and authorities.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="(default: %(default)s)")
    parser.add_argument("--socket", default="", help="listen at this path, and at no port (in a folder of the proxy's)")
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
    serve(Place(asked.host, asked.port, asked.workers, asked.socket), _desk, limits)


if __name__ == "__main__":
    main()
