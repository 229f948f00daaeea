"""The live trace as a page: lanes, filters, what is new, each line open to its bytes in words."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from ca import clock
from portal.providers.models import Workspace
from sandbox import trace
from sandbox.console import telling
from sandbox.models import TraceEvent
from sandbox.trace import Lane, dialogue, lessons, ways
from sandbox.trace.journalled import KINDS
from tsm import jpki

pytestmark = pytest.mark.django_db
Address = Callable[[str], str]


def note(workspace: Workspace, lane: str, what: str, title: str, **more: object) -> TraceEvent:
    made = trace.note(workspace.realm_id, lane, what, title=(title, f"{title} in English"), **more)  # type: ignore[arg-type]
    assert made is not None
    return made


def test_events_stand_in_time_with_the_way_they_went_and_can_be_filtered(
    visitor: Client, address: Address, workspace: Workspace
) -> None:
    hand_off, now = uuid.uuid4(), clock.machine()
    late = note(workspace, Lane.TSM, "seram.report", "スマホの報告", at=now)
    early = note(workspace, Lane.API, "handoff.asked", "求めた", hand_off=hand_off, at=now - timedelta(seconds=1))
    failed = note(workspace, Lane.ELEMENT, "apdus.phone", "署名できない", failed=True, at=now + timedelta(minutes=5))
    page = visitor.get(address("trace/")).content.decode()
    places = [page.index(str(event.reference)) for event in (early, late, failed)]
    assert places == sorted(places), "by the time at which each happened"
    assert "5分たって" in page
    for query, shown in (
        ("?lane=api&lane=tsm", {early, late}),
        (f"?hand_off={hand_off}", {early}),
        ("?failed=1", {failed}),
        ("?text=報告", {late}),
        ("?hand_off=kitchen&lane=kitchen", {early, late, failed}),
    ):
        page = visitor.get(address(f"trace/{query}")).content.decode()
        assert {one for one in (early, late, failed) if f"e-{one.reference}" in page} == shown, query
    row = telling.rows([late])[0]
    assert (row.start, row.end, row.both) == (
        ways.LANES.index(Lane.PHONE) + 1,
        ways.LANES.index(Lane.TSM) + 1,
        False,
    )


def test_what_is_new_comes_as_a_fragment_once(visitor: Client, address: Address, workspace: Workspace) -> None:
    old = note(workspace, Lane.API, "x", "前", at=clock.machine() - timedelta(minutes=1))
    assert visitor.get(address(f"trace/rows?after={old.pk}")).status_code == 204
    new = note(workspace, Lane.OCSP, "ocsp.asked", "後")
    fragment = visitor.get(address(f"trace/rows?after={old.pk}"))
    assert str(new.reference) in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    assert visitor.get(address(f"trace/rows?after={old.pk}&lane=ca")).status_code == 204
    again = visitor.get(address(f"trace/rows?after={new.pk}"))
    assert str(new.reference) in again.content.decode(), "what was committed late comes after what came"


def test_an_event_opens_to_its_bytes_in_words_of_both_languages(
    visitor: Client, address: Address, workspace: Workspace
) -> None:
    spoken = [
        (jpki.select_application().encode(), b"\x90\x00"),
        (jpki.select_file(jpki.File.AUTHENTICATION_PIN).encode(), b"\x90\x00"),
        (jpki.verify(b"7391").encode(), b"\x63\xc2"),
    ]
    made = note(workspace, Lane.ELEMENT, "apdus.phone", "<照合>", data={"commands": dialogue.read(spoken)}, failed=True)
    japanese = visitor.get(address(f"trace/{made.reference}/?fragment")).content.decode()
    assert "公的個人認証（JPKI）アプリを選ぶ" in japanese
    assert "00A4040C 0A D392F000260100000001" in japanese
    assert "違う。あと2回" in japanese
    assert "37333931" not in japanese
    assert "なぜそうするのか" in japanese
    whole = visitor.get(address(f"trace/{made.reference}/")).content.decode()
    assert "&lt;照合&gt;" in whole
    visitor.cookies["django_language"] = "en"
    english = visitor.get(address(f"trace/{made.reference}/?fragment")).content.decode()
    assert "wrong, 2 tries left" in english
    assert "Why it is so" in english


def test_the_bytes_of_a_password_are_never_told_however_they_come() -> None:
    for command in (jpki.verify(b"HANAKO7391"), jpki.change_password(b"HANAKO7391")):
        told = str(dialogue.read([(command.encode(), b"\x90\x00")]))
        assert b"HANAKO7391".hex().upper() not in told
        assert " 0A " not in told, "nor how long it is"


def test_every_kind_and_lesson_speaks_both_languages() -> None:
    for kind, (lane, ja, en) in KINDS.items():
        assert lane in Lane.values, kind
        assert ja != en, kind
    for what, lesson in lessons.LESSONS.items():
        assert lesson.ja, what
        assert lesson.en.isascii(), what
