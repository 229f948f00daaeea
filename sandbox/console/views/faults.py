"""Faults: which are armed, and the catalogue of what can go wrong, each armed for a scope."""

import uuid
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from sandbox import faults
from sandbox.console import words
from sandbox.console.access import WorkspaceRequest, page, shown, typed
from sandbox.errors import SandboxError
from sandbox.faults import arming
from sandbox.faults.catalogue import ALL, CATALOGUE, Named, Parameter, Place, Reaction

PLACES: dict[str, Promise] = {
    Place.RESULT: gettext_lazy("受け取る結果"),
    Place.RETURN: gettext_lazy("戻ってくるとき"),
    Place.OCSP: gettext_lazy("OCSPの答え"),
    Place.CRL: gettext_lazy("失効リスト"),
    Place.TSM: gettext_lazy("TSMとスマホの間"),
    Place.ELEMENT: gettext_lazy("チップとの間"),
    Place.TRUST: gettext_lazy("信頼する認証局の一覧"),
}
REACTIONS: dict[str, Promise] = {
    Reaction.REJECT: gettext_lazy("受け入れない"),
    Reaction.ASK_AGAIN: gettext_lazy("まだわからないとして、もう一度尋ねる"),
    Reaction.RESUME: gettext_lazy("途切れたところから続ける"),
}
ENDED = 10


@page()
def listing(request: WorkspaceRequest) -> HttpResponseBase:
    """Show what is armed, what has ended lately, and the catalogue by the place where each acts."""
    realm = request.workspace.realm
    ended = faults.of(realm).filter(ended_at__isnull=False).order_by("-pk")[:ENDED]
    context = {
        "armed": [_armed(fault) for fault in faults.standing(realm).order_by("-pk")],
        "ended": [_armed(fault) for fault in ended],
        "places": [(PLACES[place], [_told(one) for one in ALL if one.place == place]) for place in Place],
    }
    return shown(request, "workspace/faults.html", context)


@page("GET", "HEAD", "POST", acts=True)
def arm(request: WorkspaceRequest, name: str) -> HttpResponseBase:
    """Ask for whom a fault is, and arm it."""
    if name not in CATALOGUE:
        raise Http404("no such fault")
    fault = CATALOGUE[name]
    if request.method != "POST":
        return _form(request, fault, {})
    try:
        faults.arm(
            request.workspace.realm,
            name,
            hand_off=_uuid(typed(request, "hand_off")),
            client=typed(request, "client"),
            requests=_whole(typed(request, "requests")),
            rate=_share(typed(request, "rate")),
            **_parameters(request, fault),
        )
    except SandboxError as error:
        return _form(request, fault, {"problem": words.sentence(error.code), "detail": str(error)}, status=400)
    return redirect("workspace:faults", request.membership.organisation.reference)


@page("POST", acts=True)
def disarm(request: WorkspaceRequest, fault: uuid.UUID) -> HttpResponseBase:
    """Take a fault away."""
    try:
        faults.disarm(faults.find(request.workspace.realm, fault))
    except SandboxError:
        raise Http404("no such fault in this workspace") from None
    return redirect("workspace:faults", request.membership.organisation.reference)


def _form(request: WorkspaceRequest, fault: Named, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    place = Place(fault.place)
    context = {
        "fault": _told(fault),
        "by_client": place in arming.BY_CLIENT,
        "by_hand_off": place in arming.BY_HAND_OFF,
        "parameters": [
            {
                "name": name,
                "label": one.ja if _japanese() else one.en,
                "choices": one.choices,
                "value": request.POST.get(f"parameter-{name}", one.default),
            }
            for name, one in fault.parameters.items()
        ],
        "typed": request.POST,
        **context,
    }
    return shown(request, "workspace/fault.html", context, status=status)


def _told(fault: Named) -> dict[str, Any]:
    language = 0 if _japanese() else 1
    return {
        "name": fault.name,
        "title": fault.title[language],
        "what": fault.what[language],
        "reaction": REACTIONS[fault.reaction],
        "place": PLACES[fault.place],
    }


def _armed(fault: Any) -> dict[str, Any]:
    return {"row": fault, "told": _told(CATALOGUE[fault.name]) if fault.name in CATALOGUE else {"title": fault.name}}


def _parameters(request: WorkspaceRequest, fault: Named) -> dict[str, Any]:
    """Return what was typed for each parameter as its kind; what is empty isn't said."""
    given = {name: typed(request, f"parameter-{name}") for name in fault.parameters}
    return {name: _value(fault.parameters[name], text) for name, text in given.items() if text}


def _value(parameter: Parameter, text: str) -> Any:
    if parameter.kind is bool:
        return text in ("true", "True", "1", "on")
    if parameter.kind is int and text.lstrip("-").isascii() and text.lstrip("-").isdecimal():
        return int(text)
    return text


def _whole(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # no number: refused by name


def _share(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        return -1.0  # no share: refused by name


def _uuid(text: str) -> uuid.UUID | str | None:
    try:
        return uuid.UUID(text.strip()) if text.strip() else None
    except ValueError:
        return uuid.UUID(int=0)


def _japanese() -> bool:
    return get_language() == "ja"
