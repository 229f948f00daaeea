"""What is copied, how often, and what differs in each copy: statements of SQL (`benchmarks.population.loading`)."""

# ruff: noqa: S608  (the statements are put together from our own columns and numbers)
from collections.abc import Mapping
from typing import Any

from benchmarks.population import people, phones, records, site
from benchmarks.population.frame import FIRST_SERIAL, HASH, Copied, Frame


class Copier(Frame):
    """Says what is copied, and makes the statements."""

    def tables(self) -> list[Copied]:
        """Return what is copied in turn."""
        n, p = f"generate_series(1, {self.size.holders}) AS n", f"generate_series(1, {self.size.pairs}) AS p"
        return [
            *people.tables(self, n, p),
            *records.tables(self, n, p),
            *phones.tables(self, p),
            *site.tables(self, p),
        ]

    def statement(self, table: str, rows: str, changed: Mapping[str, str], where: str) -> str:
        """Return the statement that makes the copies."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
                "ORDER BY attnum",
                [table],
            )
            columns = [name for (name,) in cursor.fetchall()]
        if unknown := set(changed) - set(columns):
            raise SystemExit(f"{table} has no {unknown}")
        # The longest series outside, so that the copies are written in its order.
        names = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
        # `k` counts the sample's rows, from 1.
        sample = f'(SELECT *, row_number() OVER (ORDER BY id) AS k FROM "{table}" WHERE {where}) AS sample'
        return (
            f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {rows} CROSS JOIN {sample}'
        )

    def finish(self, cursor: Any) -> None:
        """Set what counts on: authorities, journal, ids."""
        serial = FIRST_SERIAL + 2 * self.size.holders + self.size.pairs + 1
        cursor.execute(f"UPDATE ca_authority SET next_serial = {serial}")
        cursor.execute("SELECT sequence, hash FROM ca_journalentry ORDER BY sequence DESC LIMIT 1")
        sequence, last = cursor.fetchone()
        cursor.execute("UPDATE ca_journalhead SET sequence = %s, hash = %s", [sequence, last])
        cursor.execute("UPDATE portal_journalcursor SET sequence = %s", [sequence])
        for level in (8, 16, 24):
            cursor.execute("DELETE FROM ca_journalnode WHERE level = %s", [level])
            cursor.execute(
                f"INSERT INTO ca_journalnode (realm_id, level, index, hash) SELECT {self.realm.pk}, {level}, n, "
                f"{HASH.format(f'node{level}', 'n')} FROM generate_series(0, {(sequence >> level) - 1}) AS n"
            )
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c WHERE c.table_schema = 'public' "
            "AND c.is_identity = 'YES'"
        )
        for table, column in cursor.fetchall():
            largest = f'(SELECT max("{column}") FROM "{table}")'
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), greatest(1, {largest}))")
