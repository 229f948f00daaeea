"""The document that is to be signed, for the browser on which it was opened: pictures of its pages, and the file."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.handoff import binding, hand_offs, pdf, screens
from portal.handoff.models import HandOff, HandOffPdf
from portal.handoff.states import State

# Where the browser shows the file itself, it runs nothing and fetches nothing.
POLICY = "default-src 'none'; sandbox"


@never_cache
@require_safe
@screens.telling
def picture(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Show a page of the PDF as PNG; the first is number 1."""
    try:
        shown = pdf.picture(bytes(_pdf_of(request, token).content), number)
    except IndexError:
        raise Http404("no such page") from None
    return HttpResponse(shown, content_type="image/png")


@never_cache
@require_safe
@screens.telling
def document(request: HttpRequest, token: str) -> HttpResponse:
    """Give the PDF, as the service sent it and as its digest says."""
    found = _pdf_of(request, token)
    headers = {
        "Content-Disposition": content_disposition_header(True, f"{found.hand_off.document_name}.pdf") or "attachment",
        "Content-Security-Policy": POLICY,
    }
    return HttpResponse(bytes(found.content), content_type="application/pdf", headers=headers)


def _pdf_of(request: HttpRequest, token: str) -> HandOffPdf:
    hand_off: HandOff = hand_offs.by_token(token)
    binding.require_answering(hand_off, request)
    found = HandOffPdf.objects.filter(hand_off=hand_off, hand_off__state__in=(State.SHOWN, State.ANSWERED)).first()
    if found is None:
        raise Http404("no PDF is shown here")
    return found
