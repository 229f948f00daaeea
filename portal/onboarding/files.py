"""Handing out a case's files: to its people, never opened by the browser, each time in the journal."""

import uuid
from urllib.parse import quote

from django.http import Http404, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from portal.onboarding.access import CaseRequest, of_case
from whitelist import logos
from whitelist.cases import attachments
from whitelist.models import Attachment

# Opened by itself, whatever it turns out to be, it runs and fetches nothing.
POLICY = "default-src 'none'; sandbox"


@of_case()
@require_safe
def file(request: CaseRequest, file: uuid.UUID) -> HttpResponseBase:
    """Hand out a file of the case."""
    found = _found(request, file)
    return response(found, attachments.hand_out(found, request.staff.name))


@of_case()
@require_safe
def logo(request: CaseRequest, file: uuid.UUID) -> HttpResponseBase:
    """Show a logo of the case beside the preview. Everybody will see it on the phone: the journal isn't told."""
    found = _found(request, file)
    if found.size > logos.LARGEST or found.media_type not in ("image/png", "image/svg+xml"):
        raise Http404("no logo")
    return response(found, bytes(found.content))


def response(found: Attachment, content: bytes) -> HttpResponse:
    """Return the answer that hands a file out, for the applicant's and the officers' pages alike."""
    plain = "".join(one if (one.isascii() and one.isalnum()) or one in "._- " else "_" for one in found.name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}"
    headers = {
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type=found.media_type, headers=headers)


def _found(request: CaseRequest, reference: uuid.UUID) -> Attachment:
    found = attachments.find(request.case, reference)
    if found is None:
        raise Http404("no such file")
    return found
