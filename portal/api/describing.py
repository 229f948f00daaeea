"""How a view says what it takes and answers, so that the description (OpenAPI 3.1) comes from the code.

    class CitizensView(WorkspaceView):
        @describing.operation(
            ("利用者を作る", "Make a citizen"),
            body=CitizenBody, answer=CitizenAnswer, status=201,
            asked={"name": "試験　花子"}, told=CITIZEN, problems=("citizen_unfit",),
        )
        @creating.once
        def post(self, request): ...

Parameters of the query that aren't declared are refused, by name. Problems that any operation has (no token, too many
requests, a body that doesn't fit …) are added by themselves. A test
holds every example to its schema, and every operation of both APIs to having one.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from portal.api import creating, pagination
from portal.api.bodies import Answer, Body, Sentence, read, read_query

__all__ = ["Answer", "Body", "Examples", "Sentence", "operation", "read", "read_query"]

Method = TypeVar("Method", bound=Callable[..., Any])
JSON = "application/json"
BEARER = "bearer"
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,128}$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same key, the request is answered as before, and nothing is made twice.",
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    description="The answer was given before, to the same Idempotency-Key.",
    response=[200, 201],
)
PAGES = (
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": pagination.LONGEST_PAGE, "default": pagination.PAGE},
        description="So many items on a page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` of the page before; it is in that address already."),
)


class Examples(dict[str, Any]):
    """Several examples by name, where one doesn't do."""


def operation(
    title: tuple[str, str],
    *,
    description: str = "",
    body: type[serializers.Serializer] | None = None,
    query: type[serializers.Serializer] | None = None,
    answer: type[serializers.Serializer] | None = None,
    many: bool = False,
    status: int = 200,
    media: str = JSON,
    asked: Any = None,
    told: Any = None,
    problems: Sequence[str] = (),
    pages: bool = False,
    public: bool = False,
    form: bool = False,
    name: str | None = None,
    tag: str | None = None,
) -> Callable[[Method], Method]:
    """Describe a method of a view: its title in Japanese and English, what it takes and answers.

    `asked` and `told` are examples of body and answer, or `Examples` of several. With `pages`, `answer` and `told` are
    one item of `pagination.page`; with `many` the answer is a list of `answer`. `media` is another type of answer than
    JSON (then no `answer`: text or octets); without `answer` and JSON there is no body (204). `form`: the body may
    come as a form, too. `public`: no token is asked for. `problems` are codes of the catalogue beside those that any
    operation has. `name` is the operation's id where the address doesn't make a good one.
    """

    known = {*(query().fields if query else ()), *(pagination.MEMBERS if pages else ())}

    def decorate(described: Method) -> Method:
        @functools.wraps(described)
        def method(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
            if unknown := sorted(set(request.query_params) - known):
                raise ValidationError({unknown[0]: ["There is no such parameter."]})
            return described(view, request, *args, **kwargs)

        parameters: list[Any] = [*(PAGES if pages else ()), *([query] if query else [])]
        if creating.heeds(method):
            parameters += [KEY, REPLAYED]
        told_examples = [
            OpenApiExample(each, value, response_only=True, status_codes=[str(status)], media_type=media)
            for each, value in _named(told, pages=pages)
        ]
        takes: Any = None
        if body is not None:
            kinds = (JSON, "application/x-www-form-urlencoded") if form else (JSON,)
            takes = dict.fromkeys(kinds, body)
        asked_examples = [
            OpenApiExample(each, value, request_only=True, media_type=kind)
            for kind in (takes or ())
            for each, value in _named(asked)
        ]
        # A requirement as OpenAPI has it, which the library takes and its types don't know.
        callers: list[Any] = [] if public else [{BEARER: []}]
        say = extend_schema(
            operation_id=name,
            summary=title[1],
            description=description or _text(method),
            parameters=parameters,
            request=takes,
            responses={(status, media): _response(answer, media, pages=pages, many=many)}
            if answer or media != JSON
            else {status: OpenApiResponse(description="Done.")},
            examples=[*asked_examples, *told_examples],
            auth=callers,
            extensions={
                "x-title-ja": title[0],
                "x-problems": list(dict.fromkeys(problems)),
                "x-creates": creating.heeds(method),
                "x-pages": pages,
                "x-name": name or "",
                "x-tags": [tag] if tag else [],
            },
        )
        return cast(Method, say(method))

    return decorate


def _response(answer: type[serializers.Serializer] | None, media: str, *, pages: bool, many: bool) -> Any:
    if answer is None:
        return OpenApiTypes.STR if media.startswith("text/") else OpenApiTypes.BINARY
    if not pages:
        return answer(many=True) if many else answer
    return inline_serializer(
        f"{answer.__name__}Page", {"items": answer(many=True), "next": serializers.URLField(allow_null=True)}
    )


def _named(given: Any, *, pages: bool = False) -> list[tuple[str, Any]]:
    if given is None:
        return []
    found: Mapping[str, Any] = given if isinstance(given, Examples) else {"example": given}
    return [(name, {"items": [value], "next": None} if pages else value) for name, value in found.items()]


def _text(method: Callable[..., Any]) -> str:
    return inspect.getdoc(method) or ""


class _ClosedBody(OpenApiSerializerExtension):
    """A body takes what is declared and nothing else; the description says so."""

    target_class = Body
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return schema | {"additionalProperties": False}
