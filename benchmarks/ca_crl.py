"""CRLs at population size: from the database to signed and published DER, against `cryptography` and `openssl ca`.

    make bench-ca
    python -m benchmarks.ca_crl [--entries 10000,100000,1000000] [--database postgresql://…]

signed            rows to a signed list, held against the last one; nothing is stored
published         the same, stored and journaled: what a worker does
128 partitions    as many entries over 128 lists, published as the daily task does it
one revocation    a list of a 128th of a million entries, from the committed revocation to the committed list, median
builder           `cryptography`'s, given all entries at once, and signed: no database
openssl ca        -gencrl from its text database

Each way runs in a process of its own, so that its peak memory is its own; all in one run, so that only ratios count.
The result is printed as a table and kept as JSON in var/bench/ca_crl.json.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import ca_crl_world as world

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
CONFIGURATION = """
[ca]
default_ca = here
[here]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 2
certificate = ca.pem
private_key = key.pem
"""


def main() -> None:
    """Run every way at every size and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", default="10000,100000,1000000")
    parser.add_argument("--database", default="", help="an empty database; a private PostgreSQL when left out")
    parser.add_argument("--way", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    sizes = [int(size) for size in chosen.entries.split(",")]
    if chosen.way:
        sys.stdout.write(json.dumps(WAYS[chosen.way](sizes[0])))
        return
    rows = [_measure(size, chosen.database or _database(size)) for size in sizes]
    sys.stdout.write(f"{'entries':>9}  {'way':<28} {'seconds':>8} {'peak MB':>8} {'builder / it':>12}\n")
    for row in rows:
        for way, found in row["ways"].items():
            # How many times faster than the builder.
            ratio = row["ways"]["builder"]["seconds"] / found["seconds"]
            sys.stdout.write(
                f"{row['entries']:>9}  {way:<28} {found['seconds']:>8.3f} {found['peak_mb']:>8.0f} {ratio:>12.1f}\n"
            )
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca_crl.json").write_text(json.dumps({"benchmark": "ca_crl", "sizes": rows}, indent=2) + "\n")


def _database(size: int) -> str:
    from tests import postgresql

    try:
        return postgresql.server().create(f"bench_crl_{size}")
    except postgresql.Missing as error:
        sys.stderr.write(f"{error}: on SQLite instead\n")
        return ""


def _measure(size: int, database: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DATABASE_URL": database or f"sqlite:///{folder}/bench.sqlite3",
            "BROKER_URL": "memory://",
            "CA_KEYS_PASSPHRASE": "c1" * 32,
            "RESPONDER_KEYS_PASSPHRASE": "5e" * 32,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "benchmarks.ca_crl", "--entries", str(size), "--way"]
        ways: dict[str, Any] = {}
        for way in WAYS:
            done = subprocess.run(  # noqa: S603  (our own module)
                [*command, way], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
            )
            found = json.loads(done.stdout)
            if found is not None and way != "prepare":
                ways[way] = found
        ratios = {f"builder / {way}": ways["builder"]["seconds"] / found["seconds"] for way, found in ways.items()}
        return {"entries": size, "database": "postgresql" if database else "sqlite", "ways": ways, "ratios": ratios}


def _timed(work: Any, who: int = resource.RUSAGE_SELF, rounds: int = 1) -> dict[str, float]:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    # KiB on Linux: of this process alone, or of the largest of its children.
    return {"seconds": min(times), "peak_mb": resource.getrusage(who).ru_maxrss / 1024}


# --- The ways, each a process --------------------------------------------------------------------------------------


def signed(size: int) -> dict[str, float]:
    """From the rows to a signed list that may go out."""
    world.set_up()
    from ca import clock, crl, der, keys, points, succession
    from ca.crl import drafts

    partition = world.partition("13221")
    assert crl.publish(partition).entries == size  # noqa: S101  (the last one)
    signer = keys.store().open(partition.generation.key_label)

    def sign() -> None:
        at = clock.now(partition.generation.authority.realm).replace(microsecond=0)
        (draft,) = drafts.next_lists([partition], at)
        done = der.signed(draft.tbs, signer.sign(draft.tbs))
        draft.tbs = b""
        assert not succession.examine(partition, done, draft.last, points.extension(partition))  # noqa: S101

    return _timed(sign, rounds=ROUNDS)


def published(size: int) -> dict[str, float]:
    """From the rows to a list examined, signed, stored and journaled, as the successor of another of this size."""
    world.set_up()
    from ca import crl

    partition = world.partition("13221")
    crl.publish(partition)
    found = _timed(lambda: crl.publish(partition), rounds=ROUNDS)
    newest = crl.newest(partition)
    assert newest is not None and newest.entries == size, newest  # noqa: S101, PT018
    return found


def in_parts(size: int) -> dict[str, float]:
    """The same, over many lists."""
    world.set_up()
    from django.db.models import F

    from ca import clock, crl, points
    from ca.models import Crl, Partition, Realm

    realm = Realm.objects.get()
    parts = Partition.objects.filter(municipality_code__startswith="90").exclude(
        municipality_code=f"{90000 + world.PARTS}"
    )

    def publish() -> None:
        # Due are these and no others.
        Partition.objects.update(published_revision=F("revision"), published_at=clock.now(realm))
        parts.update(published_revision=-1)
        count = sum(isinstance(outcome, Crl) for outcome in crl.publish_due(realm))
        assert count == world.PARTS, count  # noqa: S101

    points.open_own(realm)
    publish()
    return _timed(publish, rounds=ROUNDS)


def one_revocation(size: int) -> dict[str, float]:
    """From a committed revocation to the committed list that shows it."""
    world.set_up()
    from ca import clock, crl, revocation, tasks
    from ca.models import Certificate
    from tests.ca.fixtures import issue_card, make_holder

    partition = world.partition(f"{90000 + world.PARTS}")
    realm = partition.generation.authority.realm
    place = {"municipality": partition.municipality, "municipality_code": partition.municipality_code}
    cards = [issue_card(make_holder(realm, **place), key=number) for number in range(1, 10)]
    crl.publish(partition)
    times = []
    for card in cards:
        revocation.revoke(card, cause=revocation.Cause.HOLDER_REQUEST, now=clock.now(realm))
        times.append(_timed(lambda: tasks.publish_crls([partition.pk])))
    last = crl.newest(partition)
    listed = Certificate.objects.filter(partition=partition).exclude(status="valid").count()
    assert last is not None and last.entries == listed == world.USUAL + len(cards), last  # noqa: S101, PT018
    return {"seconds": statistics.median(t["seconds"] for t in times[2:]), "peak_mb": times[-1]["peak_mb"]}


def builder(size: int) -> dict[str, float]:
    """The same number of entries by cryptography's builder, all at once, and signed: no database."""
    from datetime import UTC

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa

    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC).replace(microsecond=0)

    def build() -> None:
        entries = [
            x509.RevokedCertificateBuilder()
            .serial_number(world.REVOKED + number)
            .revocation_date(now)
            .add_extension(x509.CRLReason(x509.ReasonFlags.affiliation_changed), critical=False)
            .build()
            for number in range(size)
        ]
        x509.CertificateRevocationListBuilder(x509.Name([]), now, now + timedelta(days=2), [], entries).sign(
            key, hashes.SHA256()
        )

    return _timed(build)


