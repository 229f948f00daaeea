"""Files over the API: octets, whatever the client says it accepts."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from portal import downloads
from sandbox.api.views import WorkspaceView

PEM, DER, CRL, PKCS12 = (
    "application/x-pem-file",
    "application/pkix-cert",
    "application/pkix-crl",
    "application/x-pkcs12",
)


class OneKind(BaseContentNegotiation):
    """An address that has one kind of answer doesn't ask which one is liked."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        first = next(iter(renderers))
        return first, first.media_type


class FileView(WorkspaceView):
    """A view that answers with a file; its problems are JSON all the same."""

    content_negotiation_class = OneKind


def answer(content: bytes, *, media_type: str, name: str) -> HttpResponse:
    """Return the file."""
    return downloads.response(content, media_type=media_type, name=name)
