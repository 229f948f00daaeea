"""The counter's role on PostgreSQL: with its own rights it does all that an order asks, and nothing beside."""

# ruff: noqa: S608  (statements are put together of names and values of this file)
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from ca import clock, issuance, revocation
from ca.causes import Cause
from ca.models import CardOrder, Certificate, Holder, Issuance, JournalEntry, Realm
from ca.profiles import Purpose
from portal.rights.tables import tables
from tests.ca.counter import HOLDER, line, written
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_card, issue_phone, make_holder
from tests.portal.rights.test_database import _entry, acting_as, let_through, refusal, separated

__all__ = ["separated"]  # a fixture
pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
MOVED = {"address": "東京都港区芝公園１－２－３", "municipality": "Minato-ku", "municipality_code": "13103"}


@pytest.fixture(autouse=True)
def in_earnest(settings: Any) -> None:
    """Have what a deployment has: no trace of the pretend world, and phones that fall with their card at once."""
    settings.JOURNAL_OBSERVER = ""
    settings.LINKAGE_AT_ONCE = True


@contextmanager
def checked() -> Iterator[None]:
    """Look at what foreign keys and the like have yet to check, as a commit does."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def order(realm: Realm, path: str) -> str:
    out = io.StringIO()
    call_command("order_cards", path, "--realm", realm.slug, "--counter", "清瀬市市民課", stdout=out)
    return out.getvalue()


def test_orders_are_placed_again_and_told_under_its_own_role(separated: Realm, tmp_path: Path) -> None:
    with acting_as("counter"):
        with checked():
            order(separated, written(tmp_path, line()))
        assert "placed before" in order(separated, written(tmp_path, line()))
        assert CardOrder.objects.get().holder.reference.hex == HOLDER.replace("-", "")
        out = io.StringIO()
        call_command("order_cards", "--realm", separated.slug, "--issued", stdout=out)
        assert json.loads(out.getvalue())["state"] == "asked"


def test_a_change_ends_card_and_phone_under_its_own_role_and_what_was_issued_is_told(
    separated: Realm, tmp_path: Path
) -> None:
    order(separated, written(tmp_path, line()))
    issuance.issue_many(Issuance.objects.exclude(state__in=Issuance.FINAL).values_list("pk", flat=True))
    card = Certificate.objects.get(holder__reference=HOLDER, purpose=Purpose.SIGNATURE)
    phone = issue_phone(card, key=10)
    with acting_as("counter"):
        with checked():
            order(separated, written(tmp_path, line("B-1", keys=(4, 5), **MOVED)))
        for one, cause in ((card, Cause.ATTRIBUTES_CHANGED), (phone, Cause.CARD_CERTIFICATE_REVOKED)):
            one.refresh_from_db()
            assert (one.status, one.cause) == ("revoked", cause)
        out = io.StringIO()
        call_command("order_cards", "--realm", separated.slug, "--issued", "A-1", stdout=out)
        assert json.loads(out.getvalue())["signature"]["status"] == "revoked"


def test_it_asks_for_cards_at_their_beginning_and_for_nothing_else(separated: Realm) -> None:
    holder = Holder.objects.filter(realm=separated).values_list("pk", flat=True)[0]
    card = Certificate.objects.filter(realm=separated).values_list("pk", flat=True)[0]
    own = {"realm_id": str(separated.pk), "holder_id": str(holder), "medium": "'card'", "purpose": "'signature'"}
    own |= {"request_key": "'card:x'", "public_key": "'x'", "pending": "false", "state": "'requested'"}
    own |= {"serial_number": "''", "requested_at": "now()", "continuation_key": "''"}
    own |= dict.fromkeys(("error_code", "error_detail"), "''")

    def insert(**changed: str) -> str:
        row = own | changed
        return refusal("counter", f"INSERT INTO ca_issuance ({', '.join(row)}) VALUES ({', '.join(row.values())})")

    assert insert() == ""
    for changed in (
        {"medium": "'phone'", "linked_to_id": str(card)},
        {"linked_to_id": str(card)},
        {"pending": "true"},
        {"state": "'issued'"},
        {"state": "'signing'", "tbs": "'x'"},
        {"certificate_id": str(card)},
        {"request_key": "'phone x'"},
        # What a worker would send to any queue of its own.
        {"continuation": '\'{"task": "tsm.sweep", "args": []}\''},
    ):
        assert "row-level security" in insert(**changed), changed


def test_it_ends_signature_certificates_of_cards_and_makes_nothing_valid(separated: Realm) -> None:
    holder = make_holder(separated)
    card, other = (issue_card(holder, purpose, key=20 + number) for number, purpose in enumerate(Purpose))
    phone = issue_phone(card, key=22)
    held = issue_card(holder, key=23)
    revocation.hold(held, cause=Cause.LOSS, now=clock.now(separated))

    def end(one: Certificate, cause: str = "attributes_changed", status: str = "revoked") -> str:
        change = f"status = '{status}', cause = '{cause}', revoked_at = now(), changed_at = now()"
        return refusal("counter", f"UPDATE ca_certificate SET {change} WHERE id = {one.pk}")

    assert end(card) == ""
    assert end(held) == ""
    for one, cause, status in (
        (other, "attributes_changed", "revoked"),
        (phone, "attributes_changed", "revoked"),
        (phone, "card_certificate_revoked", "revoked"),  # its card's stands
        (card, "death", "revoked"),
        (card, "loss", "on_hold"),
        (held, "", "valid"),
    ):
        assert "row-level security" in end(one, cause, status), (one.medium, one.purpose, cause, status)
    note = "INSERT INTO ca_cardrevocation (realm_id, card_id, revoked_at) VALUES (%s, %s, now())"
    assert "row-level security" in refusal("counter", note, separated.pk, card.pk)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(separated))
    assert end(phone, "card_certificate_revoked") != "", "a revoked one stays as it was revoked"


def test_it_speaks_for_nobody_else_in_the_journal_and_reads_no_other_table(separated: Realm) -> None:
    for kind in ("card.ordered", "certificate.revoked"):
        assert refusal("counter", *_entry(separated, kind)) == ""
    for kind in ("certificate.issued", "key.used", "officer.decided", "certificate.released", "journal.sealed"):
        assert "row-level security" in refusal("counter", *_entry(separated, kind)), kind
    own = {name for name, may in tables().items() if "counter" in f"{may.read} {' '.join(may.see)}".split()}
    others = [f'SELECT 1 FROM "{name}"' for name in tables() if name not in own]
    assert len(others) > 60
    assert [name for name in tables() if name.startswith("sandbox_") and name in own] == []
    assert let_through(others, "counter") == []
    acts = [
        "SELECT tbs FROM ca_issuance",
        "SELECT key_label FROM ca_generation",
        "UPDATE ca_issuance SET state = 'requested'",
        "UPDATE ca_holder SET reference = gen_random_uuid()",
        "UPDATE ca_cardorder SET digest = ''",
        "UPDATE ca_realm SET halted_at = NULL",
        "UPDATE ca_authority SET next_serial = next_serial + 1",
        "INSERT INTO ca_certificate DEFAULT VALUES",
        *(f"DELETE FROM {name}" for name in own),
    ]
    assert let_through(acts, "counter") == []


def test_what_was_ordered_is_not_taken_back_by_anybody(separated: Realm, tmp_path: Path) -> None:
    order(separated, written(tmp_path, line()))
    for act in ("UPDATE ca_cardorder SET digest = 'x'", "DELETE FROM ca_cardorder"):
        assert "only added to" in refusal("owner", act)


def test_no_other_process_orders(separated: Realm, tmp_path: Path) -> None:
    path = written(tmp_path, line())
    for process in ("web", "tsm", "ca", "sweeps", "notices", "reader", "ceremony"):
        # 42501: insufficient_privilege
        with pytest.raises((CommandError, DatabaseError), match=r"42501|permission denied"), acting_as(process):
            order(separated, path)
    assert not CardOrder.objects.exists()
    assert not JournalEntry.objects.filter(kind="card.ordered").exists()