def openssl(size: int) -> dict[str, float] | None:
    """The same number of entries by `openssl ca -gencrl` from its text database; None where there is no openssl."""
    import shutil

    program = shutil.which("openssl")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        place = Path(folder)
        make = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=bench", "-days", "2"]
        subprocess.run(  # noqa: S603
            [*make, "-keyout", "key.pem", "-out", "ca.pem"], cwd=place, check=True, capture_output=True
        )
        lines = (
            f"R\t300101000000Z\t260101000000Z,affiliationChanged\t{world.REVOKED + number:08X}\tunknown\t/CN={number}\n"
            for number in range(size)
        )
        (place / "index.txt").write_text("".join(lines))
        (place / "crlnumber").write_text("01\n")
        (place / "ca.cnf").write_text(CONFIGURATION)
        command = [program, "ca", "-gencrl", "-config", "ca.cnf", "-out", "crl.pem"]
        return _timed(
            lambda: subprocess.run(command, cwd=place, check=True, capture_output=True),  # noqa: S603
            resource.RUSAGE_CHILDREN,
        )


WAYS: dict[str, Any] = {
    "prepare": world.prepare,
    "signed": signed,
    "published": published,
    "128 partitions": in_parts,
    "one revocation": one_revocation,
    "builder": builder,
    "openssl ca -gencrl": openssl,
}


if __name__ == "__main__":
    main()
