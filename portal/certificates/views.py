"""My certificates: parse, one call, render. Without the holder's proof of the last minutes, only the way to it."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from ca import clock
from ca.models import Certificate
from portal.certificates import export, history, linkage, objections
from portal.certificates.errors import ObjectionError, UseUnknown
from portal.certificates.history import Use
from portal.documents import DocumentUnavailable
from portal.phone import details, devices
from portal.phone.session import phone_of
from portal.problems import CATALOGUE, sentence
from portal.screen_lock import proof
from portal.screen_lock.proof import Proved
from tsm import enrolment as enrolments
from tsm.models import Enrolment, Phone

Asked = ParamSpec("Asked")
Page = Callable[Concatenate[HttpRequest, Asked], HttpResponseBase]
ProvedPage = Callable[Concatenate[HttpRequest, Proved, Asked], HttpResponseBase]
# Where a text waits whose writer has to prove himself again, the proof having run out over it.
DRAFTS = "objection_drafts"


def after_proof(page: ProvedPage[Asked]) -> Page[Asked]:
    """Show the page after the holder's proof, and the way to prove himself in its place before."""

    @wraps(page)
    def shown(request: HttpRequest, *asked: Asked.args, **named: Asked.kwargs) -> HttpResponseBase:
        phone = phone_of(request)
        if phone is None:
            return redirect("phone:home")
        proved = proof.proved(request)
        return _gate(request, phone) if proved is None else page(request, proved, *asked, **named)

    return never_cache(ensure_csrf_cookie(shown))  # type: ignore[return-value]


@require_safe
@after_proof
def home(request: HttpRequest, proved: Proved) -> HttpResponse:
    """Show both certificates, in words and in full, and what they stand on."""
    enrolment = proved.enrolment
    context = _context(proved) | {
        "certificates": details.of(enrolment, attributes=True),
        "links": linkage.of(enrolment),
        "answered": objections.of(enrolment.holder).filter(state=objections.State.ANSWERED)[:3],
    }
    return render(request, "certificates/home.html", context)


@require_safe
@after_proof
def uses(request: HttpRequest, proved: Proved) -> HttpResponse:
    """Show the history from the cursor on."""
    try:
        page = history.page(proved.enrolment, request.GET.get("after", ""))
    except ValueError:
        raise Http404("no such place in the history") from None
    context = _context(proved) | {"page": page, "first": "after" not in request.GET}
    return render(request, "certificates/history.html", context)


@require_safe
@after_proof
def use(request: HttpRequest, proved: Proved, reference: uuid.UUID) -> HttpResponse:
    """Show one use, with what the holder said of it and what was answered."""
    return _use(request, proved, _find(proved, reference))


@require_http_methods(["GET", "HEAD", "POST"])
def object_to(request: HttpRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Take an objection to a use; what was written is kept when the proof ran out while it was."""
    if request.method != "POST":
        return redirect("certificates:use", reference=reference)
    # A form's line break is two characters, of which the writer counted one.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if proof.proved(request) is None:
        request.session[DRAFTS] = {str(reference): text[: objections.LONGEST]}
        return redirect("certificates:use", reference=reference)
    return _object(request, reference, text)


@after_proof
def _object(request: HttpRequest, proved: Proved, reference: uuid.UUID, text: str) -> HttpResponseBase:
    hand_off, found = _find_both(proved, reference)
    enrolment = proved.enrolment
    try:
        objections.raise_(hand_off, holder=enrolment.holder, phone=enrolment.phone, text=text)
    except ObjectionError as error:
        status = CATALOGUE[error.code].status
        return _use(request, proved, found, draft=text, problem=sentence(error.code), status=status)
    request.session.pop(DRAFTS, None)
    return redirect(reverse("certificates:use", args=[reference]) + "#objection")


@require_safe
def as_json(request: HttpRequest) -> HttpResponseBase:
    """Hand out everything as JSON."""
    return _download(request, _json, "json")


@require_safe
def as_pdf(request: HttpRequest) -> HttpResponseBase:
    """Hand out everything as PDF."""
    return _download(request, _pdf, "pdf")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Forget the proof: the phone may be handed on."""
    if request.method == "POST":
        proof.close(request)
    return redirect("phone:home" if request.method == "POST" else "certificates:home")


def _gate(request: HttpRequest, phone: Phone) -> HttpResponse:
    """Ask for the holder's proof. What is said here of the certificates, the phone's session may see."""
    enrolment = enrolments.current(phone)
    able = proof.able(phone)
    context = {
        "phone": phone,
        "able": able is not None,
        "none": enrolment is None,
        "certificates": _outline(enrolment) if enrolment else [],
        "element_url": devices.element_url(request, phone),
        "next_url": reverse("certificates:home") if request.method == "POST" else request.get_full_path(),
    }
    return render(request, "certificates/gate.html", context)


def _outline(enrolment: Enrolment) -> list[dict[str, Any]]:
    return [
        {
            "name": history.certificate_name(one.purpose, one.medium),
            "standing": details.standing(one),
            "not_after": one.not_after,
        }
        for one in enrolment.pair
    ]


def _use(
    request: HttpRequest, proved: Proved, found: Use, *, draft: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    drafts = request.session.get(DRAFTS, {})
    context = _context(proved) | {
        "use": found,
        "draft": draft or drafts.get(str(found.id), ""),
        "problem": problem,
        "longest": objections.LONGEST,
        # The right next step: a pair that is still good can be stopped at once.
        "can_hold": any(one.status == Certificate.Status.VALID for one in proved.enrolment.pair),
    }
    return render(request, "certificates/use.html", context, status=status)


def _context(proved: Proved) -> dict[str, Any]:
    return {"phone": proved.enrolment.phone, "enrolment": proved.enrolment, "until": proved.until}


def _find(proved: Proved, reference: uuid.UUID) -> Use:
    return _find_both(proved, reference)[1]


def _find_both(proved: Proved, reference: uuid.UUID) -> Any:
    try:
        return history.use(proved.enrolment, reference)
    except UseUnknown:
        raise Http404("no such use") from None


def _json(enrolment: Enrolment) -> HttpResponse:
    return JsonResponse(export.data(enrolment), json_dumps_params={"ensure_ascii": False, "indent": 1})


def _pdf(enrolment: Enrolment) -> HttpResponse:
    return HttpResponse(export.pdf(enrolment), content_type="application/pdf")


@never_cache
def _download(request: HttpRequest, make: Callable[[Enrolment], HttpResponse], ending: str) -> HttpResponseBase:
    proved = proof.proved(request)
    if proved is None:  # A file that is a page would be a surprise.
        return redirect("certificates:home")
    try:
        response = make(proved.enrolment)
    except DocumentUnavailable as error:
        context = _context(proved) | {"problem": sentence(error.code)}
        return render(request, "certificates/unavailable.html", context, status=CATALOGUE[error.code].status)
    day = timezone.localtime(clock.now(proved.enrolment.realm)).strftime("%Y%m%d")
    response["Content-Disposition"] = f'attachment; filename="my-certificates-{day}.{ending}"'
    return response
