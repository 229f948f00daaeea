"""The table of findings: each row can strike, none does while all is well, and doctor, alerts and runbook agree."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import translation

from ca import clock, messages, watching
from ca.models import (
    CardRevocation,
    Issuance,
    JournalEntry,
    Partition,
    Realm,
    Recheck,
    ResponderKey,
)
from ca.profiles import Purpose
from portal.notices.models import Happening, JournalCursor, MailServer, Notice
from portal.observing import looking, measures
from portal.observing.findings import FINDINGS, Severity
from portal.observing.measures import FAILED, MEASURES, Reading, Sample
from portal.observing.models import PeriodicRun
from tests.ca.fixtures import issue_card, make_holder
from tests.portal.helpdesk.callers import enrolled
from tsm.models import Conversation, Enrolment, Leg
from whitelist.models import RegisterStatement, RelyingParty

ROOT = Path(__file__).resolve().parents[3]
LONG_AGO = timedelta(days=400)
BY_ID = {finding.id: finding for finding in FINDINGS}


def struck(id_: str) -> list[looking.Found]:
    """Return what that finding strikes about at present, by a look at its own measure."""
    finding = BY_ID[id_]
    readings = (
        [one for one in measures.read() if one.measure is FAILED]
        if finding.measure == FAILED.name
        else [Reading(one, tuple(one.read())) for one in MEASURES if one.name == finding.measure]
    )
    return [found for found in looking.judge(readings) if found.finding is finding]


# --- What breaks each. A function that takes the realm and does to it what the finding tells of.
BREAKS: dict[str, Callable[[Realm, Any], Any]] = {}


def breaks(*ids: str) -> Callable[[Callable[[Realm, Any], Any]], Callable[[Realm, Any], Any]]:
    def note(function: Callable[[Realm, Any], Any]) -> Callable[[Realm, Any], Any]:
        BREAKS.update(dict.fromkeys(ids, function))
        return function

    return note


def before(realm: Realm) -> datetime:
    return clock.now(realm) - LONG_AGO


@breaks("database.migrations")
def _(realm: Realm, settings: Any) -> None:
    MigrationRecorder.Migration.objects.filter(app="tsm").latest("pk").delete()


@breaks("queue.deep")
def _(realm: Realm, settings: Any) -> None:
    settings.FINDING_QUEUE_MESSAGES = 0
    messages.send("tsm.advance", 0)


@breaks("worker.silent")
def _(realm: Realm, settings: Any) -> None:
    worker = Path(os.environ["METRICS_DIR"], "tsm")
    worker.mkdir()
    (worker / "ready").touch()
    os.utime(worker / "ready", (time.time() - 60,) * 2)


@breaks("sweeps.never")
def _(realm: Realm, settings: Any) -> None:
    PeriodicRun.objects.all().delete()


@breaks("sweeps.late")
def _(realm: Realm, settings: Any) -> None:
    PeriodicRun.objects.filter(task="ca.sweep_linkage").update(done_at=before(realm))


@breaks("sweeps.failed")
def _(realm: Realm, settings: Any) -> None:
    PeriodicRun.objects.filter(task="ca.publish_due_crls").update(failed=True)


@breaks("setup.lacking")
def _(realm: Realm, settings: Any) -> None:
    settings.DEFAULT_REALM = "nowhere"


@breaks("observing.failed")
def _(realm: Realm, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_mailserver RENAME TO elsewhere")


@breaks("crl.late", "crl.expired")
def _(realm: Realm, settings: Any) -> None:
    issue_card(make_holder(realm))
    Partition.objects.update(published_at=before(realm))


@breaks("crl.missing")
def _(realm: Realm, settings: Any) -> None:
    issue_card(make_holder(realm))
    Partition.objects.update(published_at=None)


@breaks("linkage.late")
def _(realm: Realm, settings: Any) -> None:
    CardRevocation.objects.create(realm=realm, card=issue_card(make_holder(realm)), revoked_at=before(realm))


@breaks("linkage.rechecks_late")
def _(realm: Realm, settings: Any) -> None:
    Recheck.objects.create(realm=realm, certificate=issue_card(make_holder(realm)), due_at=before(realm))


def _request(realm: Realm, **fields: Any) -> None:
    Issuance.objects.create(
        realm=realm,
        request_key=secrets.token_hex(8),
        purpose="signature",
        medium="card",
        holder=make_holder(realm),
        public_key=b"",
        requested_at=before(realm),
        **fields,
    )


@breaks("issuance.standing")
def _(realm: Realm, settings: Any) -> None:
    _request(realm)


@breaks("issuance.outbox")
def _(realm: Realm, settings: Any) -> None:
    _request(realm, state="refused", error_code="lint_failed", continuation={"task": "x"}, continuation_key="x")


@breaks("journal.broken")
def _(realm: Realm, settings: Any) -> None:
    JournalEntry.objects.filter(realm=realm, sequence=1).update(subject="somebody else")
    assert watching.watch(realm) is not None


@breaks("journal.unsealed", "notices.unread")
def _(realm: Realm, settings: Any) -> None:
    JournalEntry.objects.filter(realm=realm).update(at=before(realm))
    JournalCursor.objects.filter(realm=realm).update(sequence=0)


@breaks("journal.unwatched")
def _(realm: Realm, settings: Any) -> None:
    realm.journal_watch.__class__.objects.update(looked_at=before(realm))


@breaks("responder.not_renewed", "responder.ends")
def _(realm: Realm, settings: Any) -> None:
    ResponderKey.objects.update(not_after=clock.now(realm) + timedelta(days=2))


@breaks("authority.ends")
def _(realm: Realm, settings: Any) -> None:
    settings.FINDING_AUTHORITY_DAYS = 100_000


@breaks("register.stale")
def _(realm: Realm, settings: Any) -> None:
    RegisterStatement.objects.create(
        realm=realm, number=1, issued_at=before(realm), next_update=before(realm), sequence=1, public_key=b""
    )


@breaks("register.empty")
def _(realm: Realm, settings: Any) -> None:
    RelyingParty.objects.update(realm=Realm.objects.create(slug="elsewhere", name="elsewhere"))


def _standing(realm: Realm, state: str, count: int = 1, trouble: str = "") -> list[Enrolment]:
    holder = make_holder(realm)
    cards = [issue_card(holder, purpose, key=key) for key, purpose in enumerate(Purpose)]
    made = [enrolled(holder, state=state, cards=cards) for _ in range(count)]
    Enrolment.objects.update(state_since=before(realm), trouble=trouble)
    return made


@breaks("enrolments.standing")
def _(realm: Realm, settings: Any) -> None:
    _standing(realm, "keyed")


@breaks("enrolments.refused_by_elements")
def _(realm: Realm, settings: Any) -> None:
    _standing(realm, "verified", count=21, trouble="element_refused")


@breaks("reports.unread")
def _(realm: Realm, settings: Any) -> None:
    (one,) = _standing(realm, "prepared")
    conversation = Conversation.objects.create(element=one.element, opened_at=before(realm))
    Leg.objects.create(
        conversation=conversation,
        enrolment=one,
        kind="keys",
        state=Leg.State.REPORTED,
        plan={},
        commands=[],
        created_at=before(realm),
        reported_at=before(realm),
    )


@breaks("notices.mail_late", "notices.letters_late")
def _(realm: Realm, settings: Any) -> None:
    at, holder = before(realm), make_holder(realm)
    happening = Happening.objects.create(realm=realm, holder=holder, kind="issued", at=at, sequence=1)
    for channel, address in (("mail", "hanako@example.jp"), ("letter", "")):
        Notice.objects.create(
            happening=happening, holder=holder, channel=channel, address=address, made_at=at, next_at=at
        )


@breaks("mail.away")
def _(realm: Realm, settings: Any) -> None:
    MailServer.objects.create(failures=9)


# What no test can do to the machine that it runs on: a figure beyond the limit stands for it.
FIGURES = {
    "database.unreachable": 0.0,
    "broker.unreachable": 0.0,
    "database.clock": 6.0,
    "queue.unread": 0.0,
    "disk.full": 0.05,
}


@pytest.fixture(autouse=True)
def _workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("METRICS_DIR", str(tmp_path))


def test_every_finding_is_tried() -> None:
    assert BREAKS.keys() | FIGURES.keys() == BY_ID.keys()
    assert not BREAKS.keys() & FIGURES.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("id_", sorted(BREAKS))
def test_a_finding_strikes_when_it_should_and_not_before(
    id_: str, well: Realm, settings: Any, deliver: Callable[..., list[str]]
) -> None:
    assert not struck(id_)
    BREAKS[id_](well, settings)
    found = struck(id_)
    assert found
    with translation.override("en"):
        told = found[0].as_json()
    assert told["id"] == id_
    assert told["title"].isascii()


@pytest.mark.parametrize("id_", sorted(FIGURES))
def test_a_figure_beyond_the_limit_strikes(id_: str) -> None:
    finding = BY_ID[id_]
    (measure,) = (one for one in MEASURES if one.name == finding.measure)
    labels = dict.fromkeys(measure.labels, "x")
    (found,) = looking.judge([Reading(measure, (Sample(FIGURES[id_], labels),))])
    assert found.finding is finding
    within = finding.limit()
    assert not looking.judge([Reading(measure, (Sample(within, labels),))])


@pytest.mark.django_db
def test_the_doctor_says_what_is_wrong_and_ends_with_1(
    well: Realm, settings: Any, capsys: pytest.CaptureFixture[str], deliver: Callable[..., list[str]]
) -> None:
    call_command("doctor")
    assert "nothing is wrong" in capsys.readouterr().out
    BREAKS["crl.expired"](well, settings)
    with pytest.raises(CommandError) as raised:
        call_command("doctor")
    assert raised.value.returncode == 1
    told = capsys.readouterr().out
    assert "crl.expired (page) [realm test]" in told
    assert "Verifiers refuse certificates. 400 days (limit 45 h)" in told
    assert "docs/alerts.md#crlexpired" in told
    with pytest.raises(CommandError):
        call_command("doctor", "--json", "--pages-only")
    (only,) = json.loads(capsys.readouterr().out)["findings"]
    assert (only["id"], only["labels"]) == ("crl.expired", {"realm": "test"})
    assert only["value"] > only["limit"]


def test_the_doctor_says_so_where_neither_database_nor_broker_answers(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://jpki:hidden-word@127.0.0.1:1/jpki",
        "BROKER_URL": "redis://127.0.0.1:1/0",
    }
    command = [sys.executable, "manage.py", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    ids = [one["id"] for one in json.loads(done.stdout)["findings"] if one["id"] != "disk.full"]
    assert ids == ["database.unreachable", "broker.unreachable"]
    assert "hidden-word" not in done.stdout + done.stderr


@pytest.mark.django_db
def test_where_migrations_are_missing_that_is_what_is_said(well: Realm) -> None:
    BREAKS["database.migrations"](well, None)
    BREAKS["observing.failed"](well, None)
    ids = {one.finding.id for one in looking.look()}
    assert "database.migrations" in ids
    assert "observing.failed" not in ids


def test_every_row_is_whole() -> None:
    assert len(BY_ID) == len(FINDINGS)
    names = {one.name for one in (*MEASURES, FAILED)}
    for finding in FINDINGS:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", finding.id), finding.id
        assert finding.measure in names, finding.id
        with translation.override("en"):
            assert str(finding.title).isascii(), finding.id
            assert str(finding.remedy).isascii(), finding.id


def test_the_runbook_has_a_section_for_each_finding_and_none_else() -> None:
    headings = re.findall(r"^### ([a-z_]+\.[a-z_]+)$", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted([*BY_ID, "exporter.away"])


def test_what_calls_somebody_at_once_is_about_people_or_proof() -> None:
    # A list to be argued about, not to grow by itself: whoever adds a page adds it here.
    pages = {finding.id for finding in FINDINGS if finding.severity == Severity.PAGE}
    assert pages == {
        "broker.unreachable", "crl.expired", "database.migrations", "database.unreachable", "disk.full",
        "enrolments.standing", "issuance.outbox", "issuance.standing", "journal.broken", "linkage.late",
        "queue.unread", "reports.unread", "responder.ends", "sweeps.late", "sweeps.never", "worker.silent",
    }  # fmt: skip
