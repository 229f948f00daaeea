"""What was issued and what crossed the wire, to look at and to keep."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ca.profiles import Purpose
from portal.phone import progress
from portal.phone import trace as traces
from portal.phone.session import enrolment_or_404
from portal.screen_lock import proof


@never_cache
@require_GET
def trace(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Show what crossed the wire for an enrolment."""
    phone, found = enrolment_or_404(request, reference)
    told = [{"step": step.step, "at": step.at, "figures": progress.figures(step.detail)} for step in found.steps.all()]
    context = {"phone": phone, "enrolment": found, "steps": told, "rounds": traces.of(found)}
    return render(request, "phone/trace.html", context)


@never_cache
@require_GET
def certificate(request: HttpRequest, reference: uuid.UUID, purpose: str) -> HttpResponse:
    """Hand a certificate of this phone to its holder, as DER. The one with the four attributes takes his proof."""
    _phone, found = enrolment_or_404(request, reference)
    proved = proof.proved(request)
    if purpose == Purpose.SIGNATURE.slug and (proved is None or proved.enrolment != found):
        return redirect("certificates:home")
    for issued in found.pair:
        if Purpose(issued.purpose).slug == purpose:
            disposition = f'attachment; filename="phone-{purpose}.cer"'
            headers = {"Content-Disposition": disposition}
            return HttpResponse(bytes(issued.der), content_type="application/pkix-cert", headers=headers)
    raise Http404("not issued")
