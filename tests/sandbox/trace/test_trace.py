"""The trace: noted in workspaces alone, masked, bounded, read by filters and with a cursor, never across realms."""

import uuid

import pytest
from django.db import transaction

from ca.models import Realm
from portal.providers.models import Workspace
from sandbox import trace
from sandbox.models import TraceEvent
from sandbox.trace import Lane
from tests.sandbox.trace.workspaces import api_of

pytestmark = pytest.mark.django_db
TITLE = ("画面を出した", "The page was shown")
TRACE = "/sandbox/api/v1/trace"


def whats(answer: dict) -> list[str]:
    return [item["what"] for item in answer["items"]]


def test_a_note_is_told_with_both_times_and_what_it_belongs_to(workspace: Workspace) -> None:
    hand_off, phone = uuid.uuid4(), uuid.uuid4()
    made = trace.note(
        workspace.realm_id, Lane.WEB, "handoff.shown", title=TITLE, data={"way": "qr"}, hand_off=hand_off, phone=phone
    )
    assert made is not None
    item = api_of(workspace).get(f"{TRACE}/{made.reference}").json()
    assert item["title"] == {"ja": TITLE[0], "en": TITLE[1]}
    assert item["data"] == {"way": "qr"}
    assert (item["hand_off"], item["phone"], item["enrolment"]) == (str(hand_off), str(phone), None)
    assert item["at"]
    assert made.realm_at - made.at == workspace.realm.clock_offset


def test_only_workspaces_have_a_trace(realm: Realm) -> None:
    assert trace.note(realm.pk, Lane.CA, "certificate.issued", title=TITLE) is None
    assert not TraceEvent.objects.exists()


def test_a_lane_that_there_is_not_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="kitchen"):
        trace.note(workspace.realm_id, "kitchen", "x", title=TITLE)


def test_a_note_falls_with_the_deed(workspace: Workspace) -> None:
    with transaction.atomic():
        assert trace.note(workspace.realm_id, Lane.CA, "x", title=TITLE)
        transaction.set_rollback(True)
    assert not TraceEvent.objects.exists()


def test_no_secret_is_kept_by_whatever_name_it_comes(workspace: Workspace) -> None:
    secrets = {
        "signature_password": "HANAKO7391",
        "pin": 7391,
        "headers": [{"Authorization": "Bearer abcdefgh12345678"}, "authorization: bearer abcdefgh12345678"],
        "location": "https://bank.example/return?handoff=1&code=c0de-of-7391&state=x",
        "link": "http://localhost:8000/handoff/t0ken-of-7391/",
        "key": "-----BEGIN PRIVATE KEY-----\nMIIsecret7391\n-----END PRIVATE KEY-----",
        "nested": {"client_assertion": "eyJ7391", "token": "t7391"},
    }
    made = trace.note(workspace.realm_id, Lane.API, "x", title=("…?code=7391", "…?code=7391"), data=secrets)
    assert made is not None
    told = api_of(workspace).get(f"{TRACE}/{made.reference}").content.decode()
    assert "7391" not in told.replace(str(made.reference), "")
    assert "abcdefgh" not in told
    assert "state=x" in told, "what is no secret stays"


def test_what_is_noted_is_bounded_in_size_and_number(workspace: Workspace, settings: object) -> None:
    settings.SANDBOX_TRACE_EVENTS = 10  # type: ignore[attr-defined]
    made = trace.note(workspace.realm_id, Lane.API, "x", title=TITLE, data={"list": ["y" * 5000] * 400, "kept": "word"})
    assert made is not None
    assert made.data["kept"] == "word"
    assert len(str(made.data)) < 130_000
    for _ in range(70):
        trace.note(workspace.realm_id, Lane.API, "many", title=TITLE)
    assert TraceEvent.objects.filter(realm=workspace.realm).count() <= 10 + trace.notes.TRIM_EVERY


def test_one_workspace_never_sees_anothers(workspace: Workspace, other: Workspace) -> None:
    made = trace.note(workspace.realm_id, Lane.API, "ours", title=TITLE)
    trace.note(other.realm_id, Lane.API, "theirs", title=TITLE)
    assert made is not None
    stranger = api_of(other)
    assert whats(stranger.get(TRACE).json()) == ["theirs"]
    assert stranger.get(f"{TRACE}/{made.reference}").status_code == 404
    assert stranger.get(TRACE, {"after": str(made.reference)}).status_code == 404
    assert whats(api_of(workspace).get(TRACE).json()) == ["ours"]


def test_filters_cursor_and_following(workspace: Workspace) -> None:
    hand_off = uuid.uuid4()
    notes = [
        (Lane.API, "handoff.asked", hand_off, False),
        (Lane.WEB, "handoff.shown", hand_off, False),
        (Lane.ELEMENT, "apdus", None, True),
        (Lane.OCSP, "ocsp.asked", None, False),
    ]
    made = [
        trace.note(workspace.realm_id, lane, what, title=TITLE, hand_off=about, failed=failed)
        for lane, what, about, failed in notes
    ]
    client = api_of(workspace)

    def asked(**parameters: object) -> list[str]:
        return whats(client.get(TRACE, parameters).json())

    assert asked() == ["ocsp.asked", "apdus", "handoff.shown", "handoff.asked"]
    assert asked(lane="api, ocsp") == ["ocsp.asked", "handoff.asked"]
    assert asked(hand_off=str(hand_off)) == asked(what="handoff") == ["handoff.shown", "handoff.asked"]
    assert asked(what="hand") == []
    assert asked(failed="true") == ["apdus"]
    first = client.get(TRACE, {"limit": 3}).json()
    assert whats(first) == ["ocsp.asked", "apdus", "handoff.shown"]
    last = client.get(first["next"]).json()
    assert (whats(last), last["next"]) == (["handoff.asked"], None)
    assert made[1] is not None
    assert asked(after=str(made[1].reference)) == ["apdus", "ocsp.asked"]
    for wrong in ({"lane": "kitchen"}, {"limit": 0}, {"hand_off": "x"}, {"cursor": "-1"}, {"kitchen": "1"}):
        answer = client.get(TRACE, wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
