"""What an OCSP answer costs the database: the plans must go by an index, however many certificates there are."""

import pytest
from django.db import connection

from ca.models import Certificate, Holder
from ca.ocsp import house, standing
from ca.profiles import Purpose
from tests.ca.fixtures import issue_card


@pytest.fixture
def card(holder: Holder) -> Certificate:
    return issue_card(holder)


def plan(statement: str, parameters: list[object]) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of one row is read whole, whatever its indexes.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("EXPLAIN " + statement, parameters)
        else:
            cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_a_certificate_is_found_by_its_authority_and_serial_number(card: Certificate) -> None:
    many = [Certificate.objects.get(pk=card.pk) for _ in range(3000)]
    for number, one in enumerate(many, 0x1000):
        one.pk, one.serial_number = None, f"{number:X}"
    Certificate.objects.bulk_create(many, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    (issuer,) = house.anew().generations(card.realm, Purpose.SIGNATURE)
    names = [(issuer.authority, card.serial_number), (issuer.authority, "01")]
    found = plan(*standing.statement(standing.reading_of_look(names, [card.realm_id])))
    if connection.vendor == "postgresql":
        assert "one_certificate_a_serial" in found
        assert "Seq Scan on ca_certificate" not in found
    else:
        assert "SEARCH one USING INDEX" in found
        assert "(issuer_id=? AND serial_number=?)" in found


def test_marks_are_found_by_their_keys(card: Certificate) -> None:
    found = plan(*standing.statement(standing.reading_of_marks([card.partition_id, -card.realm_id])))
    assert "SCAN ca_" not in found
    assert "Seq Scan" not in found
