"""The public register: what everybody, and the phone, may know of a service."""

from datetime import timedelta

import pytest
from django.test import Client

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from tests.ca.fixtures import make_realm
from tests.whitelist.relying_parties import make_bank
from whitelist import register
from whitelist.models import MinisterialCertification, RelyingParty


@pytest.fixture
def bank(realm: Realm) -> RelyingParty:
    return make_bank(realm)


def test_an_entry_has_both_languages_and_its_certification(bank: RelyingParty) -> None:
    entry = register.find(bank.realm, "test-bank", now=clock.now(bank.realm))
    assert entry is not None
    assert (entry.name.in_language("ja"), entry.name.in_language("en-gb")) == ("試験銀行", "Test Bank")
    assert entry.purposes[Purpose.SIGNATURE].en == "Test purpose signature"
    assert entry.basis_item == 6
    assert entry.certification is not None
    assert entry.certification.number == "T-1"
    assert entry.origins == ("https://bank.example",)


@pytest.mark.parametrize("state", ["draft", "suspended", "removed"])
def test_only_registered_entries_are_public(bank: RelyingParty, state: str) -> None:
    RelyingParty.objects.update(state=state)
    assert register.find(bank.realm, "test-bank", now=clock.now(bank.realm)) is None
    assert register.entries(bank.realm, now=clock.now(bank.realm)) == []


def test_a_certification_that_ended_is_not_shown(bank: RelyingParty) -> None:
    MinisterialCertification.objects.update(withdrawn_at=clock.now(bank.realm) - timedelta(seconds=1))
    entry = register.find(bank.realm, "test-bank", now=clock.now(bank.realm))
    assert entry is not None
    assert entry.certification is None


def test_no_realm_shows_anothers_entries(bank: RelyingParty) -> None:
    other = make_realm("other")
    assert register.find(other, "test-bank", now=clock.now(other)) is None
    assert register.entries(other, now=clock.now(other)) == []


def test_the_public_page_and_its_json_say_the_same(bank: RelyingParty, client: Client) -> None:
    page = client.get("/register/?realm=test")
    assert page.status_code == 200
    assert "試験銀行" in page.content.decode()
    data = client.get("/register/entries.json?realm=test").json()
    assert [entry["client_id"] for entry in data["entries"]] == ["test-bank"]
    assert data["entries"][0]["ministerial_certification"]["number"] == "T-1"
    assert data["entries"][0]["basis"] == "17-1-6"


def test_an_unknown_realm_has_no_register(bank: RelyingParty, client: Client) -> None:
    assert client.get("/register/?realm=none").status_code == 404
    assert client.get("/register/entries.json?realm=%00").status_code == 404


def test_the_page_reads_its_rows_at_once(
    bank: RelyingParty, client: Client, django_assert_max_num_queries: object
) -> None:
    for number in range(5):
        make_bank(bank.realm, f"bank-{number}")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        client.get("/register/?realm=test")
