"""A restore that isn't sure is refused, and until one has gone on nothing does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ca import restoring, tasks, transcript
from ca.errors import AuthoritiesHalted, RestoreRefused
from ca.models import Holder, Issuance, JournalEntry, Realm
from ca.profiles import Purpose
from tests.ca.fixtures import issue_card
from tests.ca.test_restoring import restored
from tests.ca.test_transcript import folder, lost

__all__ = ["folder"]


WRONG: dict[str, Callable[[Realm], Any]] = {
    "broken at entry": lambda realm: JournalEntry.objects.filter(realm=realm, sequence=2).update(subject="another"),
    "not halted": lambda realm: Realm.objects.filter(pk=realm.pk).update(halted_at=None),
}


@pytest.mark.parametrize("problem", WRONG)
def test_it_is_refused_where_the_records_are_not_whole(folder: Path, holder: Holder, problem: str) -> None:
    issue_card(holder)
    transcript.halt(holder.realm)
    WRONG[problem](holder.realm)
    with pytest.raises(RestoreRefused, match=problem):
        restoring.go_on(holder.realm, who="J-LIS 青木")


def test_it_is_refused_without_the_authorities_keys(
    folder: Path, holder: Holder, settings: Any, tmp_path: Path
) -> None:
    issue_card(holder)
    settings.CA_KEYS = f"software:{tmp_path}/empty"
    with pytest.raises(RestoreRefused, match="can't be opened"):
        restored(holder.realm)


def test_two_transcripts_that_contradict_each_other_are_not_believed(
    settings: Any, tmp_path: Path, holder: Holder
) -> None:
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "a"), str(tmp_path / "b")]
    issue_card(holder)
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "a")]
    with lost():
        issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "b")]
    with lost():
        issue_card(holder, Purpose.USER_AUTHENTICATION, key=2)
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "a"), str(tmp_path / "b")]
    with pytest.raises(RestoreRefused, match="contradicts"):
        restored(holder.realm)


def test_until_then_nothing_goes_on(folder: Path, holder: Holder) -> None:
    issue_card(holder)
    transcript.halt(holder.realm)
    with pytest.raises(AuthoritiesHalted):
        issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    restoring.go_on(holder.realm, who="J-LIS 青木")
    tasks.issue([Issuance.objects.get(certificate=None).pk])
    assert not Issuance.objects.filter(certificate=None).exists()
