"""The phone's screens: parse, ask `tsm`, render."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from ca.models import Certificate
from portal.phone import details, devices, progress
from portal.phone import trace as traces
from portal.phone.session import other_phones, phone_of, phone_or_404, take_up
from tsm import compatibility
from tsm import enrolment as enrolments
from tsm.errors import EnrolmentUnknown
from tsm.models import Enrolment, Phone
from tsm.pages import sentence

NO_ENROLMENT = uuid.UUID(int=0)


@never_cache
@require_GET
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    """Show what this phone has, or the list of models when none is chosen or another is wanted."""
    phone = phone_of(request)
    if phone is None or "new" in request.GET:
        return _choose(request, phone)
    return _home(request, phone)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Take a phone of the chosen model, unless it's one that can't hold certificates."""
    if request.method != "POST":  # What was refused here is looked at again, or in the other language.
        return redirect(f"{reverse('phone:home')}?new=1")
    model = compatibility.find(request.POST.get("model", ""))
    if model is None:
        return _choose(request, phone_of(request), problem=_("機種を選んでください。"), status=400)
    against = compatibility.reason_against(model)
    if against is not None:
        problem = _("{name}には発行できません。{reason}。対応している機種を選んでください。").format(
            name=model.name, reason=sentence(against)
        )
        return _choose(request, phone_of(request), problem=problem, chosen=model.code, status=409)
    phone = devices.new_phone(request, model.code)
    if phone is None:
        return _choose(
            request,
            phone_of(request),
            problem=_("スマートフォンを用意できませんでした。少し待ってから、もう一度お試しください。"),
            status=503,
        )
    take_up(request, phone)
    return redirect("phone:home")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def use(request: HttpRequest) -> HttpResponse:
    """Go back to a phone that this browser used before."""
    wanted = request.POST.get("phone")
    for phone in other_phones(request):
        if str(phone.reference) == wanted:
            take_up(request, phone)
    return redirect("phone:home")


@never_cache
@require_http_methods(["GET", "POST"])
@ensure_csrf_cookie
def apply(request: HttpRequest) -> HttpResponseBase:
    """Show the conditions; both consents lead on to the card."""
    phone = phone_of(request)
    if phone is None:
        return redirect("phone:home")
    problem = ""
    if request.method == "POST":
        if {"conditions", "disposal"} <= request.POST.keys():
            request.session["agreed"] = str(phone.reference)
            return redirect("phone:card")
        problem = _("2つの項目を読み、両方に同意すると次へ進めます。")
    return render(request, "phone/apply.html", {"phone": phone, "problem": problem}, status=400 if problem else 200)


@never_cache
@require_GET
@ensure_csrf_cookie
def card(request: HttpRequest) -> HttpResponse:
    """Show what will be signed, and the cards that can be laid on the reader; the page does the rest."""
    phone = phone_of(request)
    if phone is None or request.session.get("agreed") != str(phone.reference):
        return redirect("phone:apply")
    next_url = reverse("phone:enrolment", args=[NO_ENROLMENT])
    return render(request, "phone/card.html", {"phone": phone, "cards": devices.cards(request), "next_url": next_url})


