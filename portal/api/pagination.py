"""Long lists a page at a time, by a cursor: what is added or taken away meanwhile moves nothing out of its place."""

import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.headers import NO_STORE

PAGE, LONGEST_PAGE = 50, 200
# Of the query; beside a list's own filters.
MEMBERS = ("cursor", "limit")
NEWEST = ("-pk",)

Row = TypeVar("Row", bound=Model)


def page(
    request: Request, queryset: QuerySet[Row], shape: Callable[[Row], Any], *, order: Sequence[str] = NEWEST
) -> Response:
    """Answer with one page: `items`, and `next`, the address of the next page or null; also as a Link (RFC 8288).

    `order` are names of columns that are never null, `-` for descending; the last one must be unique (pk, a UUID).
    `?limit=` is 1 to 200, `?cursor=` comes from `next`. Raise ValidationError.
    """
    limit = _limit(request)
    rows = queryset.order_by(*order)
    if cursor := request.query_params.get("cursor"):
        rows = rows.filter(_after(order, _read(request, queryset.model, order, cursor)))
    found = list(rows[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    following = _address(request, order, found[-1]) if more else None
    headers = NO_STORE | ({"Link": f'<{following}>; rel="next"'} if following else {})
    return Response({"items": [shape(each) for each in found], "next": following}, headers=headers)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(PAGE))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 0 < int(text) <= LONGEST_PAGE):
        raise ValidationError({"limit": [f"must be a number from 1 to {LONGEST_PAGE}"]})
    return int(text)


def _address(request: Request, order: Sequence[str], last: Model) -> str:
    values = [str(getattr(last, name.lstrip("-"))) for name in order]
    query = [(name, value) for name, value in request.query_params.items() if name != "cursor"]
    query.append(("cursor", signing.dumps(values, salt=_salt(request, order))))
    return f"{settings.PUBLIC_URL}{request.path}?{urllib.parse.urlencode(query)}"


def _read(request: Request, model: type[Model], order: Sequence[str], cursor: str) -> list[Any]:
    try:
        values = signing.loads(cursor, salt=_salt(request, order))
    except signing.BadSignature:
        raise ValidationError({"cursor": ["must be what `next` of this list gave"]}) from None
    return [_column(model, name).to_python(value) for name, value in zip(order, values, strict=True)]


def _salt(request: Request, order: Sequence[str]) -> str:
    """Return what binds a cursor to its list."""
    return f"cursor {request.path} {' '.join(order)}"


def _column(model: type[Model], name: str) -> Any:
    name = name.lstrip("-")
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Return what comes after a row: the first columns equal, the next one beyond."""
    found, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        column = name.lstrip("-")
        found |= equal & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{column: value})
    return found
