"""The site's outermost middleware: health, the request's id, counts, and a line in the log for each request."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from ca import correlation
from portal.observing import counting, health, tracing

logger = logging.getLogger("portal.requests")

GetResponse = Callable[[HttpRequest], HttpResponseBase]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observed:
    """Middleware: takes or gives the request its id, and counts it by route, never by address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Before everything else: who asks it by an address has no name to say, and brings no cookie.
        if request.path_info in health.ANSWERED:
            ready, told = health.ANSWERED[request.path_info]()
            return JsonResponse(told, status=200 if ready else 503, headers={"Cache-Control": "no-store"})
        came = {name: request.headers.get(name, "") for name in tracing.CARRIED}
        begun = time.perf_counter()
        with tracing.span("request", "server", came) as span:
            request_id = correlation.taken(
                request.headers.get(correlation.HEADER, ""), tracing.traceparent() or came["traceparent"]
            )
            with correlation.working_for(request_id):
                response = self.get_response(request)
                response.headers[correlation.HEADER] = request_id
                _count(request, response, time.perf_counter() - begun)
            if span is not None:
                _tell(span, request, response, request_id)
        return response


def _tell(span: Any, request: HttpRequest, response: HttpResponseBase, request_id: str) -> None:
    route = route_of(request)
    span.update_name(f"{method_of(request)} {route}")
    span.set_attributes(
        {
            "http.request.method": method_of(request),
            "http.route": route,
            "http.response.status_code": response.status_code,
            "request_id": request_id,
        }
    )
    if response.status_code >= 500:
        tracing.fail(span)


def _count(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    route = route_of(request)
    method = method_of(request)
    counting.REQUESTS.labels(route, method, response.status_code).inc()
    counting.REQUEST_SECONDS.labels(route).observe(seconds)
    if settings.LOG_REQUESTS:
        logger.info(
            "%s %s %d",
            method,
            route,
            response.status_code,
            extra={"route": route, "method": method, "status": response.status_code, "seconds": round(seconds, 4)},
        )


def method_of(request: HttpRequest) -> str:
    """Return a request's method, where it is one that there is: a label is nobody's to choose."""
    return request.method if request.method in METHODS else "other"


def route_of(request: HttpRequest) -> str:
    """Return the name of a request's route; its pattern where it has none, and nothing of what was asked for."""
    match = request.resolver_match
    if match is None:
        # Static files, addresses that there aren't, and what was answered before anybody looked.
        return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"
    return match.view_name if match.url_name else match.route
