"""The inspector over HTTP: GET /sandbox/api/v1/requests, newest first, and one of them."""

import uuid
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import pagination
from portal.api.describing import Answer, Body, operation, read_query
from portal.api.headers import NO_STORE
from sandbox.api.views import WorkspaceView
from sandbox.models import InspectedRequest

VERDICTS = InspectedRequest.Verdict.values


class RequestsQuery(Body):
    """Which requests."""

    verdict = serializers.ChoiceField(VERDICTS, required=False)
    code = serializers.RegexField(r"^[a-z0-9_]{1,64}$", required=False, help_text="A problem's code.")
    path = serializers.RegexField(r"^/[!-~]{0,199}$", required=False, help_text="What the address begins with.")
    hand_off = serializers.UUIDField(required=False)


class RequestAnswer(Answer):
    """A request, in short."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField(help_text="The machine's time.")
    milliseconds = serializers.IntegerField()
    method = serializers.CharField()
    path = serializers.CharField()
    query = serializers.CharField(allow_blank=True)
    key_id = serializers.CharField(allow_null=True, help_text="The key whose token was shown.")
    status = serializers.IntegerField()
    verdict = serializers.ChoiceField(VERDICTS)
    code = serializers.CharField(allow_null=True, help_text="The problem's, or the register's reason.")
    why = serializers.CharField(allow_null=True)
    hand_off = serializers.UUIDField(allow_null=True)


class WholeRequestAnswer(RequestAnswer):
    """A request with its answer; secrets are masked, what is too long is cut."""

    headers = serializers.DictField(child=serializers.CharField(allow_blank=True))
    body = serializers.JSONField()
    answer_headers = serializers.DictField(child=serializers.CharField(allow_blank=True))
    answer = serializers.JSONField()


def shape(row: InspectedRequest) -> dict[str, Any]:
    """Return a request in short."""
    return {
        "id": str(row.reference),
        "at": row.at.isoformat(),
        "milliseconds": row.milliseconds,
        "method": row.method,
        "path": row.path,
        "query": row.query,
        "key_id": row.key_id or None,
        "status": row.status,
        "verdict": row.verdict,
        "code": row.code or None,
        "why": row.why or None,
        "hand_off": str(row.hand_off) if row.hand_off else None,
    }


def whole(row: InspectedRequest) -> dict[str, Any]:
    """Return a request with all that was kept of it."""
    return {
        **shape(row),
        "headers": row.headers,
        "body": row.body,
        "answer_headers": row.answer_headers,
        "answer": row.answer,
    }


_TOLD = {
    "id": "0b9f6c1e-8d57-4a35-9f3e-0d1c2b3a4f55",
    "at": "2026-11-27T00:00:00+00:00",
    "milliseconds": 12,
    "method": "POST",
    "path": "/api/v1/handoffs",
    "query": "",
    "key_id": "key-1",
    "status": 400,
    "verdict": "refused",
    "code": "handoff_request_invalid",
    "why": "return_url must be a text Correct that member.",
    "hand_off": None,
}
_WHOLE = _TOLD | {
    "headers": {"Content-Type": "application/json", "Authorization": "••"},
    "body": {"purpose": "user_authentication"},
    "answer_headers": {"Content-Type": "application/problem+json"},
    "answer": {"code": "handoff_request_invalid", "member": "return_url"},
}


class Requests(WorkspaceView):
    """GET: the last requests."""

    @operation(
        ("最近の要求の一覧", "List the last requests"),
        query=RequestsQuery,
        answer=RequestAnswer,
        told=_TOLD,
        pages=True,
    )
    def get(self, request: Request) -> Response:
        """Tell what the workspace asked of both APIs, newest first: the verdict on each, and why."""
        wanted = read_query(request, RequestsQuery)
        rows = InspectedRequest.objects.filter(realm=self.realm)
        if path := wanted.pop("path", None):
            rows = rows.filter(path__startswith=path)
        return pagination.page(request, rows.filter(**wanted), shape)


class OneRequest(WorkspaceView):
    """GET: one request."""

    @operation(("要求をひとつ見る", "See one request"), answer=WholeRequestAnswer, told=_WHOLE, name="request_get")
    def get(self, request: Request, reference: uuid.UUID) -> Response:
        """Tell a request with headers, bodies, verdict and why. A problem's `instance` leads here."""
        found = InspectedRequest.objects.filter(realm=self.realm, reference=reference).first()
        if found is None:
            raise Http404("no such request in this workspace, or it is gone")
        return Response(whole(found), headers=NO_STORE)
