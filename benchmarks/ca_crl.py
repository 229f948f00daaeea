"""CRLs at size: from the database to signed and published DER, against `cryptography`'s builder and `openssl ca`.

    python -m benchmarks.ca_crl [--entries 10000,100000] [--database postgresql://…]

Each way runs in a process of its own, so that its peak memory is its own; all in one run, so that only ratios count.
The result is printed as a table and kept as JSON in var/bench/ca_crl.json.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REVOKED = 1_000_000  # the first copied serial number
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
    parser.add_argument("--entries", default="10000,100000")
    parser.add_argument("--database", default="", help="an empty database; a private PostgreSQL when left out")
    parser.add_argument("--way", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    sizes = [int(size) for size in chosen.entries.split(",")]
    if chosen.way:
        sys.stdout.write(json.dumps(WAYS[chosen.way](sizes[0])))
        return
    rows = [_measure(size, chosen.database or _database(size)) for size in sizes]
    sys.stdout.write(f"{'entries':>9}  {'way':<28} {'seconds':>8} {'peak MB':>8} {'times ours':>10}\n")
    for row in rows:
        for way, found in row["ways"].items():
            ratio = found["seconds"] / row["ways"]["published"]["seconds"]
            sys.stdout.write(
                f"{row['entries']:>9}  {way:<28} {found['seconds']:>8.3f} {found['peak_mb']:>8.0f} {ratio:>10.2f}\n"
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
            if found is not None:
                ways[way] = found
        ours = ways["published"]["seconds"]
        ratios = {f"{way} / published": ways[way]["seconds"] / ours for way in ways if way != "published"}
        return {"entries": size, "database": "postgresql" if database else "sqlite", "ways": ways, "ratios": ratios}


def _timed(work: Any, who: int = resource.RUSAGE_SELF) -> dict[str, float]:
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    # KiB on Linux: of this process alone, or of the largest of its children.
    return {"seconds": seconds, "peak_mb": resource.getrusage(who).ru_maxrss / 1024}


# --- The ways, each a process --------------------------------------------------------------------------------------
def prepare(size: int) -> None:
    """Make a realm with one partition of that many revoked certificates, rows only."""
    import django

    django.setup()
    from django.core.management import call_command

    from ca import revocation
    from ca.models import Certificate

    call_command("migrate", verbosity=0)
    card = _partition_of_one()
    cause, at = revocation.Cause.ATTRIBUTES_CHANGED, card.not_before
    same = {field.attname: getattr(card, field.attname) for field in Certificate._meta.concrete_fields}
    same |= {"id": None, "der": b"", "status": "revoked", "cause": cause, "revoked_at": at, "changed_at": at}
    for start in range(0, size, 10_000):
        serials = [f"{REVOKED + number:08X}" for number in range(start, min(size, start + 10_000))]
        Certificate.objects.bulk_create(
            Certificate(
                **same | {"serial_number": serial, "crl_entry": revocation.crl_entry(serial, cause=cause, at=at)}
            )
            for serial in serials
        )


def _partition_of_one() -> Any:
    """Return a card certificate in a realm of its own; made when there is none."""
    from tests.ca.fixtures import issue_card, make_holder, make_realm

    return issue_card(make_holder(make_realm(f"bench-{os.getpid()}")))


def published(size: int) -> dict[str, float]:
    """From the rows to a CRL examined, signed, stored and journaled, the second of two: held against the first."""
    import django

    django.setup()
    from ca import crl
    from ca.models import Partition

    partition = Partition.objects.select_related("generation__authority__realm").get()
    first = _timed(lambda: crl.publish(partition))
    second = _timed(lambda: crl.publish(partition))
    newest = crl.newest(partition)
    assert newest is not None and newest.entries == size, newest  # noqa: S101, PT018
    return {**second, "first_seconds": first["seconds"]}


def builder(size: int) -> dict[str, float]:
    """The same number of entries by cryptography's builder, all at once, and signed: no database."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa

    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC).replace(microsecond=0)

    def build() -> None:
        entries = [
            x509.RevokedCertificateBuilder()
            .serial_number(REVOKED + number)
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
            f"R\t300101000000Z\t260101000000Z,affiliationChanged\t{REVOKED + number:08X}\tunknown\t/CN={number}\n"
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


WAYS: dict[str, Any] = {"prepare": prepare, "published": published, "builder": builder, "openssl ca -gencrl": openssl}


if __name__ == "__main__":
    main()
