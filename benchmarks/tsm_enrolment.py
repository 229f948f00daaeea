"""What one enrolment costs: the server's CPU, by part, against the element's, and what goes over the wire.

    make bench-tsm
    python -m benchmarks.tsm_enrolment [--enrolments 20] [--databases sqlite postgresql]

Both ends run in one process, by turns, and the process's CPU time is charged to whose turn it is: the site
(application, SERAM, activation; Django's test client in front), the tsm worker, the ca worker, the element, its key
generation. With SQLite the database's work is the server's, in the same process; PostgreSQL's is its own. The broker is
a list: workers take their tasks in turn. Each enrolment goes from the signed application to the valid pair, on a phone
never seen before, so that load file, domain and everything else is new. Every figure is the median over the enrolments
after warming up. Key generation is measured as it comes, and the same enrolments once more with keys from a prepared
pool.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import deque
from typing import TYPE_CHECKING, Any

from benchmarks import report

if TYPE_CHECKING:
    from benchmarks.enrolment_walk import Meter, Walk

SERVER = ("web", "tsm worker", "ca worker")
WARM = 3
BAR = 60.0  # ms of the server's CPU


def main() -> None:
    """Measure in a process for each database, and tell."""
    parser = argparse.ArgumentParser(description="One enrolment: CPU by part, APDUs, bytes, round trips")
    parser.add_argument("--enrolments", type=int, default=20, help="measured, with a pool and without")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--profile", action="store_true", help="print where the server's time goes, and keep nothing")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        sys.stdout.write(json.dumps(measure(chosen.enrolments, profile=chosen.profile)) + "\n")
        return
    figures: dict[str, Any] = {}
    bars = {}
    for database in chosen.databases:
        found = figures[database] = _part(database, chosen.enrolments, profile=chosen.profile)
        report.table(f"one enrolment on {database}", found["ms"], "ms of CPU")
        server = sum(found["ms"][part] for part in SERVER)
        found["server_ms"] = server
        report.say(f"  {'the server, together':<56}{server:>14.2f}")
        bars[f"{database}: the server's CPU under {BAR:.0f} ms an enrolment"] = server < BAR
    first = next(iter(figures.values()))
    report.table("the virtual element alone, a second and core", first["per_second"], "personalised")
    report.say(f"  {'share of key generation in all CPU of an enrolment':<56}{first['share_of_key_generation']:>13.0%}")
    report.table("over the wire, one enrolment", first["wire"], "")
    if not chosen.profile:
        report.keep("tsm_enrolment", figures, bars)


def _part(database: str, enrolments: int, *, profile: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/database.sqlite3",
            "BROKER_URL": "memory://",
            "TSM_LONG_POLL_SECONDS": "20",
            "LOG_LEVEL": "ERROR",
            "PYTHONWARNINGS": "ignore",
        }
        if database == "postgresql":
            from tests import postgresql

            environment["DATABASE_URL"] = postgresql.server().create("bench_enrolment")
        command = [sys.executable, "-m", "benchmarks.tsm_enrolment", "--measure", "--enrolments", str(enrolments)]
        command += ["--profile"] * profile
        said = subprocess.run(command, env=environment, cwd=report.FOLDER.parent.parent, check=True, stdout=-1)  # noqa: S603
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return found


def measure(enrolments: int, *, profile: bool = False) -> dict[str, Any]:
    """Return the figures, on the database that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    names = ("SECRET_KEY", "CA_KEYS_PASSPHRASE", "RESPONDER_KEYS_PASSPHRASE", "TSM_MASTER_KEY", "SANDBOX_SEAL_KEY")
    for number, name in enumerate(names):
        os.environ.setdefault(name, f"{number:02d}" * 32)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from cryptography.hazmat.primitives.asymmetric import rsa

    from benchmarks import citizens
    from benchmarks.enrolment_walk import Meter, Walk
    from ca import ceremony
    from sandbox.virtual.jpki.key_pair import KeyPair

    realm = ceremony.create_realm("bench")
    ceremony.create_authorities(realm)
    meter = Meter()
    pool: deque[Any] = deque()

    def generate(cls: type[KeyPair]) -> KeyPair:
        with meter.part("key generation"):
            return cls(pool.popleft() if pool else rsa.generate_private_key(65537, 2048))

    KeyPair.generate = classmethod(generate)  # type: ignore[assignment,method-assign]
    walk = Walk(meter)
    begun = WARM + (3 if profile else 2) * enrolments
    everybody = citizens.make(realm, begun)
    pool.extend(rsa.generate_private_key(65537, 2048) for _ in range(2 * (WARM + enrolments)))
    for citizen in everybody[:WARM]:
        walk.go(citizen)
    walk.wires.clear()
    meter.taken()
    if profile:
        _profiled(walk, everybody[WARM : WARM + enrolments])
        del everybody[WARM : WARM + enrolments]
    pooled = _each(walk, meter, everybody[WARM : WARM + enrolments])
    pool.clear()
    generated = _each(walk, meter, everybody[WARM + enrolments :])
    from tsm.models import Enrolment

    done = Enrolment.objects.filter(state=Enrolment.State.ACTIVE).count()
    if done != begun:
        raise SystemExit(f"{done} of {begun} enrolments came to a valid pair: the figures mean nothing")
    total = sum(generated.values())
    return {
        "ms": {part: 1000 * pooled[part] for part in (*SERVER, "element", "phone")}
        | {"key generation, two pairs": 1000 * generated["key generation"]},
        "per_second": {
            "keys from a prepared pool": 1 / pooled["element"],
            "keys generated": 1 / (generated["element"] + generated["key generation"]),
        },
        "share_of_key_generation": generated["key generation"] / total,
        "wire": {name: statistics.median(wire[name] for wire in walk.wires) for name in walk.wires[0]},
    }


def _each(walk: "Walk", meter: "Meter", everybody: list[Any]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {}
    for citizen in everybody:
        meter.taken()
        walk.go(citizen)
        for part, spent in meter.taken().items():
            seconds.setdefault(part, []).append(spent)
    # Generating keys takes now this long, now that: its mean is what it costs.
    return {
        part: (statistics.mean if part == "key generation" else statistics.median)(each)
        for part, each in seconds.items()
    }


def _profiled(walk: "Walk", everybody: list[Any]) -> None:
    import cProfile
    import pstats

    profiler = cProfile.Profile()
    walk.profiler = profiler
    for citizen in everybody:
        walk.go(citizen)
    walk.profiler = None
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(70)
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
