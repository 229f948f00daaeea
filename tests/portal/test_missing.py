"""What `manage.py missing` says: each thing that is lacking, and nothing when nothing is."""

from pathlib import Path
from typing import Any

import pytest

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


def test_that_nobody_knows_how_old_the_passwords_are_is_told_in_production(
    realm: Realm, settings: Any, tmp_path: Path
) -> None:
    make_bank(realm)
    settings.PHONE_SIGNATURE_POLICY_OID = settings.PHONE_USER_AUTHENTICATION_POLICY_OID = "1.2.3"
    assert missing(realm.slug) == []
    settings.PRODUCTION, settings.PASSWORDS_MADE = True, str(tmp_path / "made")
    assert any("PASSWORDS_MADE" in told for told in missing(realm.slug))
    (tmp_path / "made").write_text("2026-01-01T00:00:00Z database web\n")
    assert not any("PASSWORDS_MADE" in told for told in missing(realm.slug))


def test_that_all_share_one_name_is_told_in_production(realm: Realm, settings: Any, tmp_path: Path) -> None:
    make_bank(realm)
    settings.PHONE_SIGNATURE_POLICY_OID = settings.PHONE_USER_AUTHENTICATION_POLICY_OID = "1.2.3"
    (tmp_path / "made").write_text("")
    settings.PRODUCTION, settings.PASSWORDS_MADE = True, str(tmp_path / "made")
    settings.PUBLIC_URL, settings.STAFF_URL = "https://site.example", "https://staff.example"
    assert any("PROVIDERS_URL" in told for told in missing(realm.slug))
    settings.PROVIDERS_URL = "https://providers.example"
    assert not any("PROVIDERS_URL" in told for told in missing(realm.slug))


def test_policies_that_are_still_guesses_are_told_in_production(realm: Realm, settings: Any, tmp_path: Path) -> None:
    make_bank(realm)
    settings.PRODUCTION, settings.PASSWORDS_MADE = True, str(tmp_path / "made")
    settings.STAFF_URL, settings.PROVIDERS_URL = "https://staff.example", "https://providers.example"
    (tmp_path / "made").write_text("")
    settings.STAFF_LEAKED_PASSWORDS = "/srv/leaked"
    settings.CASE_ATTACHMENT_SCAN = "whitelist.cases.clamav.look"
    (told,) = missing(realm.slug)
    assert told.startswith("PHONE_SIGNATURE_POLICY_OID and PHONE_USER_AUTHENTICATION_POLICY_OID not set")


def test_staff_whom_no_mail_reaches_are_named_in_production(realm: Realm, settings: Any) -> None:
    make_bank(realm)
    settings.PRODUCTION = True
    for name in ("sakura", "momiji", "owner@bank.example"):
        make_staff(realm, name)
    staff.change_address("momiji", "momiji@office.example", by="test")
    assert [told[:31] for told in missing(realm.slug) if "mail address" in told] == ["No mail address of sakura: nobo"]


def test_what_keeps_passwords_and_files_from_being_looked_up_is_told_in_production(realm: Realm, settings: Any) -> None:
    make_bank(realm)
    assert missing(realm.slug) == []
    settings.PRODUCTION = True
    told = [one.partition(":")[0].partition(" is ")[0] for one in missing(realm.slug)]
    assert "STAFF_LEAKED_PASSWORDS not set" in told
    assert "CASE_ATTACHMENT_SCAN=whitelist.cases.scanning.look" in told
