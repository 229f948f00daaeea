"""Legs lose their bytes when they are old; how they went is told as before, and nothing that goes on misses them."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from ca import clock
from ca.models import Realm
from portal import books
from portal.phone import trace as traces
from tests.ca import plans
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import tasks, trace, trimming
from tsm.models import Conversation, Enrolment, Leg

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver) -> Citizen:
    made = Citizen.with_new_phone(realm, deliver)
    made.enrol(card_of(realm))
    return made


def age(days: float, **which: Any) -> None:
    Leg.objects.filter(**which).update(created_at=clock.machine() - timedelta(days=days))


def wrong(realm: Realm) -> set[str]:
    """Return what the TSM's books find; whether lists are published is another's matter."""
    found = {one.check.id for one in books.read(realm, grace=timedelta(0))}
    return {name for name in found if name.startswith("tsm.")}


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("trace", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("citizen")
def test_old_legs_lose_plan_commands_and_answers_and_keep_how_they_went() -> None:
    before = list(Leg.objects.order_by("pk").values("kind", "state", "outcome", "described", "sent_at", "reported_at"))
    assert len(before) == 2
    age(89)
    assert tasks.sweep_legs() == 0
    age(91)
    assert tasks.sweep_legs() == 2
    assert tasks.sweep_legs() == 0
    for leg in Leg.objects.all():
        assert (leg.plan, leg.commands, leg.answers) == ({}, [], [])
        assert leg.trimmed_at is not None
    assert list(Leg.objects.order_by("pk").values(*before[0])) == before
    assert all(one["described"] for one in before)


def test_how_long_they_are_kept_is_set(citizen: Citizen, settings: Any) -> None:
    age(10)
    assert trimming.trim() == 0
    settings.TSM_LEGS_KEPT_DAYS = 9
    assert trimming.trim() == 2


def test_a_trimmed_leg_is_told_by_its_words_and_said_to_be_trimmed(
    citizen: Citizen, realm: Realm, settings: Any
) -> None:
    settings.DEFAULT_REALM = realm.slug
    age(91, kind="prepare")
    trimming.trim()
    trimmed, whole_still = trace.legs(Conversation.objects.get())
    assert [line.says for line in trimmed.lines] == [row[2] for row in trimmed.leg.described]
    assert whole_still.lines[0].status_word == "9000"
    text = told(str(citizen.phone.reference))
    assert "commands and answers trimmed" in text
    assert "generate key 9A" in text, "what the commands were for is there"
    page = Client().get(f"/sandbox/conversations/{Conversation.objects.get().reference}").content.decode()
    assert "保存期間が過ぎたので、コマンドと答えは消しました。" in page
    assert "答えなし" not in page, "an answer that was trimmed is not one that was missing"
    assert [one.trimmed for one in traces.of(Enrolment.objects.get())] == [True, False]
    browser = Client()
    session = browser.session
    session["phone"], session["phones"] = str(citizen.phone.reference), [str(citizen.phone.reference)]
    session.save()
    with translation.override("ja"):
        shown = browser.get(reverse("phone:trace", args=[Enrolment.objects.get().reference]))
    assert shown.content.decode().count("保存期間が過ぎたので") == 1


@pytest.mark.parametrize("state", ["ready", "sent", "reported"])
def test_a_leg_of_which_something_is_to_come_keeps_all(citizen: Citizen, state: str) -> None:
    last = Leg.objects.order_by("-pk")[0]
    Leg.objects.filter(pk=last.pk).update(state=state)
    age(1000)
    assert trimming.trim() == 1
    last.refresh_from_db()
    assert last.commands
    assert last.trimmed_at is None


def test_what_goes_on_and_the_books_need_nothing_of_it(citizen: Citizen, realm: Realm) -> None:
    before = wrong(realm)
    age(91)
    trimming.trim()
    assert wrong(realm) == before == set()
    answer = citizen.end(str(Enrolment.objects.get().reference))
    assert answer.status_code == 200
    citizen.converse()
    assert Enrolment.objects.get().state == "deleted"
    assert wrong(realm) == set()


def test_a_run_does_a_part_the_oldest_first_and_the_next_goes_on(
    citizen: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(91)
    age(200, kind="install")
    monkeypatch.setattr(trimming, "BATCH", 1)
    monkeypatch.setattr(trimming, "BATCHES", 1)
    assert trimming.trim() == 1
    assert Leg.objects.get(kind="install").trimmed_at is not None
    assert trimming.trim() == 1
    assert trimming.trim() == 0


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="the plans are PostgreSQL's")
def test_it_reads_what_is_whole_and_old_by_an_index(citizen: Citizen) -> None:
    age(91)
    with CaptureQueriesContext(connection) as seen:
        trimming.trim()
    assert plans.needing_whole([each["sql"] for each in seen], ("tsm_leg",)) == []
