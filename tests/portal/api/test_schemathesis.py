"""Every operation of both APIs, asked for at random within its description and beside it: never our error, and each
answer as it is described. The calls are real, through the site's WSGI application, with a workspace's token.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections

from ca.models import Realm
from portal.api import apis, document
from tests.portal.api.asking import Asker, operations_of
from tests.portal.api.workspaces import token_of, whole_workspace
from tests.portal.providers.people import make_provider


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
    asker = Asker({"Authorization": f"Bearer {token}"})
    operations = operations_of(document.of(api), f"{api.prefix}openapi.json")
    asker.ask_all(operations)
    assert not asker.wrong, "\n\n".join(asker.wrong)
    assert asker.asked.keys() == {operation.label for operation in operations}
