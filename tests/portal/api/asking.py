"""Who asks every operation of an API at random, within its description and beside it, and holds each answer to it."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import hypothesis
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from portal.developers import calls
from portal.wsgi import application

# Whoever asks: never our error, never a status, a header or a member that isn't described.
ALWAYS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Of who may ask also that what doesn't fit is refused.
CHECKS = [*ALWAYS, negative_data_rejection]


def operations_of(described: dict[str, Any], location: str) -> list[Any]:
    """Return the operations of a description, in the order in which they are asked for."""
    schema = schemathesis.openapi.from_dict(strict(described))
    schema.app, schema.location = application, location
    return sorted((found.ok() for found in schema.get_all_operations()), key=_in_turn)


def _in_turn(operation: Any) -> tuple[int, int, str]:
    """Make things first, so that there is something to be asked for; take them away last."""
    return (
        ["post", "get", "put", "patch", "delete"].index(operation.method),
        operation.path.count("/"),
        operation.path,
    )


class Asker:
    """Asks for operations: of things that there are, by what it was told before, and of things that there aren't."""

    def __init__(self, headers: Mapping[str, str], *, examples: int = 5, checks: Sequence[Any] = CHECKS) -> None:
        """`examples`: of each operation so many requests that fit its description, and so many that don't."""
        self.headers, self.checks = headers, checks
        self.bounded = hypothesis.settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        self.asked: dict[str, list[int]] = {}
        self.wrong: list[str] = []
        # Names of what there is, by the address of its list, or by the name of a query's member.
        self.known: dict[str, list[str]] = {}
        self.learns = True

    def ask_all(self, operations: Sequence[Any]) -> None:
        """Ask for each: as its example does, within its description, and beside it."""
        for operation in operations:
            self.ask_example(operation)
            for mode in GenerationMode:
                self.ask(operation, mode)

    def ask_example(self, operation: Any) -> None:
        """Ask as the description's example does."""
        call = calls.of(operation.path, operation.method, operation.definition.raw)
        placed = [each for each in operation.definition.raw.get("parameters", ()) if each["in"] == "path"]
        case = operation.Case(
            path_parameters={each["name"]: calls.example_of(each) for each in placed},
            body=NOT_SET if call.body is None else call.body,
            media_type=None if call.body is None else calls.JSON,
        )
        # Another method than it has is asked for once.
        self._try(operation, "example", lambda: self.call(operation, case, more=[unsupported_method]))

    def ask(self, operation: Any, mode: GenerationMode) -> None:
        """Ask several times, within the description or beside it."""

        @self.bounded
        @hypothesis.given(case=operation.as_strategy(mode))
        def once(case: Any) -> None:
            self.call(operation, case, known=mode == GenerationMode.POSITIVE)

        self._try(operation, mode, once)

    def call(self, operation: Any, case: Any, *, known: bool = True, more: Sequence[Any] = ()) -> None:
        """Send one request, and hold the answer to what is described."""
        before = operation.path.split("/{")[0]
        if known and (ids := self.known.get(before)):
            for name in case.path_parameters or {}:
                case.path_parameters[name] = ids[len(self.asked.get(operation.label, ())) % len(ids)]
        if known and isinstance(case.query, dict):
            case.query |= {name: self.known[name][0] for name in case.query.keys() & self.known.keys()}
        if isinstance(case.query, dict) and _is_number(case.query.get("wait")):
            case.query["wait"] = 0  # there is nobody to wait for
        answer = case.call(headers=dict(self.headers))
        self.asked.setdefault(operation.label, []).append(answer.status_code)
        case.validate_response(answer, checks=[*self.checks, *more])
        is_json = answer.headers.get("content-type", [""])[0].startswith("application/json")
        told = answer.json() if answer.status_code < 300 and is_json else {}
        items = told.get("items", [told]) if isinstance(told, dict) and operation.path == before else []
        for item in items if self.learns else ():
            if isinstance(item, dict) and "id" in item:
                self.known.setdefault(before, []).insert(0, item["id"])

    def _try(self, operation: Any, what: str, send: Callable[[], None]) -> None:
        try:
            send()
        except hypothesis.errors.Unsatisfiable:
            pass  # nothing that doesn't fit can be asked of it
        except (Exception, BaseExceptionGroup) as error:
            self.wrong.append(f"{operation.label}, {what}:\n{error}")


def _is_number(value: Any) -> bool:
    try:
        return float(value) >= 0
    except (TypeError, ValueError):
        return False


def strict(described: dict[str, Any]) -> dict[str, Any]:
    """Return the description with answers that may have no member which it doesn't name."""
    described = copy.deepcopy(described)
    for name, schema in described["components"]["schemas"].items():
        if name != "Problem" and "properties" in schema:
            schema["additionalProperties"] = False
    return described
