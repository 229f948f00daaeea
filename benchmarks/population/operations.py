"""Every operation of every API, found in the table of addresses; what each one's calls made the database do.

`Recorder` listens to Django's test clients, so whoever walks a whole story measures each operation that it calls on
its way. `forgotten` holds the measured ones against the table: one that is neither measured nor left out with a reason
is a fault of the benchmark.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.population.watching import Seen, Watch, told

METHODS = ("get", "post", "put", "patch", "delete")
# What isn't measured, and why.
LEFT_OUT: Mapping[str, str] = {}


def every() -> dict[str, str]:
    """Return all operations, "GET /api/v1/trust", with the name of the view."""
    from django.urls import URLPattern, get_resolver

    found = {}

    def below(resolver: Any, path: str) -> None:
        for one in resolver.url_patterns:
            here = path + str(one.pattern)
            if not isinstance(one, URLPattern):
                below(one, here)
            elif view := getattr(one.callback, "cls", None):
                for method in METHODS:
                    if hasattr(view, method):
                        found[name(method, here)] = view.__name__

    below(get_resolver(), "")
    return found


def name(method: str, route: str) -> str:
    """Return an operation's name: places of the address by their names alone."""
    return f"{method.upper()} /" + re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", route)


def forgotten(measured: Mapping[str, Any]) -> list[str]:
    """Return the operations that are neither measured nor left out."""
    return sorted(every().keys() - measured.keys() - LEFT_OUT.keys())


class Recorder:
    """Takes down each call of an operation that answers well; what is refused is kept apart."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._seen: dict[str, list[Seen]] = {}
        self.refused: dict[str, str] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to all test clients for a while."""
        from django.test import Client

        send = Client.request

        def request(client: Any, **environment: Any) -> Any:
            operation = self._operation(environment)
            if operation is None:
                return send(client, **environment)
            answers: list[Any] = []
            seen = self._watch.once(lambda: answers.append(send(client, **environment)))
            (answer,) = answers
            if answer.status_code < 300:
                self._seen.setdefault(operation, []).append(seen)
            else:
                is_json = "json" in answer.get("Content-Type", "")
                self.refused[operation] = f"{answer.status_code}: {answer.json().get('detail') if is_json else ''}"
            return answer

        Client.request = request  # type: ignore[method-assign]
        try:
            yield
        finally:
            Client.request = send  # type: ignore[method-assign]

    def figures(self) -> dict[str, dict[str, Any]]:
        """Return the figures of each operation; where there were several calls, the first was to warm up."""
        return {
            operation: told(seen[1:] or seen) | {"calls": len(seen)} for operation, seen in sorted(self._seen.items())
        }

    @staticmethod
    def _operation(environment: Mapping[str, Any]) -> str | None:
        from django.urls import Resolver404, resolve

        try:
            found = resolve(environment["PATH_INFO"])
        except Resolver404:
            return None
        return name(environment["REQUEST_METHOD"], found.route) if hasattr(found.func, "cls") else None
