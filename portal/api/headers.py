"""What every answer of the APIs carries: their version, what is left to ask for, and what goes away when.

Below an API's address also what no view answers is a problem, and English: a program reads it.
"""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from portal import api_errors
from portal.api import apis, sunsets

# Of answers that no view of the APIs made.
CODES = {400: "invalid_request", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed"}
# Beside the APIs with a description: below these addresses, too, it is a program that reads, a phone's.
PROGRAMS = ("/api/phone/", "/gp/seram/")
# Of answers that nobody may keep on the way: a key, a code, a state that moves.
NO_STORE = {"Cache-Control": "no-store"}
Answer = Callable[[HttpRequest], HttpResponseBase]


class ApiHeaders:
    """Middleware."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and add the headers."""
        if apis.at(request.path) is None:
            response = self.get_response(request)
            return _told(response) if request.path.startswith(PROGRAMS) else response
        with translation.override("en"):
            response = _told(self.get_response(request))
        response["Api-Version"] = apis.VERSION
        response["Content-Language"] = "en"
        patch_vary_headers(response, ["Authorization"])
        if left := getattr(request, "api_left", None):
            _add(response, left.headers)
        if sunset := sunsets.of(request.method or "", request.path):
            told = sunset.headers
            if "Link" in response:
                told["Link"] = f"{response['Link']}, {told['Link']}"
            _add(response, told)
        return response


def _told(response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer, as a problem where it would be a page."""
    if response.status_code >= 400 and response.headers.get("Content-Type", "").startswith("text/html"):
        return _problem(CODES.get(response.status_code, "server_error"), response)
    return response


def _add(response: HttpResponseBase, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        response[name] = value


def _problem(code: str, was: HttpResponseBase) -> HttpResponse:
    body = api_errors.body(code, "")
    made = JsonResponse(
        body,
        status=body["status"],
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )
    if "Allow" in was:
        made["Allow"] = was["Allow"]
    return made
