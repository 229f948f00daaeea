"""The files that a demonstration leaves, and the `openssl` commands that verify each."""

import shlex
import shutil
import subprocess
from pathlib import Path

import httpx

from sandbox.demo.timeline import Differs, Timeline


class Proof:
    """A folder of evidence: every command that is run here can be run again by whoever reads `verify.sh`."""

    def __init__(self, folder: Path, timeline: Timeline) -> None:
        if shutil.which("openssl") is None:
            raise Differs("openssl is missing (Debian: apt-get install openssl): nothing can be verified without it")
        self.folder = folder
        self.timeline = timeline
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            if left.is_file():
                left.unlink()
        self._script = folder / "verify.sh"
        self._script.write_text(
            "#!/bin/sh\n# What the demonstration verified, in its order, with the CRLs and answers of those moments.\n"
            'cd "$(dirname "$0")" || exit\nset -x\n'
        )
        self._script.chmod(0o755)

    def keep(self, name: str, content: bytes) -> None:
        """Write a file."""
        (self.folder / name).write_bytes(content)

    def keep_certificate(self, name: str, der: bytes) -> None:
        """Write a certificate, DER and PEM."""
        self.keep(f"{name}.cer", der)
        self.run("x509", "-inform", "DER", "-in", f"{name}.cer", "-out", f"{name}.pem")

    def fetch(self, name: str, url: str) -> bytes:
        """Fetch a file from the responder, and keep it."""
        answer = httpx.get(url, timeout=20, trust_env=False)
        if answer.status_code != httpx.codes.OK:
            raise Differs(f"{url} answers {answer.status_code}")
        self.keep(name, answer.content)
        return answer.content

    def verified(self, what: str, *arguments: str, says: str, later: tuple[str, ...] = ()) -> None:
        """Run `openssl` with these arguments; its output must hold `says`.

        `later` are the arguments for `verify.sh` where they differ: what was asked of a server is there as a file.
        """
        said = self.run(*arguments, check=False)
        with self._script.open("a") as out:
            out.write(f"# {what}: {says}\n{shlex.join(['openssl', *(later or arguments)])}\n")
        if says not in said:
            raise Differs(f"{what}: openssl says {said.strip()!r}, not {says!r}\n    openssl {shlex.join(arguments)}")
        self.timeline.check(True, f"{what}: openssl {arguments[0]} says {says!r}")

    def ocsp(self, what: str, *which: str, url: str, authority: str, keep: str, says: str) -> None:
        """Ask a responder; its answer must be signed rightly and hold `says`. The answer is kept as `keep`."""
        asked = ("ocsp", "-issuer", authority, *which, "-no_nonce", "-CAfile", authority)
        self.verified(what, *asked, "-url", url, "-respout", keep, says=says, later=(*asked, "-respin", keep))
        if "Response verify OK" not in self.run(*asked, "-respin", keep, check=False):
            raise Differs(f"{what}: the answer's signature doesn't verify")

    def run(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(  # noqa: S603
            ["openssl", *arguments],  # noqa: S607
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if check and done.returncode:
            raise Differs(f"openssl {shlex.join(arguments)}: {done.stderr.strip()}")
        return done.stdout + done.stderr
