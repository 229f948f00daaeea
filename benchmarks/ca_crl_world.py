"""A database full of revoked certificates, copied by the server from one that was issued: what `ca_crl` measures in."""

import itertools
import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

REVOKED = 0x10000000  # below the first copied serial number
PARTS, USUAL = 128, 1_000_000 // 128
# What a copied certificate has of its own: the id, and what `prepare` selects, in this order.
CHANGED = ("id", "serial_number", "partition_id", "crl_entry", "der", "status", "cause", "revoked_at")


def prepare(size: int) -> None:
    """Fill an empty database: a list of `size` entries, as many over 128 lists, and one of the usual size."""
    from django.core.management import call_command

    set_up()
    from django.db import connection

    from ca.models import Certificate, Partition
    from tests.ca.fixtures import issue_card, make_holder, make_realm

    call_command("migrate", verbosity=0)
    card = issue_card(make_holder(make_realm("bench")))
    one = card.partition
    parts = [
        Partition.objects.create(
            generation=one.generation,
            medium=one.medium,
            prefecture=one.prefecture,
            municipality=f"Bench-{chr(97 + number // 26)}{chr(97 + number % 26)}-shi",
            municipality_code=f"{90000 + number}",
        )
        for number in range(PARTS + 1)
    ]
    usual = parts.pop()
    places = itertools.chain(
        (one.pk for _ in range(size)),
        (parts[number % PARTS].pk for number in range(size)),
        (usual.pk for _ in range(USUAL)),
    )
    copied = [field.column for field in Certificate._meta.concrete_fields if field.column not in CHANGED]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE fallen (serial_number text, place bigint, entry bytea)")
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")  # no look at foreign keys, row by row
            with cursor.copy("COPY fallen FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["text", "int8", "bytea"])
                for row in _fallen(places, card.not_before):
                    copy.write_row(row)
        else:
            cursor.executemany("INSERT INTO fallen VALUES (%s, %s, %s)", _fallen(places, card.not_before))
        # The certificates lie in their rows, as real ones do: who reads the rows reads them too.
        cursor.execute(
            f"INSERT INTO ca_certificate ({', '.join(copied)}, {', '.join(CHANGED[1:])}) "  # noqa: S608
            f"SELECT {', '.join(f'c.{name}' for name in copied)}, f.serial_number, f.place, f.entry, "
            f"substr(c.der, 1, 900), 'revoked', 'attributes_changed', c.not_before "
            f"FROM fallen f CROSS JOIN ca_certificate c WHERE c.id = %s",
            [card.pk],
        )
        time.sleep(1)  # what was committed without waiting for the disk is not settled before
        cursor.execute("VACUUM ANALYZE ca_certificate" if connection.vendor == "postgresql" else "ANALYZE")


def _fallen(places: Iterator[int], begin: datetime) -> Iterator[tuple[str, int, bytes]]:
    """Yield serial number, partition and CRL entry, times and gaps between the numbers as they fall."""
    from ca import der, revocation

    chance, serial = random.Random(1), REVOKED  # noqa: S311  (the same each time)
    causes = [revocation.Cause.ATTRIBUTES_CHANGED, revocation.Cause.SUPERSEDED, revocation.Cause.HOLDER_REQUEST]
    for place in places:
        serial += chance.randrange(1, 7)
        at = begin + timedelta(seconds=chance.randrange(10**8))
        number = der.integer_hex(serial)
        yield number, place, revocation.crl_entry(number, cause=causes[serial % 3], at=at)


def set_up() -> None:
    """Let Django be used in this process."""
    import django

    django.setup()


def partition(code: str) -> Any:
    """Return the list of a municipality's code."""
    from ca.models import Partition

    return Partition.objects.select_related("generation__authority__realm").get(municipality_code=code)