@never_cache
@require_GET
@ensure_csrf_cookie
def enrolment(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Show an enrolment where it stands: progress, the passwords to set, what was issued, or the end."""
    phone, found = _enrolment(request, reference)
    context = _progress(found) | {
        "phone": phone,
        "heading": progress.heading(found),
        "certificates": details.of(found) if progress.mode(found) in ("active", "ended") else [],
        "element_url": devices.element_url(request, phone),
        "enrolment_api": _api(found),
        "trace_url": reverse("phone:trace", args=[reference]),
    }
    return render(request, "phone/enrolment.html", context)


@never_cache
@require_GET
def steps(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Answer the page's poll: nothing when nothing is new; the header tells which screen is due."""
    _phone, found = _enrolment(request, reference)
    context = _progress(found) | {"fragment": True}
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    response = render(request, "phone/steps.html", context)
    response["X-Screen"] = context["mode"]
    return response


@never_cache
@require_GET
def trace(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Show what crossed the wire for an enrolment."""
    phone, found = _enrolment(request, reference)
    told = [{"step": step.step, "at": step.at, "figures": progress.figures(step.detail)} for step in found.steps.all()]
    context = {"phone": phone, "enrolment": found, "steps": told, "rounds": traces.of(found)}
    return render(request, "phone/trace.html", context)


@require_GET
def certificate(request: HttpRequest, reference: uuid.UUID, purpose: str) -> HttpResponse:
    """Hand a certificate of this phone to its holder, as DER."""
    _phone, found = _enrolment(request, reference)
    for issued in (found.signature_certificate, found.authentication_certificate):
        if isinstance(issued, Certificate) and issued.purpose.replace("_", "-") == purpose:
            disposition = f'attachment; filename="phone-{purpose}.cer"'
            headers = {"Content-Disposition": disposition}
            return HttpResponse(bytes(issued.der), content_type="application/pkix-cert", headers=headers)
    raise Http404("not issued")


@never_cache
@require_GET
@ensure_csrf_cookie
def end(request: HttpRequest) -> HttpResponse:
    """Ask for the phone's signature password; the page signs the request to stop with it."""
    phone = phone_of(request)
    found = enrolments.current(phone) if phone is not None else None
    if phone is None or found is None or found.state != Enrolment.State.ACTIVE:
        return redirect("phone:home")
    context = {
        "phone": phone,
        "element_url": devices.element_url(request, phone),
        "enrolment_api": _api(found),
        "next_url": reverse("phone:enrolment", args=[found.reference]),
    }
    return render(request, "phone/end.html", context)


def _choose(
    request: HttpRequest, phone: Phone | None, *, problem: str = "", chosen: str = "", status: int = 200
) -> HttpResponse:
    models = [
        {
            "code": model.code,
            "name": model.name,
            "os": f"{model.os} {model.os_version}",
            "supported": against is None,
            "reason": sentence(against) if against is not None else "",
        }
        for model, against in ((model, compatibility.reason_against(model)) for model in compatibility.MODELS)
    ]
    found = enrolments.current(phone) if phone else None
    context = {
        "stage": "choose",
        "phone": phone,
        "models": models,
        "problem": problem,
        "chosen": chosen,
        "replacing": found is not None and found.state == Enrolment.State.ACTIVE,
        "others": _others(request),
    }
    return render(request, "phone/home.html", context, status=status)


def _home(request: HttpRequest, phone: Phone) -> HttpResponse:
    context: dict[str, Any] = {"phone": phone, "stage": "empty", "others": _others(request)}
    found = enrolments.current(phone)
    if found is not None:
        mode = progress.mode(found)
        context |= {
            "stage": mode,
            "enrolment_url": reverse("phone:enrolment", args=[found.reference]),
            "certificates": details.of(found) if mode == "active" else [],
            "fallen": progress.fallen(found),
            "now_sentence": progress.now_sentence(found),
            "trouble": progress.trouble_sentence(found) or progress.now_sentence(found),
        }
    return render(request, "phone/home.html", context)


def _progress(found: Enrolment) -> dict[str, Any]:
    told = list(found.steps.all())
    mode = progress.mode(found)
    return {
        "mode": mode,
        "moving": progress.moving(found),
        "steps": progress.stages(found, told),
        "now_sentence": progress.now_sentence(found),
        "fallen": progress.fallen(found),
        "trouble": progress.trouble_sentence(found),
        "steps_url": reverse("phone:steps", args=[found.reference]),
        "seen": f"{found.state}-{found.trouble}",
    }


def _others(request: HttpRequest) -> list[dict[str, str]]:
    phones = other_phones(request)
    rows = Enrolment.objects.filter(phone__in=phones).order_by("pk")
    pairs = rows.select_related("signature_certificate", "authentication_certificate")
    newest = {found.phone_id: found for found in pairs}
    return [
        {"reference": str(phone.reference), "name": phone.name, "state": _state(newest.get(phone.pk))}
        for phone in phones
    ]


def _state(found: Enrolment | None) -> str:
    if found is None:
        return _("電子証明書なし")
    mode = progress.mode(found)
    if mode == "active" and progress.fallen(found):
        return _("カードと連動して失効しました")
    return {
        "progress": _("発行の途中"),
        "passwords": _("パスワードの設定待ち"),
        "active": _("利用中"),
        "ended": _("利用を終了"),
        "abandoned": _("申請を取りやめ"),
    }[mode]


def _api(found: Enrolment) -> str:
    return f"/api/phone/v1/enrolments/{found.reference}"


def _enrolment(request: HttpRequest, reference: uuid.UUID) -> tuple[Phone, Enrolment]:
    phone = phone_or_404(request)
    try:
        return phone, enrolments.find(phone, reference)
    except EnrolmentUnknown:
        raise Http404("no such enrolment on this phone") from None
