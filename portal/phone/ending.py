"""The end of use: what to do before a phone is given away, the one button, and a phone that is found again."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from portal.phone import devices, holds
from portal.phone.issuing import api_of
from portal.phone.session import active_enrolment, phone_of


@never_cache
@require_GET
def leaving(request: HttpRequest) -> HttpResponse:
    """Tell what to do before a phone is sold, given away, repaired or thrown away; anybody may read it."""
    phone = phone_of(request)
    found = active_enrolment(phone) if phone is not None else None
    return render(request, "phone/leaving.html", {"phone": phone, "in_use": found is not None})


@never_cache
@require_GET
@ensure_csrf_cookie
def end(request: HttpRequest) -> HttpResponse:
    """Ask for the phone's signature password; the page signs the request to stop with it."""
    phone = phone_of(request)
    found = active_enrolment(phone) if phone is not None else None
    if phone is None or found is None:
        return redirect("phone:home")
    context = {
        "phone": phone,
        "element_url": devices.element_url(request, phone),
        "enrolment_api": api_of(found),
        "hold": holds.of(found),
        "next_url": reverse("phone:enrolment", args=[found.reference]),
    }
    return render(request, "phone/end.html", context)


@never_cache
@require_GET
@ensure_csrf_cookie
def found_again(request: HttpRequest) -> HttpResponseBase:
    """Say what makes a pair on hold usable again: the holder's signature by this phone, or the help desk."""
    phone = phone_of(request)
    found = active_enrolment(phone) if phone is not None else None
    hold = holds.of(found) if found is not None else None
    if phone is None or found is None or hold is None:
        return redirect("phone:home")
    context = {
        "phone": phone,
        "hold": hold,
        "element_url": devices.element_url(request, phone),
        "enrolment_api": api_of(found),
        "next_url": reverse("phone:home"),
        "help_desk": settings.HELP_DESK_NUMBER,
    }
    return render(request, "phone/found.html", context)
