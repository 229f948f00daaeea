"""A template as a PDF file, for what citizens keep: exports, letters, receipts."""

import threading
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string

# Pango keeps state of its own for each process and isn't made for two threads at once.
_one_at_a_time = threading.Lock()


class DocumentUnavailable(Exception):
    """No PDF can be made on this machine: Pango is missing (`scripts/system-packages.sh documents` gets it)."""

    code = "document_unavailable"


def pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """Return `template` rendered with `context` as a tagged PDF (PDF/UA-1 structure), fonts embedded.

    The template is a whole HTML page that extends `documents/base.html`; it can reach no file and no address, so what
    a citizen typed can't make the server fetch anything. Raise `DocumentUnavailable` where Pango is missing.
    """
    try:
        import weasyprint  # Pango is loaded by the import, which takes a second: not at the start of every process.
    except OSError as error:
        raise DocumentUnavailable(str(error)) from error
    html = render_to_string(template, dict(context))
    with _one_at_a_time:
        made: bytes = weasyprint.HTML(string=html, url_fetcher=_refuse).write_pdf(pdf_tags=True)
    return made


def _refuse(url: str, *arguments: Any, **named: Any) -> Any:
    raise ValueError("a document fetches nothing")
