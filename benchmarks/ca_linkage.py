"""The linkage sweep on PostgreSQL: it costs what fell, not what exists.

    python -m benchmarks.ca_linkage [--pairs 100000,500000,5000000]

For each size a database with that many linked pairs, on one private server. The sweep is the whole one, as the task
runs it: open notes, phone certificates, journal entries, CRL entries, statuses, revisions of the partitions, in bounded
batches; the messages that wake the publication go to a broker in memory. The sizes are measured by turns, so that what
else the machine does falls on all; each figure is the best of its rounds, each round with other cards, far apart.

Card and phone rows are made in the database by generate_series: every column that the sweep reads or writes, all
indexes, 1,900 partitions, a tenth fallen and settled long ago, but no certificate octets and no holders, which it never
looks at. That cards fall is written the same way, outside the measured time. Every plan that the server executed in a
sweep is looked at (auto_explain): none may read a big table from end to end. Prints a table and writes
var/bench/ca_linkage.json.
"""

# ruff: noqa: S608  (the statements are put together from our own columns and numbers)
import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from portal.supervision.kernel import end_with_parent

ROOT = Path(__file__).resolve().parent.parent
FALLEN = {1_000: 4, 10_000: 2}  # newly revoked cards: rounds
PARTITIONS = 1_900
BIG = ("ca_certificate", "ca_cardrevocation", "ca_recheck", "ca_journalentry")


def main() -> None:
    """Measure every size by turns and tell."""
    parser = argparse.ArgumentParser(description="The linkage sweep, against the number of pairs")
    parser.add_argument("--pairs", default="100000,500000,5000000")
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    from tests import postgresql

    # Ended in the middle, it takes its server along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it had measured"))
    sizes = [int(size) for size in chosen.pairs.split(",")]
    begin = time.perf_counter()
    try:
        server = postgresql.server()
    except postgresql.Missing as error:
        sys.exit(f"{error}: the sweep is measured on PostgreSQL alone")
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        # The largest first: the others are made beside it.
        worlds = {
            size: World(size, server.create(f"bench_linkage_{size}"), folder) for size in sorted(sizes, reverse=True)
        }
        for world in worlds.values():
            world.read()
        made = time.perf_counter() - begin
        seconds: dict[int, dict[str, float]] = {size: {} for size in sizes}
        turns = {"idle": 20} | {str(fallen): rounds for fallen, rounds in FALLEN.items()}
        for what, rounds in turns.items():
            for _ in range(rounds):
                for size in sorted(set(_compared(sizes))) if what == str(max(FALLEN)) else sizes:
                    spent = worlds[size].ask(what)["seconds"]
                    seconds[size][what] = min(spent, seconds[size].get(what, spent))
        plans = {size: worlds[size].ask("plans") for size in sizes}
        for world in worlds.values():
            world.end()
    _tell(sizes, seconds, plans, made)


def _tell(sizes: list[int], seconds: dict[int, dict[str, float]], plans: dict[int, Any], made: float) -> None:
    _say(f"{'pairs':>9}  {'idle ms':>8}" + "".join(f"{f'{fallen} fallen s':>16}" for fallen in FALLEN))
    for size in sizes:
        spent = (seconds[size].get(str(fallen)) for fallen in FALLEN)
        figures = "".join(f"{one:>16.3f}" if one is not None else f"{'-':>16}" for one in spent)
        _say(f"{size:>9}  {seconds[size]['idle'] * 1000:>8.2f}{figures}")
    few, many = (str(fallen) for fallen in FALLEN)
    flat = [seconds[size][few] for size in sizes]
    ratios = {f"{few} fallen, slowest size / fastest": max(flat) / min(flat)}
    small, large = _compared(sizes)
    ratios[f"{many} fallen, {large} pairs / {small}"] = seconds[large][many] / seconds[small][many]
    for name, ratio in ratios.items():
        _say(f"{name:<44}{ratio:>6.2f}")
    bars = {f"{name} at most 1.5": ratio <= 1.5 for name, ratio in ratios.items()}
    bars["idle under 5 ms at every size"] = max(seconds[size]["idle"] for size in sizes) < 0.005
    for size in sizes:
        bars[f"{size} pairs: {plans[size]['plans']} plans, none reads a big table whole"] = (
            plans[size]["plans"] > 0 and not plans[size]["sequential"]
        )
    for name, met in bars.items():
        _say(f"{'met    ' if met else 'NOT met'} {name}")
    document = {"seconds": seconds, "ratios": ratios, "bars": bars, "plans": plans, "seconds_to_make": made}
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca_linkage.json").write_text(json.dumps(document, indent=2) + "\n")


def _compared(sizes: list[int]) -> tuple[int, int]:
    """Return the sizes at which many fall: the bar's, where they are measured."""
    bar = (500_000, 5_000_000)
    return bar if set(bar) <= set(sizes) else (sizes[0], sizes[-1])


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


