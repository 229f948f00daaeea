"""What a waiting page shows as it happens: the same fragment by a stream, by a poll, and in the page itself."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from portal.phone import progress, streams
from portal.phone.session import enrolment_or_404
from tsm.models import Enrolment


def of_enrolment(found: Enrolment) -> dict[str, Any]:
    """Return what the fragment shows of an enrolment."""
    told = list(found.steps.all())
    return {
        "mode": progress.mode(found),
        "moving": progress.moving(found),
        "steps": progress.stages(found, told),
        "now_sentence": progress.now_sentence(found),
        "fallen": progress.fallen(found),
        "trouble": progress.trouble_sentence(found),
        "steps_url": reverse("phone:steps", args=[found.reference]),
        "events_url": reverse("phone:events", args=[found.reference]),
        "seen": _seen(found),
    }


@never_cache
@require_GET
def steps(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Answer the page's poll: nothing when nothing is new; the header tells which screen is due."""
    _phone, found = enrolment_or_404(request, reference)
    return poll(request, of_enrolment(found))


@require_GET
def events(request: HttpRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Stream the enrolment's progress."""
    _phone, found = enrolment_or_404(request, reference)
    rows = Enrolment.objects.filter(pk=found.pk)

    def look() -> tuple[str, bool]:
        now = rows.only("state", "trouble").get()
        return _seen(now), progress.moving(now)

    return stream(request, look, lambda: of_enrolment(rows.get()))


def poll(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Answer a poll with the fragment, or with nothing when `seen` says that it is known."""
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    response = render(request, "phone/steps.html", context | {"fragment": True})
    response["X-Screen"] = context["mode"]
    return response


def stream(
    request: HttpRequest, look: Callable[[], tuple[str, bool]], context: Callable[[], dict[str, Any]]
) -> HttpResponseBase:
    """Stream the fragment whenever `look` sees something new; see `streams.respond`."""
    language = translation.get_language()

    def show() -> dict[str, Any]:
        # The stream is read when the request's middleware has long gone, and its language with it.
        with translation.override(language):
            told = context() | {"fragment": True}
            return {"screen": told["mode"], "html": render_to_string("phone/steps.html", told)}

    return streams.respond(look, show, request.headers.get("Last-Event-ID", request.GET.get("seen", "")))


def _seen(found: Enrolment) -> str:
    return f"{found.state}-{found.trouble}"
