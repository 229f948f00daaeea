"""Every operation of both APIs, asked for at random within its description and beside it: never our error, and each
answer as it is described. The calls are real, through the site's WSGI application, with a workspace's token.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
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

from ca.models import Realm
from portal.api import apis, document
from portal.developers import calls
from portal.wsgi import application
from tests.portal.api.workspaces import token_of, whole_workspace
from tests.portal.providers.people import make_provider

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# Of each operation so many requests that fit its description, and so many that don't.
BOUNDED = hypothesis.settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture
def token(realm: Realm, settings: Any, caplog: pytest.LogCaptureFixture, deliver: Any) -> Iterator[str]:
    caplog.set_level("ERROR", logger="django.request")
    settings.API_REQUESTS, settings.DEFAULT_REALM = 1_000_000, realm.slug
    # The application would close the test's own connection behind each request, as in a server.
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    workspace = whole_workspace(make_provider(realm))
    deliver("phones", "factory", "ca")  # its people, with their cards
    yield token_of(workspace)
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.usefixtures("factory")
@pytest.mark.parametrize("api", apis.every(), ids=lambda api: api.slug)
def test_every_operation_answers_as_it_is_described(api: apis.Api, token: str) -> None:
    schema = schemathesis.openapi.from_dict(strict(document.of(api)))
    schema.app, schema.location = application, f"{api.prefix}openapi.json"
    asker = Asker(token)
    operations = sorted((found.ok() for found in schema.get_all_operations()), key=_in_turn)
    for operation in operations:
        asker.ask_example(operation)
        for mode in GenerationMode:
            asker.ask(operation, mode)
    assert not asker.wrong, "\n\n".join(asker.wrong)
    assert asker.asked.keys() == {operation.label for operation in operations}


def _in_turn(operation: Any) -> tuple[int, int, str]:
    """Make things first, so that there is something to be asked for; take them away last."""
    return (
        ["post", "get", "put", "patch", "delete"].index(operation.method),
        operation.path.count("/"),
        operation.path,
    )


class Asker:
    """Asks for operations: of things that there are, by what it was told before, and of things that there aren't."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.asked: dict[str, list[int]] = {}
        self.wrong: list[str] = []
        self.known: dict[str, list[str]] = {}

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

        @BOUNDED
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
        if isinstance(case.query, dict) and _is_number(case.query.get("wait")):
            case.query["wait"] = 0  # there is nobody to wait for
        answer = case.call(headers={"Authorization": f"Bearer {self.token}"})
        self.asked.setdefault(operation.label, []).append(answer.status_code)
        case.validate_response(answer, checks=[*CHECKS, *more])
        is_json = answer.headers.get("content-type", [""])[0].startswith("application/json")
        told = answer.json() if answer.status_code < 300 and is_json else {}
        for item in told.get("items", [told]) if isinstance(told, dict) and operation.path == before else ():
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