class World:
    """A process with a database of so many pairs, which sweeps when it is asked to."""

    def __init__(self, size: int, database: str, folder: str) -> None:
        place = Path(folder) / str(size)
        place.mkdir()
        environment = os.environ | {
            "VAR_DIR": str(place),
            "DATABASE_URL": database,
            "BROKER_URL": "memory://",
            "CA_KEYS_PASSPHRASE": secrets.token_hex(16),
            "RESPONDER_KEYS_PASSPHRASE": secrets.token_hex(16),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "LINKAGE_AT_ONCE": "0",
            "LOG_LEVEL": "ERROR",
        }
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", "benchmarks.ca_linkage", "--serve", str(size)],
            cwd=ROOT,
            env=environment,
            preexec_fn=end_with_parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str) -> dict[str, Any]:
        """Have one thing done; return what the process says of it."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self.read()

    def read(self) -> dict[str, Any]:
        """Return the next line that the process says."""
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            sys.exit("a measuring process ended; what it said stands above")
        said: dict[str, Any] = json.loads(line)
        return said

    def end(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.close()
        self._process.wait(30)


# --- The process of one size ------------------------------------------------------------------------------------------
def serve(size: int) -> None:
    """Make the pairs, then do what each line on stdin says: idle, a number of cards to fall, or plans."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from ca import linkage
    from tests.ca import plans

    realm, phone = _make(size)
    fell = 0

    def tell(**said: Any) -> None:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    def sweep(expected: int) -> float:
        begin = time.perf_counter()
        found = linkage.sweep(realm)
        spent = time.perf_counter() - begin
        assert len(found) == expected, (len(found), expected)  # noqa: S101
        return spent

    tell(made=size)
    for line in sys.stdin:
        what = line.strip()
        if what == "plans":
            _fall(phone, size, fell, 1_000)
            with plans.executed() as seen:
                sweep(1_000)
            tell(plans=len(seen), sequential=plans.sequential(seen, BIG))
        else:
            count = 0 if what == "idle" else int(what)
            if count:
                _fall(phone, size, fell, count)
                fell += count
            tell(seconds=sweep(count))


def _make(size: int) -> tuple[Any, Any]:
    """Return a realm and one real phone certificate of it; that many pairs of rows stand after its own."""
    from django.db import connection

    from ca.models import Certificate
    from tests.ca import fixtures

    realm = fixtures.make_realm("bench")
    card = fixtures.issue_card(fixtures.make_holder(realm))
    phone = fixtures.issue_phone(card)
    first = phone.pk + 1
    with connection.cursor() as cursor:
        # The indexes are made after the rows, which is several times faster and leaves the same.
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'ca_certificate' AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u'))"
        )
        indexes = cursor.fetchall()
        for table in BIG:
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("ALTER TABLE ca_certificate DROP CONSTRAINT one_certificate_a_serial")
        cursor.execute(
            "INSERT INTO ca_partition (generation_id, medium, municipality_code, prefecture, municipality, revision,"
            " published_revision) SELECT generation_id, medium, to_char(n, 'FM00000'), 'p', 'm', 0, -1"
            f" FROM ca_partition, generate_series(1, {PARTITIONS}) AS n"
        )
        # No look-up of each foreign key: the keys are right but for the holders', who are numbers without rows.
        cursor.execute("SET session_replication_role = replica")
        columns = [field.column for field in Certificate._meta.concrete_fields]
        settled, at = f"n > {_standing(size)}", "now() - interval '30 days'"
        for sample, shift, letter, linked in ((card, 0, "C", "NULL"), (phone, 1, "F", f"{first} + 2 * (n - 1)")):
            changed = {
                "id": f"{first} + 2 * (n - 1) + {shift}",
                "serial_number": f"'{letter}' || lpad(to_hex(n), 7, '0')",
                "subject_key_identifier": f"'{letter}' || rpad(lpad(to_hex(n), 7, '0'), 39, '0')",
                "holder_id": f"{sample.holder_id} + n",
                "partition_id": f"(array(SELECT id FROM ca_partition WHERE medium = '{sample.medium}' ORDER BY id))"
                f"[1 + n % {PARTITIONS}]",
                "linked_to_id": linked,
                "der": "''::bytea",
                "public_key": "''::bytea",
                "status": f"CASE WHEN {settled} THEN 'revoked' ELSE 'valid' END",
                "cause": f"CASE WHEN {settled} THEN 'death' ELSE '' END",
                "revoked_at": f"CASE WHEN {settled} THEN {at} END",
            }
            values = [changed.get(column, column) for column in columns]
            cursor.execute(
                f"INSERT INTO ca_certificate ({', '.join(columns)}) SELECT {', '.join(values)}"
                f" FROM ca_certificate, generate_series(1, {size}) AS n WHERE id = {sample.pk}"
            )
        cursor.execute(
            "INSERT INTO ca_cardrevocation (realm_id, card_id, revoked_at, settled_at)"
            f" SELECT {realm.pk}, {first} + 2 * (n - 1), {at}, {at}"
            f" FROM generate_series({_standing(size) + 1}, {size}) AS n"
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(
            "ALTER TABLE ca_certificate ADD CONSTRAINT one_certificate_a_serial UNIQUE (issuer_id, serial_number)"
        )
        for _, definition in indexes:
            cursor.execute(definition)
        # What the server writes after so many new rows, it writes now, and not beside the sweeps that are measured.
        cursor.execute("ANALYZE")
        cursor.execute("CHECKPOINT")
    return realm, phone


def _standing(size: int) -> int:
    """Return how many of the pairs stand; the others fell long ago, and that is settled."""
    return size * 9 // 10


def _fall(phone: Any, size: int, before: int, count: int) -> None:
    """Let that many cards fall, far apart, none of them among the `before` that fell already."""
    from django.db import connection

    # A stride that shares no factor with the size visits every pair once.
    pair = f"(n::bigint * 7919) % {_standing(size)}"
    cards = f"SELECT {phone.pk + 1} + 2 * ({pair}) FROM generate_series({before}, {before + count - 1}) AS n"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ca_certificate SET status = 'revoked', cause = 'death', revoked_at = now(), changed_at = now()"
            f" WHERE id IN ({cards})"
        )
        cursor.execute(
            "INSERT INTO ca_cardrevocation (realm_id, card_id, revoked_at)"
            f" SELECT realm_id, id, now() FROM ca_certificate WHERE id IN ({cards})"
        )


if __name__ == "__main__":
    main()
