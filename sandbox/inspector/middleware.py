"""Sees every request of the APIs; each problem's `instance` leads to it in the inspector."""

import json
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import APIException

from ca import clock
from portal.api import apis
from sandbox import trace
from sandbox.inspector import notes
from sandbox.models import InspectedRequest

logger = logging.getLogger(__name__)
ROOT = "/sandbox/api/v1/requests"
# Who reads what was written writes nothing.
UNSEEN = (ROOT, "/sandbox/api/v1/trace", "/sandbox/api/v1/openapi.", "/api/v1/openapi.")


class Inspector:
    """Middleware, of a sandbox alone. What it can't write down is answered all the same."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; keep the request and its answer where they are a workspace's."""
        if apis.at(request.path) is None or (request.method == "GET" and request.path.startswith(UNSEEN)):
            return self.get_response(request)
        at, begun = clock.machine(), time.perf_counter()
        response = self.get_response(request)
        if isinstance(response, HttpResponse):
            try:
                with transaction.atomic():
                    _keep(request, response, at=at, milliseconds=int((time.perf_counter() - begun) * 1000))
            except Exception:
                logger.exception("not inspected")
        return response


def _keep(request: HttpRequest, response: HttpResponse, **when: Any) -> None:
    asked = _asked(request, response)
    owner = notes.whose(request, asked)
    if owner is None:
        return
    reference = uuid.uuid4()
    if response.headers.get("Content-Type", "").startswith("application/problem+json"):
        problem = json.loads(response.content)
        problem["instance"] = f"{settings.PUBLIC_URL}{ROOT}/{reference}"
        response.content = json.dumps(problem, ensure_ascii=False).encode()
    _tell(notes.note(request, response, asked, owner, reference=reference, **when))


def _tell(row: InspectedRequest) -> None:
    """Put it on the time line, unless somebody merely looked at the sandbox."""
    failed = row.verdict != InspectedRequest.Verdict.ACCEPTED
    if row.method == "GET" and row.path.startswith("/sandbox/") and not failed:
        return
    data = {"request": str(row.reference), "milliseconds": row.milliseconds, "problem": row.code, "why": row.why}
    asked = f"{row.method} {row.path}"
    title = (f"{asked} に {row.status} で答えました", f"{asked} was answered {row.status}")
    trace.note(row.realm_id, "api", f"api.{row.verdict}", title=title, data=data, hand_off=row.hand_off, failed=failed)


def _asked(request: HttpRequest, response: HttpResponse) -> Any:
    """Return the body as the view read it; None for none, or one that nobody could read."""
    read = getattr(response, "renderer_context", {}).get("request")
    if read is None or (not hasattr(read, "_full_data") and _length(request) > notes.LARGEST):
        return None
    try:
        return read.data or None
    except (APIException, SuspiciousOperation, RecursionError, ValueError, OSError):
        return None


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else 0
