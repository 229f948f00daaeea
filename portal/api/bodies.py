"""What an API takes and answers, as serializers: the description is made from them, and they are as strict."""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from portal.api import pagination

# What JSON says of a member; rest_framework would also take "yes" for true and 5 for "5".
_TYPES: tuple[tuple[type[serializers.Field], tuple[type, ...], str], ...] = (
    (serializers.BooleanField, (bool,), "must be true or false"),
    (serializers.IntegerField, (int,), "must be a whole number"),
    (serializers.FloatField, (int, float), "must be a number"),
    (serializers.ListField, (list,), "must be a list"),
    (serializers.CharField, (str,), "must be a text"),
    (serializers.ChoiceField, (str,), "must be a text"),
    (serializers.UUIDField, (str,), "must be a text"),
    (serializers.DateTimeField, (str,), "must be a text"),
    (serializers.DateField, (str,), "must be a text"),
)
# The same of a member of a query.
_TEXTS: tuple[tuple[type[serializers.Field], re.Pattern[str]], ...] = (
    (serializers.BooleanField, re.compile("true|false")),
    (serializers.IntegerField, re.compile("-?[0-9]{1,19}")),
)


class Body(serializers.Serializer[Any]):
    """The members of a request's body, or of its query. What isn't declared is refused, by name."""

    def to_internal_value(self, data: Any) -> Any:
        """Return what was read; raise ValidationError."""
        if isinstance(data, Mapping):
            wrong = {str(name): ["There is no such member."] for name in data if name not in self.fields}
            wrong |= self._wrong_texts(data) if self.context.get("query") else self._wrong_types(data)
            if wrong:
                raise ValidationError(wrong)
        return super().to_internal_value(data)

    def _wrong_types(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        wrong = {}
        for name, field in self.fields.items():
            value = data.get(name)
            kind = next((each for each in _TYPES if isinstance(field, each[0])), None)
            if value is None or kind is None:
                continue
            if not isinstance(value, kind[1]) or (isinstance(value, bool) and bool not in kind[1]):
                wrong[name] = [kind[2]]
        return wrong

    def _wrong_texts(self, data: Mapping[str, str]) -> dict[str, list[str]]:
        wrong = {}
        for name, field in self.fields.items():
            pattern = next((pattern for kind, pattern in _TEXTS if isinstance(field, kind)), None)
            if name in data and pattern and not pattern.fullmatch(data[name]):
                wrong[name] = [f"must match {pattern.pattern}"]
        return wrong


class Answer(serializers.Serializer[Any]):
    """The members of an answer. Views answer with plain data; this says what it looks like."""


class Sentence(Answer):
    """A sentence, in both languages."""

    ja = serializers.CharField()
    en = serializers.CharField()


def read(request: Request, kind: type[Body], *, partial: bool = False) -> dict[str, Any]:
    """Return the members of the request's body as `kind` has them. `partial` for PATCH. Raises ValidationError."""
    if not isinstance(request.data, Mapping):
        raise ValidationError({"body": ["must be an object"]})
    return _read(kind(data=request.data, partial=partial))


def read_query(request: Request, kind: type[Body]) -> dict[str, Any]:
    """Return the members of the request's query as `kind` has them, beside a page's own. Raises ValidationError."""
    pages = set(pagination.MEMBERS) - set(kind().fields)
    # Plain texts: of a QueryDict rest_framework would take an empty one for none.
    data = {name: value for name, value in request.query_params.items() if name not in pages}
    return _read(kind(data=data, context={"query": True}))


def _read(reader: Body) -> dict[str, Any]:
    reader.is_valid(raise_exception=True)
    found: dict[str, Any] = reader.validated_data
    return found
