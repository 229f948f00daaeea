"""The description of an API (OpenAPI 3.1), made from the code once a process."""

import functools
import re
import threading
from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator

from portal import api_errors
from portal.api import apis
from portal.api.describing import BEARER
from portal.problems import CATALOGUE

PROBLEM_JSON = "application/problem+json"
MAKING = threading.Lock()  # drf_spectacular counts and names things globally

# RFC 9457 3.1, and what this house adds.
PROBLEM = {
    "type": "object",
    "description": "What is wrong (RFC 9457). `type` leads to the page about it; some problems have further members.",
    "required": ["type", "title", "status", "detail", "code", "retry", "citizen"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong this time."},
        "code": {"type": "string", "description": "Stable; a row of `/api/v1/problems`."},
        "retry": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "citizen": {
            "type": "object",
            "description": "A sentence for the citizen.",
            "required": ["ja", "en"],
            "properties": {"ja": {"type": "string"}, "en": {"type": "string"}},
        },
        "instance": {
            "type": "string",
            "format": "uri",
            "description": "In a workspace: this very request in the inspector.",
        },
        "errors": {"type": "object", "description": "Of `invalid_request`: what is wrong, by member."},
    },
}
HEADERS = {
    "RateLimit": 'How much is left in this window: `"credential";r=1199;t=60`.',
    "RateLimit-Policy": 'How much there is: `"credential";q=1200;w=60`.',
    "Retry-After": "So many seconds to wait.",
    "Api-Version": "The version of this API.",
}


def of(api: apis.Api) -> dict[str, Any]:
    """Return the whole description of one API. It is kept: leave it as it is."""
    with MAKING:
        return _made(api, settings.PUBLIC_URL)


@functools.lru_cache(maxsize=8)
def _made(api: apis.Api, public_url: str) -> dict[str, Any]:
    class Endpoints(EndpointEnumerator):
        def get_api_endpoints(self, patterns: Any = None, prefix: str = "") -> Any:
            return [each for each in super().get_api_endpoints(patterns, prefix) if each[0].startswith(api.prefix)]

    class Generator(SchemaGenerator):
        endpoint_inspector_cls = Endpoints

    schema: dict[str, Any] = Generator(urlconf=settings.ROOT_URLCONF).get_schema(public=True)
    _tidy(schema)
    schema["info"] = {
        "title": api.title[1],
        "version": apis.VERSION,
        "description": api.text[1],
        "x-title-ja": api.title[0],
    }
    schema["servers"] = [{"url": public_url}]
    parts = schema.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    parts["headers"] = {name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()}
    parts["securitySchemes"] = {
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "What `POST /api/v1/token` gives, for five minutes.",
        }
    }
    used: set[str] = set()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            used |= _finish(api, path, method, operation)
    parts["examples"] = {
        code: {"summary": CATALOGUE[code].title, "value": api_errors.body(code, "")} for code in sorted(used)
    }
    return schema


def _tidy(part: Any) -> None:
    """Take out what drf_spectacular notes for itself, and what it says twice."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
        if {} in part.get("oneOf", ()):
            # Whatever JSON there is, null too; `oneOf` would have it be one of the two alone.
            del part["oneOf"]
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _tidy(each)


def _finish(api: apis.Api, path: str, method: str, operation: dict[str, Any]) -> set[str]:
    """Add what every operation has; return the codes of its problems."""
    if not operation.pop("x-name", ""):
        operation["operationId"] = _id(api, path, method, operation)
    operation["tags"] = operation.get("x-tags") or [path.removeprefix(api.prefix).split("/")[0]]
    operation.pop("x-tags", None)
    for response in operation["responses"].values():
        response.setdefault("headers", {}).update(_headers("Api-Version", "RateLimit", "RateLimit-Policy"))
        response["description"] = response.get("description") or "Done."
    codes = list(dict.fromkeys([*operation.get("x-problems", ()), *_common(api, path, operation)]))
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(CATALOGUE[code].status, []).append(code)
    for status, each in sorted(by_status.items()):
        more = ("Retry-After", "RateLimit", "RateLimit-Policy") if status == HTTPStatus.TOO_MANY_REQUESTS else ()
        operation["responses"][str(status)] = {
            "description": " · ".join(f"`{code}`" for code in each),
            "headers": _headers("Api-Version", *more),
            "content": {
                PROBLEM_JSON: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in each},
                }
            },
        }
    operation["x-problems"] = codes
    return set(codes)


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _common(api: apis.Api, path: str, operation: dict[str, Any]) -> list[str]:
    codes = []
    if "requestBody" in operation:
        codes += ["unsupported_media_type"]
    codes += ["invalid_request"]
    if "{" in path:
        codes += ["not_found"]
    if operation.get("x-creates"):
        codes += ["idempotency_key_used", "idempotency_key_in_progress"]
    if operation.get("security"):
        codes += ["token_invalid", "too_many_requests", *api.problems]
    return codes


def _id(api: apis.Api, path: str, method: str, operation: dict[str, Any]) -> str:
    """Return the operation's name: `handoffs_create`, `handoffs_get`, `handoffs_redeem`."""
    words = [word for word in path.removeprefix(api.prefix).split("/") if word and not word.startswith("{")]
    noun = "_".join(re.sub(r"\W+", "_", word) for word in words)
    verb = {
        "get": "list" if operation.get("x-pages") else "get",
        "post": "create" if "201" in operation["responses"] else "",
        "patch": "change",
        "delete": "delete",
        "put": "replace",
    }[method]
    return "_".join(filter(None, (noun, verb)))
