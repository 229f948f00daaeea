"""The application, one thing a page: conditions, this phone, consent, card; then where the enrolment stands."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from portal.phone import details, devices, guessable, holds, progress, watching
from portal.phone.session import enrolment_or_404, phone_of
from tsm import compatibility
from tsm import enrolment as enrolments
from tsm.models import Enrolment, Phone
from tsm.pages import sentence

NO_ENROLMENT = uuid.UUID(int=0)
# The session keeps for which phone an application was begun, at which page, and whether its conditions were agreed to.
BEGUN = "application"
PAGES = ("phone:apply", "phone:apply-phone", "phone:agree", "phone:card")
TEMPLATES = {"passwords": "phone/take_over.html", "active": "phone/issued.html"}


def left_at(request: HttpRequest, phone: Phone) -> str:
    """Return the page where this browser left an application for this phone before it was sent; empty: nowhere."""
    begun = _begun(request, phone)
    return reverse(begun["page"]) if begun.get("page") in PAGES[1:] else ""


@never_cache
@require_GET
def conditions(request: HttpRequest) -> HttpResponseBase:
    """Show what is needed and what one should know."""
    phone, elsewhere = _applying(request)
    if phone is None:
        return redirect(elsewhere)
    return render(request, "phone/apply.html", {"phone": phone})


@never_cache
@require_GET
def supported(request: HttpRequest) -> HttpResponseBase:
    """Show what this phone is held against, requirement by requirement."""
    phone, elsewhere = _applying(request)
    if phone is None:
        return redirect(elsewhere)
    _keep(request, phone, page="phone:apply-phone")
    model = compatibility.find(phone.model_code)
    against = compatibility.reason_against(model) if model is not None else None
    context: dict[str, Any] = {"phone": phone, "model": model}
    if against is not None:
        context["problem"] = _("{name}には発行できません。{reason}。対応している機種を選んでください。").format(
            name=phone.name, reason=sentence(against)
        )
    return render(request, "phone/supported.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@ensure_csrf_cookie
def agree(request: HttpRequest) -> HttpResponseBase:
    """Ask for both consents; they lead on to the card."""
    phone, elsewhere = _applying(request)
    if phone is None:
        return redirect(elsewhere)
    problem = ""
    if request.method == "POST":
        if {"conditions", "disposal"} <= request.POST.keys():
            _keep(request, phone, page="phone:card", agreed=True)
            return redirect("phone:card")
        problem = _("2つの項目を読み、両方に同意すると次へ進めます。")
    else:
        _keep(request, phone, page="phone:agree")
    return render(request, "phone/agree.html", {"phone": phone, "problem": problem}, status=400 if problem else 200)


@never_cache
@require_GET
@ensure_csrf_cookie
def card(request: HttpRequest) -> HttpResponseBase:
    """Show what will be signed, and the cards that can be laid on the reader; the page does the rest."""
    phone, elsewhere = _applying(request)
    if phone is None:
        return redirect(elsewhere)
    if not _begun(request, phone).get("agreed"):
        return redirect("phone:agree")
    next_url = reverse("phone:enrolment", args=[NO_ENROLMENT])
    context = {"phone": phone, "cards": devices.cards(request, phone.realm), "next_url": next_url}
    return render(request, "phone/card.html", context)


@never_cache
@require_GET
@ensure_csrf_cookie
def enrolment(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Show an enrolment where it stands: progress, the passwords to set, what was issued, or the end."""
    phone, found = enrolment_or_404(request, reference)
    _forget(request, phone)
    mode = progress.mode(found)
    context = watching.of_enrolment(found) | {
        "phone": phone,
        "heading": progress.heading(found),
        "certificates": details.of(found) if mode in ("active", "ended") else [],
        "replaced": found.replaces if mode in ("progress", "passwords", "active") else None,
        "hold": holds.of(found) if mode == "active" else None,
        "trace_url": reverse("phone:trace", args=[reference]),
        "long_wait_seconds": settings.PHONE_LONG_WAIT_SECONDS,
    }
    if mode == "passwords":
        context |= {
            "element_url": devices.element_url(request, phone),
            "enrolment_api": api_of(found),
            "guessable": guessable.spellings(found.holder.born_on),
        }
    return render(request, TEMPLATES.get(mode, "phone/enrolment.html"), context)


def api_of(found: Enrolment) -> str:
    """Return the address of the enrolment in the phone's API."""
    return f"/api/phone/v1/enrolments/{found.reference}"


def _applying(request: HttpRequest) -> tuple[Phone | None, str]:
    """Return the phone that is applied for; or None and where to go, when none is chosen or one is under way."""
    phone = phone_of(request)
    if phone is None:
        return None, reverse("phone:home")
    found = enrolments.current(phone)
    if found is not None and found.state in enrolments.UNDER_WAY:
        return None, reverse("phone:enrolment", args=[found.reference])
    return phone, ""


def _begun(request: HttpRequest, phone: Phone) -> dict[str, Any]:
    begun = request.session.get(BEGUN, {})
    return begun if begun.get("phone") == str(phone.reference) else {}


def _keep(request: HttpRequest, phone: Phone, *, page: str, agreed: bool = False) -> None:
    agreed = agreed or bool(_begun(request, phone).get("agreed"))
    kept = {"phone": str(phone.reference), "page": page, "agreed": agreed}
    if request.session.get(BEGUN) != kept:
        request.session[BEGUN] = kept


def _forget(request: HttpRequest, phone: Phone) -> None:
    """The application was sent: there is none to go on with, and another one needs its own consent."""
    if _begun(request, phone):
        del request.session[BEGUN]
