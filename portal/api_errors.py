"""What an API answers to an exception: a problem (RFC 9457), whose code leads to its row in the catalogue."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from portal.handoff.sentences import ANSWERS, REFUSALS
from portal.phone.sentences import APPLICATION, CARD_SIGN_IN
from portal.problems import CATALOGUE
from whitelist.register import Text

logger = logging.getLogger(__name__)


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception of a view as a problem; what nobody foresaw is logged and told as `server_error`."""
    del context
    set_rollback()
    if isinstance(error, Http404):
        return respond("not_found", str(error))
    if isinstance(error, exceptions.ValidationError):
        return respond("invalid_request", "see errors", errors=error.detail)
    if isinstance(error, SuspiciousOperation | RecursionError):
        return respond("invalid_request", "the body is too large or too deep")
    if isinstance(error, exceptions.ParseError):
        return respond("invalid_request", str(error))
    if isinstance(error, exceptions.APIException):
        code = {
            401: "not_authenticated",
            403: "permission_denied",
            404: "not_found",
            405: "method_not_allowed",
            415: "unsupported_media_type",
        }.get(error.status_code, "invalid_request")
        response = respond(code, str(error.detail))
        if getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
        return response
    known = getattr(error, "code", None)
    if isinstance(known, str) and known in CATALOGUE:
        return respond(known, str(error), **getattr(error, "data", {}))
    logger.error("unforeseen", exc_info=error)
    return respond("server_error", "")


def respond(code: str, detail: str, **members: Any) -> Response:
    """Answer with the problem of that code."""
    problem = body(code, detail, **members)
    return Response(problem, status=problem["status"], content_type="application/problem+json")


def body(code: str, detail: str, **members: Any) -> dict[str, Any]:
    """Return the problem of that code (RFC 9457 3); `members` are its extension members."""
    problem = CATALOGUE[code]
    told = _sentence(code, members) or Text(problem.ja, problem.en)
    return {
        "type": f"{settings.PUBLIC_URL}/problems/{code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail or problem.cause,
        "code": code,
        "retry": problem.may_be_retried,
        "citizen": {"ja": told.ja, "en": told.en},
        **members,
    }


def _sentence(code: str, members: dict[str, Any]) -> Text | None:
    """Return what says more than the catalogue's row, where the reason is known."""
    if code == "handoff_refused":
        return REFUSALS.get(members.get("reason", ""))
    reasons = {
        "application_refused": APPLICATION,
        "answer_refused": ANSWERS,
        "card_sign_in_refused": CARD_SIGN_IN,
    }.get(code, {})
    return next((told for reason, told in reasons.items() if reason in members.get("reasons", ())), None)
