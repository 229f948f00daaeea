"""The APIs' own operations: their descriptions, and the catalogue of problems."""

import json
from typing import Any

import yaml
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api import apis, document
from portal.api.describing import Answer, Sentence, operation
from portal.problems import CATALOGUE, Problem


@require_safe
def openapi_json(request: HttpRequest, api: str) -> HttpResponse:
    """Hand out the description of an API, in JSON."""
    text = json.dumps(document.of(apis.named(api)), ensure_ascii=False, indent=1)
    return HttpResponse(text, content_type="application/json")


@require_safe
def openapi_yaml(request: HttpRequest, api: str) -> HttpResponse:
    """Hand out the description of an API, in YAML (RFC 9512)."""
    # Through JSON: what is in it twice would become an anchor.
    plain = json.loads(json.dumps(document.of(apis.named(api))))
    return HttpResponse(
        yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120), content_type="application/yaml"
    )


class ProblemAnswer(Answer):
    """One row of the catalogue of problems."""

    code = serializers.CharField()
    type = serializers.URLField(help_text="The page about it; what a problem's `type` says.")
    status = serializers.IntegerField()
    title = serializers.CharField()
    cause = serializers.CharField()
    remedy = serializers.CharField()
    retry = serializers.BooleanField(help_text="Whether the same request may succeed later.")
    citizen = Sentence()


class ProblemsAnswer(Answer):
    """The whole catalogue."""

    items = ProblemAnswer(many=True)
    next = serializers.URLField(allow_null=True)


def shape(code: str, problem: Problem) -> dict[str, Any]:
    """Return a row of the catalogue as the API tells it."""
    return {
        "code": code,
        "type": f"{settings.PUBLIC_URL}/problems/{code}",
        "status": problem.status,
        "title": problem.title,
        "cause": problem.cause,
        "remedy": problem.remedy,
        "retry": problem.may_be_retried,
        "citizen": {"ja": problem.ja, "en": problem.en},
    }


_EXAMPLE = shape("token_invalid", CATALOGUE["token_invalid"])


class ProblemsView(APIView):
    """GET: the catalogue of problems."""

    @operation(
        ("エラーの一覧を読む", "Read the catalogue of problems"),
        answer=ProblemsAnswer,
        told={"items": [_EXAMPLE], "next": None},
        public=True,
    )
    def get(self, request: Request) -> Response:
        """Tell every problem that an answer may be: cause, remedy, whether to try again, a sentence for the citizen."""
        return Response({"items": [shape(*row) for row in sorted(CATALOGUE.items())], "next": None})


class ProblemView(APIView):
    """GET: one problem."""

    @operation(
        ("エラーをひとつ読む", "Read one problem"),
        answer=ProblemAnswer,
        told=_EXAMPLE,
        public=True,
        name="problem_get",
    )
    def get(self, request: Request, code: str) -> Response:
        """Tell one row of the catalogue, by the `code` of a problem."""
        if code not in CATALOGUE:
            raise Http404("no such problem")
        return Response(shape(code, CATALOGUE[code]))
