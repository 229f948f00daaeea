"""Officers' decisions: by command, with name and ground in the journal, for an officer's causes only."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ca import clock, journal, officers, revocation
from ca.causes import RULES, Cause, Event, Party
from ca.errors import CauseNotOfficers, IllegalTransition
from ca.models import Certificate, Holder, JournalEntry, Realm
from ca.profiles import Medium
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, make_holder

Status = Certificate.Status
BY = ("--officer", "市民課 佐藤", "--reason", "死亡届 2026-17")


def decided() -> list[Any]:
    return list(JournalEntry.objects.filter(kind=officers.DECIDED).order_by("sequence"))


def status_of(certificate: Certificate) -> str:
    certificate.refresh_from_db()
    return certificate.status


def test_an_officer_revokes_by_serial_number_and_the_journal_says_who_and_why(
    realm: Realm, holder: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    card = issue_card(holder)
    serial = card.serial_number.lower()
    call_command("revoke", "--realm", realm.slug, "--serial", serial, "--cause", "key_compromise", *BY)
    assert status_of(card) == Status.REVOKED
    assert card.cause == Cause.KEY_COMPROMISE
    (entry,) = decided()
    assert entry.subject == card.serial_number
    assert entry.data == {
        "purpose": card.purpose,
        "medium": "card",
        "decision": "revoke",
        "cause": "key_compromise",
        "officer": "市民課 佐藤",
        "ground": "死亡届 2026-17",
    }
    after = JournalEntry.objects.get(kind="certificate.revoked")
    assert after.sequence == entry.sequence + 1, "the decision stands before what came of it"
    assert journal.verify(realm) is None
    assert f"card signature {card.serial_number}: revoked key_compromise" in capsys.readouterr().out


@pytest.mark.parametrize("at_once", [True, False])
def test_a_death_ends_everything_that_the_holder_has_and_nobody_elses(
    realm: Realm, holder: Holder, settings: Any, at_once: bool
) -> None:
    settings.LINKAGE_AT_ONCE = at_once
    other = issue_card(make_holder(realm), key=5)
    certificates = issue_all_four(holder)
    call_command("revoke", "--realm", realm.slug, "--holder", str(holder.reference), "--cause", "death", *BY)
    for certificate in certificates:
        assert status_of(certificate) == Status.REVOKED
        assert certificate.cause == Cause.DEATH
    assert status_of(other) == Status.VALID
    assert len(decided()) == 4


def test_an_officer_holds_and_releases_what_the_options_name(realm: Realm, holder: Holder) -> None:
    certificates = issue_all_four(holder)
    named = ["--realm", realm.slug, "--holder", str(holder.reference)]
    call_command("hold", *named, "--medium", "phone", "--cause", "loss", *BY)
    assert [status_of(one) for one in certificates] == ["valid", "valid", "on_hold", "on_hold"]
    call_command("release", *named, "--purpose", "signature", *BY)
    assert [status_of(one) for one in certificates] == ["valid", "valid", "valid", "on_hold"]
    assert [entry.data["decision"] for entry in decided()] == ["hold", "hold", "release"]


@pytest.mark.parametrize("event", [Event.REVOKE, Event.HOLD])
def test_a_command_takes_an_officers_causes_and_no_other(realm: Realm, holder: Holder, event: Event) -> None:
    card = issue_card(holder)
    for cause, rule in RULES.items():
        if Party.OFFICER in rule.events.get(event, ()):
            continue
        with pytest.raises(CommandError, match="invalid choice"):
            call_command(event.value, "--realm", realm.slug, "--serial", card.serial_number, "--cause", cause, *BY)
        with pytest.raises(CauseNotOfficers):
            officers.decide([card], event, cause=cause, officer="佐藤", ground="届", now=clock.now(realm))
    assert status_of(card) == Status.VALID
    assert decided() == []


def test_a_pending_certificate_is_not_an_officers_to_release(realm: Realm, holder: Holder) -> None:
    phone = issue_phone(issue_card(holder), pending=True)
    with pytest.raises(CommandError, match="is pending: release is not possible; nothing was changed"):
        call_command("release", "--realm", realm.slug, "--serial", phone.serial_number, *BY)


def test_of_several_decisions_one_that_fails_undoes_all(realm: Realm, holder: Holder) -> None:
    card, other = issue_card(holder), issue_card(make_holder(realm), key=1)
    revocation.revoke(other, cause=Cause.DEATH, now=clock.now(realm))
    with pytest.raises(IllegalTransition):
        officers.decide(
            [card, other], Event.REVOKE, cause=Cause.DEATH, officer="佐藤", ground="届", now=clock.now(realm)
        )
    assert status_of(card) == Status.VALID
    assert decided() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--serial", "FFFF"], "no certificate of this realm fits"),
        (["--holder", "nobody"], "a UUID, not 'nobody'"),
        (["--holder", "00000000-0000-4000-8000-000000000000"], "no certificate of this realm fits"),
        (["--serial", "{serial}"], "both authorities have issued that serial number: add --purpose"),
        (["--serial", "{serial}", "--purpose", "signature", "--fingerprint", "00" * 32], "no certificate"),
        (["--holder", "{holder}", "--medium", "phone"], "no certificate of this realm fits"),
    ],
)
def test_what_is_wrong_is_said(realm: Realm, holder: Holder, options: list[str], said: str) -> None:
    from ca.profiles import Purpose

    card = issue_card(holder)
    assert issue_card(holder, Purpose.USER_AUTHENTICATION, key=1).serial_number == card.serial_number
    filled = [option.format(serial=card.serial_number, holder=holder.reference) for option in options]
    with pytest.raises(CommandError, match=said):
        call_command("revoke", "--realm", realm.slug, *filled, "--cause", "death", *BY)
    with pytest.raises(CommandError, match="no realm 'nowhere'"):
        call_command("revoke", "--realm", "nowhere", "--serial", "01", "--cause", "death", *BY)


def test_the_fingerprint_names_one_of_a_holders(realm: Realm, holder: Holder) -> None:
    from ca.profiles import Purpose

    card, other = issue_card(holder), issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    named = ["--realm", realm.slug, "--holder", str(holder.reference), "--fingerprint", card.fingerprint.lower()]
    call_command("revoke", *named, "--cause", "record_error", *BY)
    assert (status_of(card), status_of(other)) == (Status.REVOKED, Status.VALID)
    with pytest.raises(CommandError, match=f"to revoke: card signature {card.serial_number} is revoked"):
        call_command("revoke", *named, "--cause", "record_error", *BY)


@pytest.mark.parametrize(("officer", "ground"), [(" ", "届"), ("佐藤", "")])
def test_a_decision_has_a_name_and_a_ground(realm: Realm, holder: Holder, officer: str, ground: str) -> None:
    card = issue_card(holder)
    with pytest.raises(CommandError, match="name and a ground"):
        call_command(
            "revoke",
            *("--realm", realm.slug, "--serial", card.serial_number, "--cause", "death"),
            *("--officer", officer, "--reason", ground),
        )
    assert status_of(card) == Status.VALID


def test_a_phone_cause_leaves_the_cards_alone(realm: Realm, holder: Holder) -> None:
    certificates = issue_all_four(holder)
    call_command("revoke", "--realm", realm.slug, "--holder", str(holder.reference), "--cause", "phone_use_ended", *BY)
    fallen = {one.medium for one in certificates if status_of(one) == Status.REVOKED}
    assert fallen == {Medium.PHONE.value}
