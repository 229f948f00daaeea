"""The checks of the settings: what keeps a production site from starting with the sandbox's guesses."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from ca import checks
from ca.models import Realm

ROOT = Path(__file__).resolve().parent.parent.parent
SET = {"signature": "1.2.392.200149.8.5.1.1.40", "user_authentication": "1.2.392.200149.8.5.1.3.50"}


@pytest.mark.parametrize(
    ("production", "changes", "named"),
    [
        (False, {}, None),
        (True, {}, "PHONE_SIGNATURE_POLICY_OID and PHONE_USER_AUTHENTICATION_POLICY_OID"),
        (True, {"signature": SET["signature"]}, "Set PHONE_USER_AUTHENTICATION_POLICY_OID to"),
        (True, SET, None),
    ],
)
def test_guessed_policies_are_an_error_in_production(
    settings: Any, production: bool, changes: dict[str, str], named: str | None
) -> None:
    settings.PRODUCTION = production
    settings.CA_PHONE_POLICY_OIDS = settings.CA_PHONE_POLICY_OIDS | changes
    settings.JOURNAL_TRANSCRIPTS = ["somewhere"]
    found = run_checks(tags=["ca"], include_deployment_checks=True)
    assert [error.id for error in found] == (["ca.E001"] if named else [])
    assert named is None or named in str(found[0].hint)


def test_in_production_a_journal_without_a_transcript_is_warned_of(settings: Any) -> None:
    settings.PRODUCTION, settings.CA_PHONE_POLICY_OIDS = True, SET
    settings.JOURNAL_TRANSCRIPTS = []
    assert [found.id for found in run_checks(tags=["ca"], include_deployment_checks=True)] == ["ca.W002"]
    settings.PRODUCTION = False
    assert run_checks(tags=["ca"], include_deployment_checks=True) == []


def test_the_guesses_are_the_defaults_of_the_settings(settings: Any) -> None:
    assert set(settings.CA_PHONE_POLICY_OIDS.values()) == checks.GUESSED


@pytest.mark.django_db
def test_no_ceremony_gives_a_production_realm_authorities_under_guesses() -> None:
    with pytest.raises(CommandError, match="PHONE_SIGNATURE_POLICY_OID"):
        call_command("create_authorities", "--realm", "earnest", "--kind", "production")
    assert not Realm.objects.filter(slug="earnest").exists()


def test_a_production_site_says_so_when_it_is_checked_for_deployment(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PRODUCTION": "1",
        "SECRET_KEY": "k" * 60,
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/database.sqlite3",
    }
    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode != 0
    assert "ca.E001" in ended.stderr
