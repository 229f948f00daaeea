"""The description, read for pages: operations with their members as rows of tables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.translation import get_language

from portal.api import apis, document, sunsets
from portal.api.apis import Api
from portal.developers import calls, snippets
from portal.developers.calls import Call
from portal.problems import CATALOGUE, Problem

DEEPEST = 5


@dataclass(frozen=True)
class Member:
    """One row of a table: a member of a body, or a parameter. `name` has the way to it: `answers[].status`."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True)
class Example:
    """An example, as JSON that a person reads."""

    name: str
    written: str


@dataclass(frozen=True)
class Snippet:
    """A call in one language."""

    language: str
    mark: str
    code: str


@dataclass(frozen=True)
class Operation:
    """One operation of an API."""

    api: Api
    id: str
    tag: str
    method: str
    path: str
    titles: tuple[str, str]
    text: str
    token: bool
    parameters: list[dict[str, Any]]
    asked: list[Member]
    asked_examples: list[Example]
    status: str
    told: list[Member]
    told_kind: str
    told_examples: list[Example]
    problems: list[tuple[str, Problem]]
    call: Call
    sunset: sunsets.Sunset | None

    @property
    def title(self) -> str:
        """Return the title in the language of the page."""
        return said(self.titles)

    @property
    def snippets(self) -> list[Snippet]:
        """Return the first example in every language."""
        return [Snippet(name, mark, write(self.call)) for name, mark, write in snippets.LANGUAGES]


def said(pair: tuple[str, str]) -> str:
    """Return the Japanese or the English, whichever the page is in."""
    return pair[0] if get_language() == "ja" else pair[1]


def operations(api: Api) -> list[Operation]:
    """Return an API's operations, by what they are about."""
    whole = document.of(api)
    found = [
        _operation(api, whole, path, method, each)
        for path, methods in whole["paths"].items()
        for method, each in methods.items()
    ]
    return sorted(found, key=lambda each: (each.tag, each.path, each.method != "GET"))


def operation(slug: str, name: str) -> Operation:
    """Return one operation. Raises Http404."""
    found = next((each for each in operations(apis.named(slug)) if each.id == name), None)
    if found is None:
        raise Http404("no such operation")
    return found


def _operation(api: Api, whole: dict[str, Any], path: str, method: str, given: dict[str, Any]) -> Operation:
    body: dict[str, dict[str, Any]] = given.get("requestBody", {}).get("content", {})
    asked = body.get(calls.JSON, {})
    status, answer = next((status, each) for status, each in given["responses"].items() if status.startswith("2"))
    content: dict[str, dict[str, Any]] = answer.get("content", {})
    kind = next(iter(content), "")
    told = content.get(kind, {})
    return Operation(
        api=api,
        id=given["operationId"],
        tag=given["tags"][0],
        method=method.upper(),
        path=path,
        titles=(given.get("x-title-ja", given.get("summary", "")), given.get("summary", "")),
        text=given.get("description", ""),
        token=bool(given.get("security")),
        parameters=[
            {
                "name": each["name"],
                "place": each["in"],
                "kind": _kind(whole, each["schema"]),
                "required": each.get("required", False),
                "text": each.get("description", ""),
                "example": calls.example_of(each) if each["in"] == "path" else "",
            }
            for each in given.get("parameters", ())
        ],
        asked=list(_members(whole, asked.get("schema", {}))),
        asked_examples=_examples(asked),
        status=status,
        told=list(_members(whole, told.get("schema", {}))),
        told_kind=kind,
        told_examples=_examples(told) if kind == calls.JSON else [],
        problems=[(code, CATALOGUE[code]) for code in given.get("x-problems", ())],
        call=calls.of(path, method, given),
        sunset=sunsets.of(method.upper(), path),
    )


def _examples(content: dict[str, Any]) -> list[Example]:
    return [
        Example(each.get("summary") or name, json.dumps(each["value"], ensure_ascii=False, indent=2))
        for name, each in content.get("examples", {}).items()
    ]


def _members(whole: dict[str, Any], schema: dict[str, Any], before: str = "", depth: int = 0) -> Iterator[Member]:
    """Return a row for each member of an object, and of what stands in it."""
    schema = _resolved(whole, schema)
    while schema.get("type") == "array":
        before, schema = f"{before}[]", _resolved(whole, schema["items"])
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        full = f"{before}.{name}" if before else name
        inner = _resolved(whole, each)
        yield Member(
            full, _kind(whole, each), name in required, each.get("description") or inner.get("description", "")
        )
        if depth < DEEPEST:
            yield from _members(whole, inner, full, depth + 1)


def _resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference refers to; of something, or null, or an empty text, the something."""
    if "$ref" in schema:
        found: dict[str, Any] = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return found
    for way in ("oneOf", "anyOf", "allOf"):
        if way in schema:
            real = [each for each in schema[way] if each.get("type") != "null" and each.get("maxLength") != 0]
            if len(real) == 1:
                return _resolved(whole, real[0])
    return schema


def _kind(whole: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return a schema in few words: `text, at most 64`, `one of a · b or null`."""
    inner = _resolved(whole, schema)
    kinds = inner.get("type", "object" if "properties" in inner else "")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    null = "null" in kinds or any(
        each.get("type") == "null" for way in ("oneOf", "anyOf") for each in schema.get(way, ())
    )
    kind = next((each for each in kinds if each not in ("null", "")), "")
    if "enum" in inner:
        words = " · ".join(str(each) for each in inner["enum"] if each is not None)
    elif kind == "array":
        words = f"list of {_kind(whole, inner.get('items', {}))}"
    else:
        words = {"string": "text", "": "anything"}.get(kind, kind)
        words += f" ({inner['format']})" if "format" in inner else ""
        words += _bounds(inner)
    return f"{words} or null" if null else words


def _bounds(schema: dict[str, Any]) -> str:
    told = ""
    if "maxLength" in schema:
        told += f", at most {schema['maxLength']}"
    if "minimum" in schema or "maximum" in schema:
        told += f", {schema.get('minimum', '')}…{schema.get('maximum', '')}"
    return told
