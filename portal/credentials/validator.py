"""What is wrong with a client assertion: each check, passed or failed. Nothing of what is pasted is kept or used up."""

import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from portal.credentials.sentences import CHECKS
from portal.handoff.api import token_endpoint
from portal.providers.access import MemberRequest, member
from whitelist.credentials import assertions
from whitelist.models import RelyingParty


@member()
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("assertion")
def validator(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Look at an assertion of one of the organisation's services."""
    rows = RelyingParty.objects.filter(organisation=request.membership.organisation)
    only = frozenset(rows.values_list("client_id", flat=True))
    return _look(request, only, {"frame": "accounts/narrow.html", "organisation": request.membership.organisation})


@never_cache
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("assertion")
def anybody(request: HttpRequest) -> HttpResponseBase:
    """Look at an assertion of any service: in a sandbox, for whoever tries it out without an account."""
    return _look(request, None, {"frame": "credentials/anybody.html"})


@sensitive_variables()
def _look(request: HttpRequest, only: frozenset[str] | None, context: dict[str, Any]) -> HttpResponseBase:
    pasted = "".join(request.POST.get("assertion", "").split())
    context |= {"endpoint": token_endpoint(), "asked": request.method == "POST"}
    if pasted:
        found = assertions.examine(pasted, audience=token_endpoint(), only=only)
        language = get_language()
        context |= {
            "checks": [
                {
                    "name": CHECKS[one.check].name.in_language(language),
                    "remedy": CHECKS[one.check].remedy.in_language(language),
                    "outcome": "passed" if one.holds else "failed" if one.looked_at else "moot",
                    "detail": _written(one.failure.detail) if one.failure else "",
                }
                for one in found.findings
            ],
            "failed": sum(one.failure is not None for one in found.findings),
            "header": _readable(found.header),
            "claims": _readable(found.claims),
        }
    return render(
        request, "credentials/validator.html", context, status=400 if context["asked"] and not pasted else 200
    )


def _readable(members: dict[str, Any]) -> str:
    return _written(json.dumps(members, ensure_ascii=False, indent=2, default=str)[:9000]) if members else ""


def _written(text: str) -> str:
    """Return a text that can be sent: JSON may escape halves of characters, which UTF-8 doesn't have."""
    return text.encode("utf-8", "backslashreplace").decode()
