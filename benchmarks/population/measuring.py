"""Everything measured in a population: pages, API calls, and the work of the authorities and the TSMs.

Each piece of work is done once unwatched and then some times; kept are median and least time, the processor time of
this process, and from `pg_stat_statements` the statements, rows and buffers (`benchmarks.population.watching`). Pages
are asked for in process, as `benchmarks.pages` does, by the people of the tests' world, who are made in the midst of
the population, once: all that is made stays, and to look at the pages again the database is loaded anew.
"""

import json
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import everyone, report
from benchmarks.population import calling, looking, working
from benchmarks.population.watching import Watch

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "scale"


class Book:
    """Takes down figures under a kind and a name."""

    def __init__(self, only: str, rounds: int) -> None:
        self.figures: dict[str, dict[str, Any]] = {}
        self.missing: dict[str, str] = {}  # what was to be measured and wasn't, and why
        self.rounds = rounds
        self.watch = Watch()
        self._only = only

    def wants(self, name: str) -> bool:
        """Tell whether that is to be measured."""
        return self._only in name

    def note(self, kind: str, name: str, figures: dict[str, Any]) -> None:
        """Take figures down."""
        self.figures[f"{kind}: {name}"] = figures
        numbers = "".join(f"{figures[key]:>11,.1f}" for key in ("median_ms", "min_ms", "statements", "rows", "buffers"))
        report.say(f"{kind + ': ' + name:<72}{numbers}")

    def miss(self, name: str, why: str) -> None:
        """Take down that something wasn't measured."""
        self.missing[name] = why
        report.say(f"NOT measured  {name}: {why}")

    def measure(self, kind: str, name: str, work: Callable[[], Any], *, each: int = 1, rounds: int = 0) -> None:
        """Measure a piece of work that can be done again and again."""
        if not self.wants(f"{kind}: {name}"):
            return
        try:
            self.note(kind, name, self.watch.often(work, rounds or self.rounds, each=each))
        except (Exception, SystemExit) as error:  # the rest is worth measuring all the same
            self.miss(f"{kind}: {name}", f"{type(error).__name__}: {error}"[:300])


def measure(holders: int, *, full: bool, rounds: int, part: str, only: str, made: dict[str, Any]) -> None:
    """Measure a part, or all that has `only` in its name; keep the figures, but for those of `only`."""
    from ca.models import Realm

    everyone.wait_patiently()
    begun, book = time.perf_counter(), Book(only, rounds)
    report.say(f"{'':<72}{'median ms':>11}{'min ms':>11}{'statements':>11}{'rows':>11}{'buffers':>11}")
    if part in ("work", "all"):
        working.measure(book)
    if part in ("timetable", "all"):
        working.measure_timetable(book)
    if part in ("pages", "all"):
        looking.measure(book)
    if part in ("api", "all") and book.wants("api: "):
        calling.measure(book, Realm.objects.get(slug="bench"))
    if only:
        return
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{holders}{'-full' if full else ''}.json"
    # The other part's, where each is measured by itself.
    kept = json.loads(path.read_text()) if part != "all" and path.exists() else {}
    figures = kept.get("figures", {}) | book.figures
    missing = kept.get("missing", {}) | book.missing
    document = {
        "holders": holders,
        "full": full,
        "postgresql": _one("SHOW server_version"),
        "shared_buffers": _one("SHOW shared_buffers"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seconds_to_load": round(made["seconds"]),
        "seconds_to_measure": round(time.perf_counter() - begun),
        "tables": dict(_tables()),
        "figures": figures,
        "missing": {name: why for name, why in missing.items() if name not in figures},
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    report.say(f"kept in {path}")


def _one(statement: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        (found,) = cursor.fetchone()
    return found


def _tables() -> Iterator[tuple[str, dict[str, int]]]:
    """Yield the big tables: rows, bytes of the table with what is kept beside it, bytes of the indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_total_relation_size(oid) > 1000000"
            " ORDER BY 3 DESC"
        )
        for name, rows, table, indexes in cursor.fetchall():
            yield name, {"rows": rows, "table": table, "indexes": indexes}
