"""The table of findings: each row can strike, none does while all is well, and doctor, alerts and runbook agree."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from ca.models import (
    Realm,
)
from portal.observing import looking, measures, outside
from portal.observing.findings import FINDINGS, Severity
from portal.observing.measures import FAILED, MEASURES, Reading, Sample
from tests.portal.observing.breakages import BREAKS

ROOT = Path(__file__).resolve().parents[3]
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
@pytest.mark.databases(each=True)
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
    assert sorted(headings) == sorted([*BY_ID, *(one.id for one in outside.FINDINGS), "exporter.away"])


def test_what_calls_somebody_at_once_is_about_people_or_proof() -> None:
    # A list to be argued about, not to grow by itself: whoever adds a page adds it here.
    pages = {finding.id for finding in FINDINGS if finding.severity == Severity.PAGE}
    assert pages == {
        "broker.unreachable", "crl.expired", "database.migrations", "database.unreachable", "disk.full",
        "enrolments.standing", "issuance.outbox", "issuance.standing", "journal.broken", "linkage.late",
        "queue.unread", "realm.halted", "reports.unread", "responder.ends", "sweeps.late", "sweeps.never",
        "worker.silent",
    }  # fmt: skip
