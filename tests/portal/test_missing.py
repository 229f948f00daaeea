"""What `manage.py missing` says: each thing that is lacking, and nothing when nothing is."""

from pathlib import Path
from typing import Any

import pytest

from ca.checks import GUESSED
from ca.models import Authority, Realm
from portal.accounts import staff
from portal.management.commands.missing import missing
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.accounts.people import make_staff
from tests.whitelist.relying_parties import make_bank

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_realm_that_is_not_there_is_made_by_the_ceremony(settings: Any) -> None:
    settings.SANDBOX = False
    (told,) = missing("nowhere")
    assert "There is no realm 'nowhere'" in told
    assert "manage.py create_authorities --realm nowhere --kind production" in told


def test_a_register_without_a_service_is_told_and_one_with_a_service_is_not(realm: Realm) -> None:
    (told,) = missing(realm.slug)
    assert "No service is on the register" in told
    make_bank(realm)
    assert missing(realm.slug) == []


def test_an_authority_that_the_ceremony_did_not_reach_is_named(realm: Realm) -> None:
    make_bank(realm)
    Authority.objects.filter(realm=realm, purpose="signature").update(realm=Realm.objects.create(slug="other"))
    (told,) = missing(realm.slug)
    assert "has no authority for signature.\n" in told
    assert f"create_authorities --realm {realm.slug}\n" in told


@pytest.fixture
def production(settings: Any, tmp_path: Path) -> Any:
    """Return the settings of a site in production that lacks nothing."""
    made = tmp_path / "made"
    made.write_text("2026-01-01T00:00:00Z database web\n")
    settings.PRODUCTION, settings.PASSWORDS_MADE = True, str(made)
    settings.PUBLIC_URL = "https://site.example"
    settings.STAFF_URL, settings.PROVIDERS_URL = "https://staff.example", "https://providers.example"
    settings.STAFF_LEAKED_PASSWORDS, settings.CASE_ATTACHMENT_SCAN = "/srv/leaked", "whitelist.cases.clamav.look"
    settings.CA_PHONE_POLICY_OIDS = {"signature": "1.2.3", "user_authentication": "1.2.4"}
    return settings


def test_a_site_in_production_that_lacks_nothing_is_told_nothing(realm: Realm, production: Any) -> None:
    make_bank(realm)
    assert missing(realm.slug) == []


def test_that_nobody_knows_how_old_the_passwords_are_is_told_in_production(realm: Realm, production: Any) -> None:
    make_bank(realm)
    Path(production.PASSWORDS_MADE).unlink()
    (told,) = missing(realm.slug)
    assert "PASSWORDS_MADE" in told


def test_that_all_share_one_name_is_told_in_production(realm: Realm, production: Any) -> None:
    make_bank(realm)
    production.PROVIDERS_URL = ""
    (told,) = missing(realm.slug)
    assert "PROVIDERS_URL" in told


def test_policies_that_are_still_guesses_are_told_in_production(realm: Realm, production: Any) -> None:
    make_bank(realm)
    production.CA_PHONE_POLICY_OIDS = dict.fromkeys(production.CA_PHONE_POLICY_OIDS, next(iter(GUESSED)))
    (told,) = missing(realm.slug)
    assert told.startswith("PHONE_SIGNATURE_POLICY_OID and PHONE_USER_AUTHENTICATION_POLICY_OID not set")


def test_staff_whom_no_mail_reaches_are_named_in_production(realm: Realm, production: Any) -> None:
    make_bank(realm)
    for name in ("sakura", "momiji", "owner@bank.example"):
        make_staff(realm, name)
    staff.change_address("momiji", "momiji@office.example", by="test")
    (told,) = missing(realm.slug)
    assert told.startswith("No mail address of sakura: ")


def test_what_keeps_passwords_and_files_from_being_looked_up_is_told_in_production(
    realm: Realm, production: Any
) -> None:
    make_bank(realm)
    production.STAFF_LEAKED_PASSWORDS = ""
    production.CASE_ATTACHMENT_SCAN = "whitelist.cases.scanning.look"
    passwords, files = missing(realm.slug)
    assert passwords.startswith("STAFF_LEAKED_PASSWORDS not set")
    assert files.startswith("CASE_ATTACHMENT_SCAN=whitelist.cases.scanning.look is no virus scanner")
