"""What the responders' keys signed: noted by processes that write nothing else, and summed up in the journal."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.x509 import ocsp as client
from django.db import connection

from ca import journal
from ca.models import Certificate, JournalEntry, KeyUse, Realm, ResponderKey
from ca.ocsp import uses
from ca.tasks import sweep_key_uses
from tests.ca import responders
from tests.ca.fixtures import issue_all_four, issue_card, make_holder, make_realm
from tests.ca.test_issuance import at_once
from tests.ca.test_ocsp import path_of, question

GOOD = client.OCSPCertStatus.GOOD
User = Callable[[str], str]


@pytest.fixture
def user(transactional_db: None) -> Iterator[User]:
    """Give `user(rights)`: the URL of the tests' database for a user who may read, and what is granted beside that.

    SQLite knows reading and writing only.
    """
    role = f"{connection.settings_dict['NAME']}_noter"

    def made(rights: str = "") -> str:
        if connection.vendor == "sqlite":
            return responders.database_url() if rights else responders.database_url(mode="ro")
        with connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE IF EXISTS {role}")
            cursor.execute(f"CREATE ROLE {role} LOGIN")
            cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
            if rights:
                cursor.execute(f"GRANT {rights} TO {role}")
        return responders.database_url(user=role)

    yield made
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {role}")
            cursor.execute(f"DROP ROLE {role}")


def answered(realm: Realm) -> list[tuple[str, int]]:
    """Return what the realm's journal says of answers: key and how many."""
    entries = JournalEntry.objects.filter(realm=realm, kind="responder.answered").order_by("sequence")
    return [(entry.data["key_label"], entry.data["answers"]) for entry in entries]


def label(certificate: Certificate) -> str:
    return ResponderKey.objects.get(generation=certificate.generation).key_label


def ask(address: str, certificate: Certificate, *, nonce: bytes = b"") -> None:
    body = responders.ask(address, path_of(certificate), question(certificate, nonce=nonce))
    assert client.load_der_ocsp_response(body).certificate_status is GOOD


def test_every_signature_of_a_responder_that_may_only_add_notes_comes_into_the_journal(
    user: User, tmp_path: Path
) -> None:
    signature, authentication, *_ = issue_all_four(make_holder(make_realm()))
    realm = signature.realm
    with responders.started(tmp_path, DATABASE_URL=user("INSERT ON ca_keyuse")) as (address,):
        for number in range(3):
            ask(address, signature, nonce=bytes([number]) * 16)
        ask(address, authentication, nonce=b"n" * 16)
    # It has ended, in order.
    uses, counted = sweep_key_uses(), dict(answered(realm))
    assert counted.keys() == {label(signature), label(authentication)}
    # On a busy machine a signature may come too late for its answer, and is made anew: then it was used once more.
    assert (counted[label(signature)] >= 3, counted[label(authentication)] >= 1) == (True, True)
    assert uses == sum(counted.values()) == sum(count for _, count in answered(realm))
    assert not KeyUse.objects.exists()
    assert sweep_key_uses() == 0
    assert journal.verify(realm) is None


def test_a_responder_that_may_only_read_goes_on_and_its_log_has_the_figures(user: User, tmp_path: Path) -> None:
    card = issue_card(make_holder(make_realm()))
    with responders.started(tmp_path, DATABASE_URL=user(""), OCSP_NOTE_SECONDS="0.1") as (address,):
        log = next(tmp_path.glob("*.log"))
        ask(address, card, nonce=b"n" * 16)
        deadline = time.monotonic() + 20
        while f"responder key {label(card)} signed 1 answers: not noted" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        ask(address, card, nonce=b"m" * 16)
        ask(address, card)
    assert not KeyUse.objects.exists()
    assert "Traceback" not in log.read_text()


@pytest.mark.django_db(transaction=True)
def test_notes_are_journaled_once_whoever_comes_when() -> None:
    card = issue_card(make_holder(make_realm()))
    uses.note()  # what other tests left
    KeyUse.objects.all().delete()
    for number in range(1, 8):
        KeyUse.objects.create(key_label=label(card), answers=number)
    results = at_once(*[sweep_key_uses] * 4)
    assert sorted(results) == [0, 0, 0, 28]
    assert answered(card.realm) == [(label(card), 28)]
    assert not KeyUse.objects.exists()


def test_a_realms_journal_has_its_own_keys_alone(realm: Realm) -> None:
    other = make_realm("other")
    for one in (realm, other):
        key = ResponderKey.objects.filter(generation__authority__realm=one).order_by("pk")[0]
        KeyUse.objects.create(key_label=key.key_label, answers=one.pk)
    assert sweep_key_uses() == realm.pk + other.pk
    assert [number for _, number in answered(realm)] == [realm.pk]
    assert [number for _, number in answered(other)] == [other.pk]
