"""How fast certificates are issued, end to end to committed rows, against bare RSA-2048 signing in the same process.

    make bench-ca
    python -m benchmarks.ca_issuance --requests 1000 --databases postgresql --keys software softhsm

One process, one thread, one key: bare signing and issuing take the same core, by turns, so that what else the machine
does falls on both; the database's own process has what is left of the machine. Every figure is the median of the
rounds, every ratio the median of the rounds' ratios. The last column counts processor time instead, ours and that of
PostgreSQL's process for us: the strictest reading of "the same cores", and hardly moved by what else the machine does.
Prints a table; writes JSON into var/bench/. Each database and each key store has a process and a folder of its own.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
BARE = "bare signing"
# What is asked of it, by key store and database.
BARS = {
    ("software", "postgresql", "built and signed"): 0.9,
    ("software", "postgresql", "issued in batches, committed"): 0.5,
    ("softhsm", "postgresql", "built and signed"): 0.9,
}
Times = dict[str, list[float]]


def main() -> None:
    """Run each part in a process of its own, print the table, keep the JSON."""
    parser = argparse.ArgumentParser(description="Issuance against bare RSA-2048 signing, in one run")
    parser.add_argument("--requests", type=int, default=2500, help="certificates a way, database and key store")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--keys", nargs="+", default=["software", "softhsm"], choices=["software", "softhsm"])
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.requests)))  # noqa: T201
        return
    # Ended in the middle, it takes its PostgreSQL along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it had measured"))
    print(f"{'keys':<10}{'database':<12}{'what':<42}{'per s':>9}{'of bare':>9}{'bar':>6}{'CPU of bare':>13}")  # noqa: T201
    results: dict[str, Any] = {}
    for keys in arguments.keys:
        for database in arguments.databases:
            times, spent = _part(database, keys, arguments.requests)
            results[f"{keys} {database}"] = _report(keys, database, times, spent, arguments.requests // ROUNDS)
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca_issuance.json").write_text(json.dumps({"requests": arguments.requests, "results": results}, indent=2))


def _report(keys: str, database: str, times: Times, spent: Times, count: int) -> dict[str, dict[str, float]]:
    table = {}
    for what, seconds in times.items():
        rate = count / statistics.median(seconds)
        ratio = statistics.median(bare / own for bare, own in zip(times[BARE], seconds, strict=True))
        bar = BARS.get((keys, database, what))
        told, cpu = f"{bar:.1f}" if bar else "", sum(spent[BARE]) / sum(spent[what])
        print(f"{keys:<10}{database:<12}{what:<42}{rate:>9.0f}{ratio:>9.2f}{told:>6}{cpu:>13.2f}")  # noqa: T201
        table[what] = {"per_second": rate, "of_bare": ratio, "cpu_of_bare": cpu} | ({"bar": bar} if bar else {})
    return table


def _part(database: str, keys: str, requests: int) -> tuple[Times, Times]:
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/database.sqlite3",
            "BROKER_URL": "memory://",
        }
        if database == "postgresql":
            from tests import postgresql

            environment["DATABASE_URL"] = postgresql.server().create("bench")
        if keys == "softhsm":
            from tests.ca import token

            if not token.installed():
                raise SystemExit("SoftHSM2 is not installed (Debian: apt-get install softhsm2); try --keys software")
            environment |= {"CA_KEYS": token.SoftHsm(Path(folder)).token(), "CA_KEYS_PASSPHRASE": token.PIN}
            environment["SOFTHSM2_CONF"] = os.environ["SOFTHSM2_CONF"]
        command = [sys.executable, "-m", "benchmarks.ca_issuance", "--measure", "--requests", str(requests)]
        said = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        shutil.rmtree(Path(folder) / "tokens", ignore_errors=True)
    times, spent = json.loads(said.stdout.splitlines()[-1])
    return times, spent


def _public_key() -> bytes:
    """Return an RSA public key whose private half nobody has: making keys is the card's or the phone's work."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    modulus = int.from_bytes(os.urandom(256), "big") | 1 << 2047 | 1
    return (
        rsa.RSAPublicNumbers(65537, modulus)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _bare_signer(label: str) -> Callable[[bytes], bytes]:
    """Return what signs with the key of that label and does nothing else: the library's own call."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from django.conf import settings

    from ca import keys

    if settings.CA_KEYS.startswith("pkcs11:"):
        import pkcs11

        keys.store().open(label)  # logs in
        module, _, query = settings.CA_KEYS.removeprefix("pkcs11:").partition("?")
        token = pkcs11.lib(module).get_token(token_label=query.partition("=")[2])
        key: Any = token.open().get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
        return lambda tbs: bytes(key.sign(tbs, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
    private: Any = keys.store().open(label)._key  # type: ignore[attr-defined]
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()
    return lambda tbs: bytes(private.sign(tbs, scheme, digest))


def _processor_seconds() -> float:
    """Return what this process and PostgreSQL's process for it have used so far."""
    from django.db import connection

    used = time.process_time()
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
        used += (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, proc(5)
    return used


def measure(requests: int) -> tuple[Times, Times]:
    """Return the seconds and processor seconds of each round, on the database and keys that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    for secret, value in {"SECRET_KEY": "b" * 60, "CA_KEYS_PASSPHRASE": "b1" * 32}.items():
        os.environ.setdefault(secret, value)
    os.environ.setdefault("RESPONDER_KEYS_PASSPHRASE", "b2" * 32)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from cryptography import x509

    from ca import ceremony, clock, der, issuance, keys, lint, messages
    from ca.issuance import drafts, kinds, steps
    from ca.models import Certificate, Holder, Issuance
    from ca.profiles import Medium, Purpose

    messages.send = lambda *_: True  # type: ignore[assignment]  # the broker is not what is measured
    realm = ceremony.create_realm("bench")
    ceremony.create_authorities(realm)
    generation = issuance.newest_generation(realm, Purpose.SIGNATURE)
    count = requests // ROUNDS

    def ask(way: str) -> list[int]:
        """Ask for a certificate each for holders of their own, in twenty municipalities."""
        holders = [
            Holder(
                realm=realm,
                name="黒桐　幹也",
                name_substitution="00000",
                sex="1",
                birth_date=f"31980{1 + number % 12:02d}17",
                born_on=date(1980, 1 + number % 12, 17),
                address=f"東京都清瀬市観布子南１２－７－{number:04d}",
                address_substitution="0" * 19,
                prefecture="Tokyo-to",
                municipality=f"Kiyose-shi {chr(65 + number % 20)}",
                municipality_code=f"132{number % 20:02d}",
            )
            for number in range(count)
        ]
        Holder.objects.bulk_create(holders)
        rows = [
            Issuance(
                realm=realm,
                purpose=Purpose.SIGNATURE.value,
                medium=Medium.CARD.value,
                holder=holder,
                public_key=_public_key(),
                request_key=f"{way} {number}",
                requested_at=clock.machine(),
            )
            for number, holder in enumerate(holders)
        ]
        Issuance.objects.bulk_create(rows)
        return [row.pk for row in rows]

    bare_sign, signer = _bare_signer(generation.key_label), keys.store().open(generation.key_label)
    warm = issuance.issue_many(ask("warm"))
    sample = next(iter(warm.values()))
    assert isinstance(sample, Certificate)  # noqa: S101
    tbs = x509.load_der_x509_certificate(bytes(sample.der)).tbs_certificate_bytes
    read = steps.read(list(warm))
    now, passed = sample.not_before, lint.Passed.of([generation])
    sign = issuance.signing(generation)

    def bare() -> None:
        for _ in range(count):
            bare_sign(tbs)

    def built() -> None:
        known = kinds.Kinds()
        for row in read:
            kind = known.of(row, generation)
            octets = kind.assemble(kind.plan(row, int(row.serial_number, 16), now))
            der.signed(octets, signer.sign(octets))

    def verified() -> None:
        known = kinds.Kinds()
        for row in read:
            kind = known.of(row, generation)
            sign(kind.assemble(kind.plan(row, int(row.serial_number, 16), now)))

    def linted() -> None:
        known = kinds.Kinds()
        for row in read:
            sign(drafts.draft(row, known.of(row, generation), generation, now, passed).tbs)

    times: Times = {}
    spent: Times = {}

    def timed(what: str, work: Callable[[], object], share: int = 1) -> None:
        used, begin = _processor_seconds(), time.perf_counter()
        work()
        times.setdefault(what, []).append((time.perf_counter() - begin) * share)
        spent.setdefault(what, []).append((_processor_seconds() - used) * share)

    few = max(count // 10, 1)
    for turn in range(ROUNDS):
        singles, many = ask(f"single {turn}")[:few], ask(f"batch {turn}")
        timed(BARE, bare)
        timed("built and signed", built)
        timed("built, signed and verified", verified)
        timed("built, linted, signed and verified", linted)
        timed("issued in batches, committed", lambda ids=many: issuance.issue_many(ids))  # type: ignore[misc]
        timed("issued one by one, committed", lambda ids=singles: [issuance.issue(pk) for pk in ids], count // few)  # type: ignore[misc]
    if Certificate.objects.count() != count + ROUNDS * (count + few):
        raise SystemExit("not everything was issued: the figures mean nothing")
    return times, spent


if __name__ == "__main__":
    main()
