"""A SoftHSM2 of the tests' own: its folder under a temporary one, its tokens made as they are asked for."""

import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "284917"


def installed() -> bool:
    """Say whether this machine has SoftHSM2."""
    return MODULE.exists() and shutil.which("softhsm2-util") is not None


@dataclass
class SoftHsm:
    """One folder of tokens, which `SOFTHSM2_CONF` names to this process and its children."""

    folder: Path
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.tokens = self.folder / "tokens"
        self.tokens.mkdir()
        configuration = self.folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        os.environ["SOFTHSM2_CONF"] = str(configuration)

    def token(self) -> str:
        """Make a token; return the address of a key store in it."""
        label = f"token-{next(self._numbers)}"
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "99887766"]
        subprocess.run(command, check=True, capture_output=True)
        return f"pkcs11:{MODULE}?token={label}"
