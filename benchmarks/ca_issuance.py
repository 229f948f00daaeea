"""How fast certificates are issued, end to end to committed rows, against bare RSA-2048 signing in the same process.

    make bench-ca
    python -m benchmarks.ca_issuance --requests 500 --databases sqlite postgresql

One process, one thread, one key: bare signing and issuing take the same core, by turns, so that what else the machine
does falls on both. Prints a table; writes JSON into var/bench/. Each database has a process and a
folder of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3


def main() -> None:
    """Run each database's part in a process of its own, print the table, keep the JSON."""
    parser = argparse.ArgumentParser(description="Issuance against bare RSA-2048 signing, in one run")
    parser.add_argument("--requests", type=int, default=600, help="certificates a way and database")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.requests)))  # noqa: T201
        return
    results = {database: _part(database, arguments.requests) for database in arguments.databases}
    print(f"{'database':<12}{'what':<42}{'per s':>9}{'of bare':>9}")  # noqa: T201
    for database, rates in results.items():
        for what, rate in rates.items():
            print(f"{database:<12}{what:<42}{rate:>9.0f}{rate / rates['bare signing']:>9.2f}")  # noqa: T201
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    table = {
        database: {what: {"per_second": rate, "of_bare": rate / rates["bare signing"]} for what, rate in rates.items()}
        for database, rates in results.items()
    }
    (folder / "ca_issuance.json").write_text(json.dumps({"requests": arguments.requests, "results": table}, indent=2))


def _part(database: str, requests: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/database.sqlite3",
            "BROKER_URL": "memory://",
        }
        if database == "postgresql":
            from tests import postgresql

            environment["DATABASE_URL"] = postgresql.server().create("bench")
        command = [sys.executable, "-m", "benchmarks.ca_issuance", "--measure", database, "--requests", str(requests)]
        said = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    rates: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return rates


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


def measure(requests: int) -> dict[str, float]:
    """Return rates per second, on the database that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    for secret, value in {"SECRET_KEY": "b" * 60, "CA_KEYS_PASSPHRASE": "b1" * 32}.items():
        os.environ.setdefault(secret, value)
    os.environ.setdefault("RESPONDER_KEYS_PASSPHRASE", "b2" * 32)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from ca import assembly, ceremony, issuance, keys, messages
    from ca.models import Holder
    from ca.profiles import Medium, Purpose

    messages.send = lambda *_: True  # type: ignore[assignment]  # the broker is not what is measured
    realm = ceremony.create_realm("bench")
    ceremony.create_authorities(realm)
    generation = issuance.newest_generation(realm, Purpose.SIGNATURE)
    holder = Holder(
        realm=realm,
        name="黒桐　幹也",
        name_substitution="00000",
        sex="1",
        birth_date="319800217",
        born_on=date(1980, 2, 17),
        address="東京都清瀬市観布子南１２－７－２０２",
        address_substitution="0" * 18,
        prefecture="Tokyo-to",
        municipality="Kiyose-shi",
        municipality_code="13221",
    )
    holder.save()

    def ask(way: str) -> list[int]:
        return [
            issuance.request(
                realm=realm,
                purpose=Purpose.SIGNATURE,
                medium=Medium.CARD,
                holder=holder,
                public_key=_public_key(),
                request_key=f"{way} {number}",
            ).pk
            for number in range(requests // ROUNDS)
        ]

    signer = keys.store().open(generation.key_label)
    sample = issuance.issue(ask("warm")[0])
    from cryptography import x509

    tbs = x509.load_der_x509_certificate(bytes(sample.der)).tbs_certificate_bytes
    row = sample.issuance
    profile = issuance.PROFILES[Purpose.SIGNATURE, Medium.CARD]
    now = sample.not_before

    def bare() -> None:
        for _ in range(requests // ROUNDS):
            signer.sign(tbs)

    def assembled() -> None:
        sign = issuance.signing(generation)
        for number in range(requests // ROUNDS):
            sign(
                assembly.end_entity(
                    issuance._plan(row, profile, generation, 10_000 + number, now)
                ).tbs_certificate_bytes
            )

    def linted() -> None:
        sign = issuance.signing(generation)
        for number in range(requests // ROUNDS):
            sign(issuance._linted_twin(row, generation, 10_000 + number, now)[0].tbs_certificate_bytes)

    spent: dict[str, float] = {}

    def timed(what: str, work: Callable[[], object]) -> None:
        begin = time.perf_counter()
        work()
        spent[what] = spent.get(what, 0.0) + time.perf_counter() - begin

    for turn in range(ROUNDS):
        singles, many = ask(f"single {turn}"), ask(f"batch {turn}")
        timed("bare signing", bare)
        timed("assembled and signed", assembled)
        timed("assembled, linted and signed", linted)
        timed("issued one by one, committed", lambda ids=singles: [issuance.issue(pk) for pk in ids])  # type: ignore[misc]
        timed("issued in batches, committed", lambda ids=many: issuance.issue_many(ids))  # type: ignore[misc]
    done = requests // ROUNDS * ROUNDS
    from ca.models import Certificate

    if Certificate.objects.count() != 2 * done + 1:
        raise SystemExit("not everything was issued: the figures mean nothing")
    return {what: done / seconds for what, seconds in spent.items()}


if __name__ == "__main__":
    main()
