"""Verdicts from our own records, against the two checks of RSA signatures in each, with few and with many revoked.

    python -m benchmarks.ca_verdicts [--revoked 1000,1000000] [--database postgresql://…]

A verdict is the whole one: octets parsed, path validated by cryptography's verifier, policy, dates, our own record of
exactly these octets and its status, the signature over the message. Bare is the authority's signature and the holder's,
checked with keys that are loaded already. All in one process and one thread, by turns, the best of several rounds. The
certificates are real and as many signature as user authentication ones; the revoked crowd around them is rows only,
copied in the database. Prints a table and writes var/bench/ca_verdicts.json.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOLDERS, RENEWALS = 8, 25  # of each holder so many certificates a purpose
TOGETHER = 400  # questions in one call
ROUNDS = 7
BAR = 0.4


def main() -> None:
    """Measure on PostgreSQL and on SQLite, each in a process of its own, and tell."""
    parser = argparse.ArgumentParser(description="Verdicts against bare signature checks, in one run")
    parser.add_argument("--revoked", default="1000,1000000", help="sizes of the revoked crowd, growing")
    parser.add_argument("--database", default="", help="an empty database; a private PostgreSQL when left out")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    sizes = [int(size) for size in chosen.revoked.split(",")]
    if chosen.measure:
        _say(json.dumps(measure(sizes)))
        return
    # Ended in the middle, it takes its server and the measuring process along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it had measured"))
    places = {"postgresql": chosen.database or _private()}
    if not chosen.database:
        places["sqlite"] = ""
    results = {name: _child(url, sizes) for name, url in places.items() if url or name == "sqlite"}
    _say(f"{'database':<12}{'revoked':>9}  {'what':<34}{'us':>8}{'per s':>9}{'of bare':>9}")
    for database, rows in results.items():
        for row in rows:
            for what, spent in row["us"].items():
                ratio = row["us"]["bare: two signature checks"] / spent
                _say(f"{database:<12}{row['revoked']:>9}  {what:<34}{spent:>8.1f}{1e6 / spent:>9.0f}{ratio:>9.2f}")
    bars = {}
    for database, rows in results.items():
        ratios = [row["us"]["bare: two signature checks"] / row["us"][f"verdicts, {TOGETHER} a query"] for row in rows]
        bars[f"{database}: together at least {BAR} of bare, at every size"] = min(ratios) >= BAR
        bars[f"{database}: flat from {sizes[0]} to {sizes[-1]} revoked (within 1.2)"] = max(ratios) <= 1.2 * min(ratios)
    for name, met in bars.items():
        _say(f"{'met    ' if met else 'NOT met'} {name}")
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca_verdicts.json").write_text(json.dumps({"results": results, "bars": bars}, indent=2) + "\n")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _private() -> str:
    from tests import postgresql

    try:
        return postgresql.server().create("bench_verdicts")
    except postgresql.Missing as error:
        sys.stderr.write(f"{error}: on SQLite alone\n")
        return ""


def _child(database: str, sizes: list[int]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DATABASE_URL": database or f"sqlite:///{folder}/bench.sqlite3",
            "BROKER_URL": "memory://",
            "CA_KEYS_PASSPHRASE": secrets.token_hex(16),
            "RESPONDER_KEYS_PASSPHRASE": secrets.token_hex(16),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "benchmarks.ca_verdicts", "--measure", "--revoked", ",".join(map(str, sizes))]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def measure(sizes: list[int]) -> list[dict[str, Any]]:
    """Return, for each size of the crowd, microseconds a verdict, each way."""
    import django

    django.setup()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from django.core.management import call_command

    from ca import clock, status
    from tests.ca import fixtures

    call_command("migrate", verbosity=0)
    realm = fixtures.make_realm("bench")
    certificates = _issue(realm)
    message = b"bench" * 40
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()
    signatures = [fixtures.private_key(n).sign(message, scheme, digest) for n in range(2 * HOLDERS)]
    questions, checks = [], []
    for number, certificate in certificates:
        octets = bytes(certificate.der)
        questions.append(status.Question(octets, signed=status.Signed(message, signatures[number])))
        parsed = x509.load_der_x509_certificate(octets)
        authority = x509.load_der_x509_certificate(bytes(certificate.generation.certificate)).public_key()
        checks.append((authority.verify, parsed.signature, parsed.tbs_certificate_bytes))
        checks.append((parsed.public_key().verify, signatures[number], message))  # type: ignore[union-attr]
    now = clock.now(realm)

    def bare() -> None:
        for verify, signature, signed in checks:
            verify(signature, signed, scheme, digest)

    def together() -> None:
        for start in range(0, len(questions), TOGETHER):
            verdicts = status.check_all(realm, questions[start : start + TOGETHER], now=now)
            assert all(verdict.standing is status.Standing.VALID for verdict in verdicts)  # noqa: S101

    def single() -> None:
        for question in questions:
            verdict = status.check_all(realm, [question], now=now)[0]
            assert verdict.standing is status.Standing.VALID  # noqa: S101

    ways = {
        "bare: two signature checks": bare,
        f"verdicts, {TOGETHER} a query": together,
        "verdicts, one by one": single,
    }
    rows = []
    crowd = 0
    for size in sizes:
        _grow(certificates[0][1], crowd, size)
        crowd = size
        rows.append({"revoked": size, "us": _by_turns(ways, len(questions))})
    return rows


def _by_turns(ways: dict[str, Callable[[], None]], count: int) -> dict[str, float]:
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, work in ways.items():
            begin = time.perf_counter()
            work()
            best[name] = min(best[name], (time.perf_counter() - begin) / count * 1e6)
    return best


def _issue(realm: Any) -> list[tuple[int, Any]]:
    """Return real certificates, each with the number of its holder's key."""
    from ca import issuance, messages
    from ca.profiles import Medium, Purpose
    from tests.ca import fixtures

    messages.send = lambda *_: True  # type: ignore[assignment]  # the broker is not what is measured
    numbers: dict[int, int] = {}
    for holder_number in range(HOLDERS):
        holder = fixtures.make_holder(realm)
        for turn, purpose in enumerate(Purpose):
            number = 2 * holder_number + turn
            for renewal in range(RENEWALS):
                asked = issuance.request(
                    realm=realm,
                    purpose=purpose,
                    medium=Medium.CARD,
                    holder=holder,
                    public_key=fixtures.public_key(number),
                    request_key=f"{number} {renewal}",
                )
                numbers[asked.pk] = number
    outcomes = issuance.issue_many(list(numbers))
    return [(numbers[pk], certificate) for pk, certificate in outcomes.items()]


def _grow(sample: Any, present: int, wanted: int) -> None:
    """Let the crowd of revoked certificates grow: copies of a row, without octets, each with its serial number."""
    from django.db import connection

    columns = [field.column for field in sample._meta.concrete_fields if field.column != "id"]
    changed = {"serial_number": "'F' || n", "status": "'revoked'", "cause": "'death'", "revoked_at": "changed_at"}
    empty = "''::bytea" if connection.vendor == "postgresql" else "x''"
    changed |= {"der": empty, "public_key": empty}
    values = [changed.get(column, column) for column in columns]
    numbers = (
        f"WITH RECURSIVE numbers (n) AS (SELECT {present + 1} UNION ALL SELECT n + 1 FROM numbers WHERE n < {wanted})"  # noqa: S608
    )
    if connection.vendor == "postgresql":
        numbers = f"WITH numbers (n) AS (SELECT generate_series({present + 1}, {wanted}))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{numbers} INSERT INTO ca_certificate ({', '.join(columns)}) "  # noqa: S608  (our own columns)
            f"SELECT {', '.join(values)} FROM ca_certificate, numbers WHERE id = {sample.pk}"
        )
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
