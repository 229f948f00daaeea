"""What the headless sandbox starts: the house of `make run`, its workers in one process, without sample services.

Who holds which secret doesn't matter where all of it is one program's for a few minutes; how fast it is there does.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from portal.supervision.processes import MANAGE, SECRETS, House, Process, house
from portal.supervision.system import free_ports

WORLD = "workspace.json"
THREADS = 6
# Nobody wants to wait in a test: sweeps come by more often.
OFTEN = {
    "LINKAGE_SWEEP_SECONDS": "1",
    "TSM_SWEEP_SECONDS": "1",
    "NOTICES_SWEEP_SECONDS": "1",
    "WORKSPACES_SWEEP_SECONDS": "2",
}


def headless(var: Path, port: int, outer: Mapping[str, str] = os.environ) -> House:
    """Return the processes on `var`; `port` is the site's, 0 for a free one. All of it listens on the loopback alone.

    What of the environment would lead elsewhere, to a database or a broker, doesn't count.
    """
    web, responder, samples = free_ports(3)
    elsewhere = {"DATABASE_URL", "DATABASE_URL_FILE", "BROKER_URL", "BROKER_URL_FILE", "PRODUCTION"}
    kept = {name: value for name, value in outer.items() if name not in elsewhere}
    plan = house(
        {
            **OFTEN,
            **kept,
            "VAR_DIR": str(var),
            "SANDBOX": "1",
            "WORKSPACES": "1",
            "PORT": str(port or web),
            "RESPONDER_PORT": str(responder),
            "SAMPLES_PORT": str(samples),
        }
    )
    environment = {**OFTEN, **plan.environment, "WORKSPACES": "1", "OMP_NUM_THREADS": "1"}
    processes = [each for each in plan.processes if each.name in ("redis", "web", "responder")]
    processes.append(_workers(plan))
    step = Process("world", (*MANAGE, "sandbox", "--make-world", str(var / WORLD)), secrets=SECRETS)
    return replace(plan, environment=environment, steps=(step,), processes=tuple(processes))


def _workers(plan: House) -> Process:
    """Return one process for all queues, with the beat in it."""
    queues: list[str] = []
    for each in plan.processes:
        for argument in each.command:
            if argument.startswith("--queues="):
                queues += argument.removeprefix("--queues=").split(",")
    command: tuple[str, ...] = (
        sys.executable,
        "-m",
        "celery",
        "--app",
        "portal.celery",
        "worker",
        "--beat",
        "--pool=threads",
    )
    command += (f"--concurrency={THREADS}", f"--queues={','.join(queues)}", "--hostname=headless@localhost")
    command += ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO")
    command += (f"--schedule={plan.var}/celerybeat",)
    return Process("workers", command, secrets=SECRETS, up="says:headless@localhost ready.")
