"""The tour: its steps check themselves by the workspace's rows, and it ends with the reader's own request verified."""

from collections.abc import Callable

import pytest
from django.test import Client

from ca import clock
from portal.handoff import asking
from portal.handoff.models import HandOff
from portal.providers import workspaces
from portal.providers.models import Workspace
from sandbox import trace
from sandbox.console import tour
from sandbox.console.tour import Step
from tests.ca.fixtures import make_holder, make_realm
from tests.portal.helpdesk.callers import enrolled
from tests.whitelist.relying_parties import make_credential

pytestmark = pytest.mark.django_db
Address = Callable[[str], str]


def due(workspace: Workspace) -> str:
    return next((stage.step for stage in tour.of(workspace).stages if stage.state == "now"), "over")


def test_each_step_is_done_when_the_rows_say_so(visitor: Client, address: Address, workspace: Workspace) -> None:
    workspace.realm = make_realm("ws-tour")
    workspace.save()
    workspaces._register(workspace.organisation, workspace.realm)
    entry = workspaces.relying_party(workspace)

    def state() -> str:
        return str(visitor.get(address("tour/state")).json()["state"])

    assert due(workspace) == Step.KEY
    before = state()
    credential = make_credential(entry)
    assert due(workspace) == Step.TOKEN
    assert state() != before, "the page that waits sees it"
    page = visitor.get(address("tour/")).content.decode()
    assert f'{{"kid": "{credential.key_id}"}}' in page.replace("&quot;", '"')
    credential.access_tokens.create(digest="0" * 64, expires_at=clock.machine())
    assert due(workspace) == Step.PHONE
    pair = enrolled(make_holder(workspace.realm))
    assert due(workspace) == Step.ASKED
    callback = workspaces.callbacks(workspace)[0]
    asked = asking.ask(credential, purpose="user_authentication", return_url=callback, media=["phone"]).hand_off
    assert due(workspace) == Step.ANSWERED
    now = clock.now(workspace.realm)
    answer = {
        "state": "answered", "certificate": b"x", "signature": b"x", "medium": "phone", "ended_at": now,
        "answered_with": pair.authentication_certificate,
    }  # fmt: skip
    HandOff.objects.filter(pk=asked.pk).update(**answer)
    assert due(workspace) == Step.REDEEMED
    HandOff.objects.filter(pk=asked.pk).update(fetched_at=now)
    assert due(workspace) == Step.VERIFIED
    asking.ask(credential, purpose="user_authentication", return_url=callback, media=["phone"])
    assert due(workspace) == Step.VERIFIED, "another request takes nothing away"
    data = {"answer": {"status": "good"}}
    trace.note(workspace.realm_id, "ocsp", "ocsp.asked", title=("尋ねた", "Asked"), data=data, hand_off=asked.pk)
    found = tour.of(workspace)
    assert (found.over, found.hand_off) == (True, asked)
    page = visitor.get(address("tour/")).content.decode()
    assert f"trace/?hand_off={asked.pk}" in page
    assert "tour.js" not in page
