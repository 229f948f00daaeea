"""The pages for developers, each as HTML and as Markdown; and llms.txt, the list of the latter (llmstxt.org)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_safe

from portal.api import apis
from portal.developers import reading
from portal.handoff.api import token_endpoint
from portal.problems import CATALOGUE

MARKDOWN = "text/markdown; charset=utf-8"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show where to begin, and every operation of every API."""
    return render(request, "developers/index.html", {"apis": _apis()})


@require_safe
def operation(request: HttpRequest, api: str, name: str) -> HttpResponse:
    """Show one operation."""
    context = {"operation": reading.operation(api, name), "audience": token_endpoint()}
    return render(request, "developers/operation.html", context)


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """Show the catalogue of problems."""
    return render(request, "developers/problems.html", {"problems": sorted(CATALOGUE.items())})


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Show one row of the catalogue: what a problem's `type` leads to."""
    if code not in CATALOGUE:
        raise Http404("no such problem")
    return render(request, "problem.html", {"code": code, "problem": CATALOGUE[code], "operations": _refusing(code)})


# --- as Markdown, in English
@require_safe
def index_md(request: HttpRequest) -> HttpResponse:
    """Tell it as Markdown."""
    return _markdown("developers/index.md", {"apis": _apis()})


@require_safe
def operation_md(request: HttpRequest, api: str, name: str) -> HttpResponse:
    """Tell it as Markdown."""
    return _markdown("developers/operation.md", {"operation": reading.operation(api, name)})


@require_safe
def problems_md(request: HttpRequest) -> HttpResponse:
    """Tell it as Markdown."""
    return _markdown("developers/problems.md", {"problems": sorted(CATALOGUE.items())})


@require_safe
def problem_md(request: HttpRequest, code: str) -> HttpResponse:
    """Tell it as Markdown."""
    if code not in CATALOGUE:
        raise Http404("no such problem")
    return _markdown("developers/problem.md", {"code": code, "problem": CATALOGUE[code], "operations": _refusing(code)})


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """Tell programs that read for people where everything is written."""
    return _markdown("developers/llms.txt", {"apis": _apis()}, content_type="text/plain; charset=utf-8")


def _apis() -> list[dict[str, Any]]:
    return [
        {
            "api": api,
            "title": reading.said(api.title),
            "text": reading.said(api.text),
            "operations": reading.operations(api),
        }
        for api in apis.every()
    ]


def _refusing(code: str) -> list[reading.Operation]:
    """Return the operations that answer with a problem."""
    return [
        each
        for api in apis.every()
        for each in reading.operations(api)
        if code in {found for found, _ in each.problems}
    ]


def _markdown(template: str, context: Mapping[str, Any], *, content_type: str = MARKDOWN) -> HttpResponse:
    with translation.override("en"):
        text = render_to_string(template, {**context, "public_url": settings.PUBLIC_URL})
    return HttpResponse(text, content_type=content_type)
