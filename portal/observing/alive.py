"""That a worker is ready: a file in its folder of METRICS_DIR, touched as long as it reads its queues.

    python -m portal.observing.alive [PROCESS]      ends with 0 while that process is ready; PROCESS_NAME when left out

No remote control, which would need rights to queues of everybody's; and no Django, as it is asked every few seconds.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

FILE = "ready"
EVERY = 5.0  # seconds
# A worker that is silent for so long isn't ready: its broker is gone, or it hangs.
SILENT = 20.0


def touch(folder: str) -> None:
    """Say that the process of this folder (METRICS_DIR) is ready now."""
    path = own(folder) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def forget(folder: str) -> None:
    """Say that it isn't any more."""
    (own(folder) / FILE).unlink(missing_ok=True)


def own(folder: str, process: str | None = None) -> Path:
    """Return a process's folder."""
    return Path(folder) / (process or os.environ.get("PROCESS_NAME", "site"))


def ages(folder: str | None = None) -> Iterator[tuple[str, float]]:
    """Yield each process of this machine that ever was ready since its folder was made, and since when it is silent."""
    root = Path(folder or os.environ.get("METRICS_DIR") or os.devnull)
    if not root.is_dir():
        return
    for one in sorted(root.iterdir()):
        if (seconds := age(one)) is not None:
            yield one.name, seconds


def age(process: Path) -> float | None:
    """Return since how many seconds the process of a folder is silent; None where it never was ready."""
    try:
        return max(time.time() - (process / FILE).stat().st_mtime, 0.0)
    except OSError:
        return None


def main() -> int:
    """Return 0 while the process is ready, else 1 and a line."""
    folder = os.environ.get("METRICS_DIR")
    if not folder:
        print("METRICS_DIR is not set: workers say nowhere that they are ready", file=sys.stderr)  # noqa: T201
        return 2
    place = own(folder, sys.argv[1] if len(sys.argv) > 1 else None)
    silent = age(place)
    if silent is None or silent > SILENT:
        since = "was not ready since it began" if silent is None else f"is silent for {silent:.0f} s"
        print(f"{place.name} {since}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
