"""How large a request may be: nothing that a stranger sends fills a process's memory, or the disk.

Django bounds what it keeps in memory (DATA_UPLOAD_MAX_MEMORY_SIZE), one bound for all, and not a form's files, which it
takes in before any view is asked. A request without a length has no body here (PEP 3333).
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase
from rest_framework import parsers


class Bounded:
    """Middleware: a request of more than REQUEST_LARGEST octets is refused, and none of it read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer what is small enough. Raises RequestDataTooBig, which is a 400."""
        _require(request.META, settings.REQUEST_LARGEST)
        return self.get_response(request)


class JSONParser(parsers.JSONParser):
    """JSON of at most `view.largest_body` octets, API_BODY_LARGEST where the view says nothing."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        _require_of_view(parser_context)
        return super().parse(stream, media_type, parser_context)


class FormParser(parsers.FormParser):
    """The same of a form."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        _require_of_view(parser_context)
        return super().parse(stream, media_type, parser_context)


def _require_of_view(context: Mapping[str, Any] | None) -> None:
    if context is not None:
        most = getattr(context.get("view"), "largest_body", settings.API_BODY_LARGEST)
        _require(context["request"].META, most)


def _require(meta: Mapping[str, Any], most: int) -> None:
    written = str(meta.get("CONTENT_LENGTH") or "0")
    if not (written.isascii() and written.isdigit()) or int(written[:20]) > most:
        raise RequestDataTooBig(f"a body has at most {most} octets")
