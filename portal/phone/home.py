"""The phone's first page: what it holds and what can be done with it, or which phone it is to be."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from portal.phone import details, devices, holds, issuing, progress
from portal.phone.session import other_phones, phone_of, realm_of, take_up
from tsm import compatibility
from tsm import enrolment as enrolments
from tsm.models import Enrolment, Phone
from tsm.pages import sentence


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
    phone = devices.new_phone(request, model.code, realm_of(request))
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
@require_GET
def change(request: HttpRequest) -> HttpResponseBase:
    """Tell how a change to another phone goes, before one is chosen."""
    phone = phone_of(request)
    if phone is None:
        return redirect("phone:home")
    return render(request, "phone/change.html", {"phone": phone})


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
    context: dict[str, Any] = {
        "phone": phone,
        "stage": "empty",
        "others": _others(request),
        "left_at": issuing.left_at(request, phone),
    }
    found = enrolments.current(phone)
    if found is not None:
        mode = progress.mode(found)
        context |= {
            "stage": mode,
            "enrolment_url": reverse("phone:enrolment", args=[found.reference]),
            "certificates": details.of(found) if mode == "active" else [],
            "fallen": progress.fallen(found),
            "hold": holds.of(found) if mode == "active" else None,
            "now_sentence": progress.now_sentence(found),
            "trouble": progress.trouble_sentence(found) or progress.now_sentence(found),
        }
    return render(request, "phone/home.html", context)


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
    if mode == "active" and progress.held(found):
        return _("一時利用停止中")
    return {
        "progress": _("発行の途中"),
        "passwords": _("パスワードの設定待ち"),
        "active": _("利用中"),
        "ended": _("利用を終了"),
        "abandoned": _("申請を取りやめ"),
    }[mode]
