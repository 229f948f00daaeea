"""From an empty folder to a ready file, and back to nothing."""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from portal.supervision import folder
from portal.supervision.supervisor import Supervisor
from sandbox.headless import processes

PREFIX = "jpki-sandbox-"


class Headless(Supervisor):
    """The supervisor of a sandbox that tells a file when it is ready."""

    def __init__(self, var: Path, port: int, ready_file: Path | None) -> None:
        super().__init__(processes.headless(var, port))
        self.ready_file = ready_file

    def start(self) -> None:
        """Start everything at once, and make the world meanwhile: what asks too early is answered later."""
        began = time.monotonic()
        everybody = list(self.plan.processes)
        self.begin([each for each in everybody if each.first])
        others = self.launch([each for each in everybody if not each.first])
        for step in self.plan.steps:
            self.step(step)
        self.wait_for(others)
        if not self.stop.is_set():
            self.note(ready=True)
            self.tell(time.monotonic() - began)

    def end(self) -> None:
        if self.ready_file is not None:
            self.ready_file.unlink(missing_ok=True)
        super().end()

    def tell(self, seconds: float) -> None:
        """Write the ready file, whole or not at all; it holds a key, so it is its owner's alone."""
        told = json.dumps(self.told(seconds), indent=2) + "\n"
        if self.ready_file is None:
            sys.__stdout__.write(told)  # type: ignore[union-attr]
            sys.__stdout__.flush()  # type: ignore[union-attr]
            return
        draft = self.ready_file.with_name(f"{self.ready_file.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(told)
        draft.replace(self.ready_file)
        folder.say(f"ready after {seconds:.1f} s at {self.plan.addresses['PUBLIC_URL']}: {self.ready_file}")

    def told(self, seconds: float) -> dict[str, Any]:
        """Return what stands in the ready file."""
        world = self.plan.var / processes.WORLD
        made: dict[str, Any] = json.loads(world.read_text())
        world.unlink()
        web = self.plan.addresses["PUBLIC_URL"]
        return {
            "url": web,
            "api": f"{web}/api/v1",
            "sandbox_api": f"{web}/sandbox/api/v1",
            "responder": self.plan.addresses["RESPONDER_URL"],
            **made,
            "pid": os.getpid(),
            "seconds": round(seconds, 1),
        }


def run(port: int, ready_file: Path | None) -> int:
    """Run until told to stop (SIGINT, SIGTERM); return the exit status. What was made is gone afterwards.

    What happens on the way is said on the error output: the standard output has JSON or nothing.
    """
    throw_away_left()
    var = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return Headless(var, port, ready_file).run()
    finally:
        shutil.rmtree(var, ignore_errors=True)


def throw_away_left() -> None:
    """Throw away what earlier ones left that were killed: folders of ours whose supervisor's lock nobody holds."""
    for found in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if found.stat().st_uid != os.getuid() or not (found / "supervisor.lock").exists():
                continue
            with folder.locked(found) as nobodys:
                if nobodys:
                    shutil.rmtree(found)
