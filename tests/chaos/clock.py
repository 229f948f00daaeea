"""A machine's clock that jumps, under every process that is started with its environment."""

import mmap
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def possible() -> bool:
    """Say whether there is a compiler to make it with."""
    return shutil.which("cc") is not None


class Clock:
    """The clock of a folder. libfaketime isn't used: in its 0.9.10 Python's own `sleep` fails after a jump."""

    def __init__(self, folder: Path) -> None:
        library, file = folder / "clock.so", folder / "clock"
        command: list[str | Path] = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self._ahead = mmap.mmap(opened.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(file)}

    def set(self, seconds: int) -> None:
        """Have every process see a clock that is so many seconds ahead, from its very next look on."""
        self._ahead[:] = struct.pack("=q", seconds)
