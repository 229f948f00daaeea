"""The inspector: the workspace's last requests to the APIs, each with its verdict and why."""

import json
import uuid
from typing import Any

from django.http import Http404, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from sandbox.console.access import WorkspaceRequest, page, shown
from sandbox.models import InspectedRequest

PAGE = 50
VERDICTS: dict[str, tuple[str, Promise]] = {
    InspectedRequest.Verdict.ACCEPTED: ("success", gettext_lazy("受け付けた")),
    InspectedRequest.Verdict.REFUSED: ("warning", gettext_lazy("断った")),
    InspectedRequest.Verdict.FAILED: ("error", gettext_lazy("こちらの失敗")),
}


@page()
def listing(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the last requests, newest first; `?verdict` chooses, `?before` goes back."""
    rows = InspectedRequest.objects.filter(realm=request.workspace.realm).order_by("-pk")
    verdict = request.GET.get("verdict", "")
    if verdict in VERDICTS:
        rows = rows.filter(verdict=verdict)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 18:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.defer("headers", "body", "answer_headers", "answer")[: PAGE + 1])
    context = {
        "requests": [_row(one) for one in found[:PAGE]],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "verdicts": [(value, name, value == verdict) for value, (_tone, name) in VERDICTS.items()],
        "verdict": verdict if verdict in VERDICTS else "",
    }
    return shown(request, "workspace/inspector.html", context)


@page()
def one(request: WorkspaceRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Show one request with headers, bodies, the verdict and why."""
    found = InspectedRequest.objects.filter(realm=request.workspace.realm, reference=reference).first()
    if found is None:
        raise Http404("no such request in this workspace, or it is gone")
    context = {**_row(found), "body": _pretty(found.body), "answer": _pretty(found.answer)}
    return shown(request, "workspace/request.html", context)


def _row(found: InspectedRequest) -> dict[str, Any]:
    tone, name = VERDICTS[found.verdict]
    return {"row": found, "tone": tone, "verdict_name": name}


def _pretty(value: Any) -> str:
    if value in (None, ""):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
