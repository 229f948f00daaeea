"""The copier's screens: who is there, which certificate, the print."""

import secrets
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from jpki_client import LIVENESS_CHECK, PHONE, USER_AUTHENTICATION

from sandbox.relying_parties import asking, papers, visitor
from sandbox.relying_parties.asking import Service
from sandbox.relying_parties.counter import Counter
from sandbox.relying_parties.kiosk.residence import Order, era, household
from sandbox.relying_parties.language import say
from sandbox.relying_parties.pages import client, outcome, reporting
from sandbox.relying_parties.visitor import Visitor

KIOSK = Service("kiosk", "conveni-kiosk", ("phone", "card"))
COUNTER = Counter(KIOSK, then="kiosk_choose")
ORDER = "order"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("kiosk")
def choose(request: HttpRequest) -> HttpResponse:
    """Ask what is to stand on the certificate; on POST print it."""
    here = visitor.current(request, KIOSK)
    if here is None:
        return outcome(request, "kiosk", "over", status=403)
    if _card_number(here) is None:
        return outcome(request, "kiosk", "no_card", status=403)
    if request.method != "POST":
        context = {"service": "kiosk", "medium": here.medium, "lines": visitor.checked(request, KIOSK)}
        return render(request, "samples/kiosk/choose.html", context)
    order = {
        "number": f"S{secrets.randbelow(10**10):010d}",
        "date": f"{timezone.localdate():%Y-%m-%d}",
        "whole": request.POST.get("whose") == "household",
        "relations": "relations" in request.POST,
    }
    asking.keep(request, KIOSK, ORDER, order)
    return redirect("kiosk_certificate")


@never_cache
@require_safe
@reporting("kiosk")
def certificate(request: HttpRequest) -> HttpResponse:
    """Show the print."""
    paper = _paper(request)
    if isinstance(paper, HttpResponse):
        return paper
    return render(request, "samples/kiosk/certificate.html", {"service": "kiosk", **paper})


@never_cache
@require_safe
@reporting("kiosk")
def certificate_pdf(request: HttpRequest) -> HttpResponse:
    """Give the print as a PDF; as the page where no PDF can be made here."""
    paper = _paper(request)
    if isinstance(paper, HttpResponse):
        return paper
    made = papers.pdf(render_to_string("samples/documents/residence.html", paper))
    if made is None:
        return redirect("kiosk_certificate")
    headers = {"Content-Disposition": 'attachment; filename="certificate-of-residence-sample.pdf"'}
    return HttpResponse(made, content_type="application/pdf", headers=headers)


@never_cache
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Forget who was here: the next customer stands at the same screen."""
    request.session.flush()
    return redirect("kiosk")


def _paper(request: HttpRequest) -> dict[str, Any] | HttpResponse:
    """Return what the certificate's template needs, for a resident who is still let in; or the page that says no."""
    here = visitor.current(request, KIOSK)
    kept = asking.recall(request, KIOSK, ORDER)
    if here is None or kept is None:
        return outcome(request, "kiosk", "over", status=403)
    card_number = _card_number(here)
    if card_number is None:
        return outcome(request, "kiosk", "no_card", status=403)
    order, home = Order(**kept), household(card_number)
    persons = [
        {"name": one.name, "born_on": era(one.born_on), "relation": one.relation if order.relations else "（省略）"}
        for one in (home.persons if order.whole else home.persons[:1])
    ]
    return {
        "number": order.number,
        "issued_on": era(date.fromisoformat(order.date)),
        "address": home.address,
        "since": era(home.since),
        "head": home.persons[0].name if order.relations else "（省略）",
        "persons": persons,
        "title": say("certificate_title"),
    }


def _card_number(here: Visitor) -> str | None:
    """Return the number of the resident's card, by which the register of residents knows them.

    A phone's number isn't in that register: the authorities say which card's belongs to it (the Act, article 37).
    """
    if here.medium != PHONE:
        return here.number
    (told,) = client(KIOSK.client_id).counterparts(
        USER_AUTHENTICATION, [here.number], counterpart="medium", check_purpose=LIVENESS_CHECK
    )
    return told.counterpart
