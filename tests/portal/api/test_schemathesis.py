"""Every operation of both APIs, asked for at random within its description and beside it: never our error, and each
answer as it is described. The calls are real, through the site's WSGI application, with a workspace's token.
"""

import copy
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
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
from portal.wsgi import application
from tests.portal.api.workspaces import token_of, whole_workspace
from tests.portal.providers.people import make_provider

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    negative_data_rejection,
]
# Of each operation so many requests that fit its description, and so many that don't.
BOUNDED = hypothesis.settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture
def token(realm: Realm, settings: Any) -> Iterator[str]:
    settings.API_REQUESTS, settings.DEFAULT_REALM = 1_000_000, realm.slug
    # The application would close the test's own connection behind each request, as in a server.
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield token_of(whole_workspace(make_provider(realm)))
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("api", apis.every(), ids=lambda api: api.slug)
def test_every_operation_answers_as_it_is_described(api: apis.Api, token: str) -> None:
    schema = schemathesis.openapi.from_dict(strict(document.of(api)))
    schema.app, schema.location = application, f"{api.prefix}openapi.json"
    asked: dict[str, int] = {}
    wrong: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:
            try:
                ask(operation, mode, token, asked)
            except hypothesis.errors.Unsatisfiable:
                continue  # nothing that doesn't fit can be asked of it
            except (Exception, BaseExceptionGroup) as error:
                wrong.append(f"{operation.label}, {mode}:\n{error}")
    assert not wrong, "\n\n".join(wrong)
    described = sum(len(methods) for methods in document.of(api)["paths"].values())
    assert len(asked) == described


def ask(operation: Any, mode: GenerationMode, token: str, asked: dict[str, int]) -> None:
    """Ask for one operation, several times."""

    @BOUNDED
    @hypothesis.given(case=operation.as_strategy(mode))
    def once(case: Any) -> None:
        asked[operation.label] = asked.get(operation.label, 0) + 1
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    once()


def strict(described: dict[str, Any]) -> dict[str, Any]:
    """Return the description with answers that may have no member which it doesn't name."""
    described = copy.deepcopy(described)
    for name, schema in described["components"]["schemas"].items():
        if name != "Problem" and "properties" in schema:
            schema["additionalProperties"] = False
    return described
