"""Many rows in one statement: the same on SQLite and PostgreSQL as the ORM's."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError, transaction
from django.db.models import Model

from ca import bulk
from ca.models import Holder, Issuance, JournalEntry, PkilintPass, Realm
from tests.ca.fixtures import make_holder, public_key
from tests.ca.test_issuance import ask

AT = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)


def row(unsaved: Model) -> bulk.Row:
    return tuple(getattr(unsaved, name) for name in bulk.columns(type(unsaved)))


def test_rows_are_stored_in_their_order_and_get_their_ids(realm: Realm) -> None:
    holders = [make_holder(realm) for _ in range(3)]
    copies = bulk.insert(
        Holder, [row(Holder(realm=realm, **_facts(holder, number))) for number, holder in enumerate(holders)]
    )
    assert [copy.name for copy in copies] == ["氏名0", "氏名1", "氏名2"]
    assert [Holder.objects.get(pk=copy.pk).name for copy in copies] == ["氏名0", "氏名1", "氏名2"]
    assert Holder.objects.get(pk=copies[0].pk).born_on == holders[0].born_on


def _facts(holder: Holder, number: int) -> dict[str, object]:
    same = ("name_substitution", "sex", "birth_date", "born_on", "address", "address_substitution")
    places = ("prefecture", "municipality", "municipality_code")
    return {name: getattr(holder, name) for name in same + places} | {"name": f"氏名{number}"}


def test_times_and_json_come_back_as_they_went(realm: Realm) -> None:
    names = ("realm_id", "sequence", "at", "kind", "subject", "data", "previous_hash", "hash")
    (pk,) = bulk.insert_rows(
        JournalEntry, names, [(realm.pk, 9000, AT, "kind", "百%s", '{"a":[1,null,"百"]}', "0" * 64, "1" * 64)]
    )
    entry = JournalEntry.objects.get(pk=pk)
    assert (entry.at, entry.subject, entry.data) == (AT, "百%s", {"a": [1, None, "百"]})


def test_only_rows_that_are_as_expected_are_written_and_told(realm: Realm) -> None:
    rows = [ask(make_holder(realm), request_key=str(n), public_key=public_key(20 + n)) for n in range(3)]
    Issuance.objects.filter(pk=rows[1].pk).update(state="reserved")
    values = [(row.pk, b"\0\xff" * 700, AT) for row in rows]
    moved = bulk.update(
        Issuance,
        ("tbs", "lease_until"),
        values,
        where="t.state = 'requested' AND t.requested_at > %s",
        arguments=[AT.replace(year=2000)],
    )
    assert moved == {rows[0].pk, rows[2].pk}
    written = {row.pk: (row.tbs and bytes(row.tbs), row.lease_until) for row in Issuance.objects.all()}
    assert written == {rows[0].pk: values[0][1:], rows[1].pk: (None, None), rows[2].pk: values[2][1:]}


def test_what_breaks_a_constraint_is_djangos_error(realm: Realm) -> None:
    generation = realm.authorities.get(purpose="signature").generations.get()
    twice = [PkilintPass(generation=generation, shape="a", pkilint="1", serial_number="01", at=AT) for _ in range(2)]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(PkilintPass, [row(one) for one in twice])
    assert not PkilintPass.objects.exists()


@pytest.mark.postgres
def test_text_that_is_too_long_is_refused_and_not_cut(realm: Realm) -> None:
    generation = realm.authorities.get(purpose="signature").generations.get()
    long = PkilintPass(generation=generation, shape="a" * 65, pkilint="1", serial_number="01", at=AT)
    with pytest.raises(DataError), transaction.atomic():
        bulk.insert(PkilintPass, [row(long)])


def test_nothing_is_no_statement(db: None) -> None:
    assert bulk.insert(PkilintPass, []) == []
    assert bulk.insert_rows(PkilintPass, ("shape",), []) == []
    assert bulk.update(Issuance, ("tbs",), [], where="TRUE") == set()
