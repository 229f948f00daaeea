"""Handing out a case's files: to its people, never opened by the browser, each time in the journal."""

import uuid

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_safe

from portal import downloads
from portal.onboarding.access import CaseRequest, of_case
from whitelist import logos
from whitelist.cases import attachments
from whitelist.models import Attachment


@of_case()
@require_safe
def file(request: CaseRequest, file: uuid.UUID) -> HttpResponseBase:
    """Hand out a file of the case."""
    found = _found(request, file)
    content = attachments.hand_out(found, request.staff.name)
    return downloads.response(content, media_type=found.media_type, name=found.name)


@of_case()
@require_safe
def logo(request: CaseRequest, file: uuid.UUID) -> HttpResponseBase:
    """Show a logo of the case beside the preview. Everybody will see it on the phone: the journal isn't told."""
    found = _found(request, file)
    if found.size > logos.LARGEST or found.media_type not in ("image/png", "image/svg+xml"):
        raise Http404("no logo")
    return downloads.response(bytes(found.content), media_type=found.media_type, name=found.name)


def _found(request: CaseRequest, reference: uuid.UUID) -> Attachment:
    found = attachments.find(request.case, reference)
    if found is None:
        raise Http404("no such file")
    return found
