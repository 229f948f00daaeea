"""The image that deploy/Containerfile makes, built by a real engine (buildah) and run by one (podman).

    make trial        (needs root, a release in dist/, buildah, podman with runc or crun, and debootstrap)

Where no registry is reached, the base image is made here, by debootstrap, under the name that the Containerfile says.
What can't be done on this machine is said in a line, and what is left is done.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.supervision.system import free_ports
from tests.conftest import missing
from tests.trial.page import ROOT
from tests.trial.walking import RELEASE

PROGRAMS = ("buildah", "podman")
TAG = "jpki:trial"
RUNTIMES = ("runc", "crun")


class Failed(Exception):
    """An engine said no."""


@dataclass
class Engine:
    """buildah and podman with a store of their own."""

    folder: Path
    driver: str

    def run(self, *words: str, seconds: float = 1500) -> str:
        """Run `buildah …` or `podman …`; return what it said. Raises Failed."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=seconds)
        if done.returncode:
            raise Failed(f"{' '.join(words[:3])}: {(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def command(self, program: str, *words: str) -> list[str]:
        """Return the whole command."""
        own = ["--root", str(self.folder / "store"), "--runroot", str(self.folder / "run")]
        if program == "podman":
            own += ["--tmpdir", str(self.folder / "tmp"), "--cgroup-manager", "cgroupfs"]
        return [program, *own, "--storage-driver", self.driver, *words]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Return an engine with the image in it."""
    if os.getuid() != 0:
        missing("building an image needs root here")
    for program in PROGRAMS:
        if shutil.which(program) is None:
            missing(f"{program} is not installed (Debian: apt-get install buildah podman runc)")
    release = next(RELEASE.glob("jpki-*.tar.gz"), None)
    if release is None:
        missing("there is no release in dist/: make release")
    folder = Path(tempfile.mkdtemp(prefix="jpki-image-", dir="/tmp"))
    engine = Engine(folder, "overlay")
    try:
        try:
            engine.run("buildah", "images")
        except Failed:
            shutil.rmtree(folder / "store", ignore_errors=True)
            engine.driver = "vfs"  # needs nothing of the kernel, and copies each layer
        _base(engine)
        context = folder / "context"
        context.mkdir()
        subprocess.run(["tar", "-C", context, "--strip-components=1", "-xf", release], check=True)
        began = time.monotonic()
        told = ("--isolation", "chroot", "--pull-never", "--tag", TAG, "--file", str(context / "deploy/Containerfile"))
        engine.run("buildah", "bud", *told, str(context))
        print(f"{time.monotonic() - began:6.1f} s  the image is built (buildah, {engine.driver})")  # noqa: T201
        yield engine
    finally:
        for words in (
            ("buildah", "rm", "--all"),
            ("podman", "rm", "--all", "--force"),
            ("buildah", "rmi", "--all", "--force"),
        ):
            with contextlib.suppress(Failed):
                engine.run(*words)
        shutil.rmtree(folder, ignore_errors=True)


def _base(engine: Engine) -> None:
    """Have the base image in the store: pulled, or made of Debian's own packages."""
    (name,) = re.findall(r"^FROM (\S+)$", (ROOT / "deploy/Containerfile").read_text(), re.MULTILINE)
    try:
        engine.run("buildah", "pull", "--quiet", name, seconds=120)
        print(f"the base is {name}, pulled")  # noqa: T201
        return
    except (Failed, subprocess.TimeoutExpired):
        pass
    if shutil.which("debootstrap") is None:
        missing("no registry is reached, and debootstrap is not installed to make the base image by")
    root = engine.folder / "base"
    began = time.monotonic()
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root],
        capture_output=True,
        text=True,
        timeout=1200,
    )
    if done.returncode:
        pytest.skip(f"no registry is reached, nor Debian's packages: {done.stdout[-300:]}")
    container = engine.run("buildah", "from", "scratch").strip()
    engine.run("buildah", "add", "--quiet", container, str(root), "/")
    engine.run("buildah", "commit", "--quiet", container, name)
    engine.run("buildah", "rm", container)
    shutil.rmtree(root)
    print(f"{time.monotonic() - began:6.1f} s  the base is Debian's packages, by debootstrap")  # noqa: T201


def test_the_image_runs_as_nobody_and_keeps_no_secret_and_no_package_of_the_build(engine: Engine) -> None:
    told = json.loads(engine.run("podman", "image", "inspect", TAG))[0]
    config = told["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["/opt/jpki/current/deploy/container.sh"]
    assert not [one for one in config["Env"] if re.search(r"(?i)pass|secret|key|url", one)]
    container = engine.run("buildah", "from", "--pull-never", TAG).strip()
    try:
        where = Path(engine.run("buildah", "mount", container).strip())
        inside = where / "opt/jpki/current"
        assert (inside / ".venv/bin/python").is_symlink()
        assert not (inside / "wheels").exists()
        assert not (inside / "sandbox").exists()
        assert not list((where / "var/lib/apt/lists").glob("*Packages*"))
        owned = subprocess.run(["find", inside, "-xdev", "-uid", "10001"], capture_output=True, text=True, check=True)
        assert owned.stdout == "", "what it runs it can't change"
    finally:
        engine.run("buildah", "rm", container)


def test_the_site_starts_from_it_read_only_and_answers(engine: Engine) -> None:
    """With podman, by the first runtime that works here; where none does, with buildah's own, without namespaces."""
    (port,) = free_ports(1)
    held = engine.folder / "secrets"
    held.mkdir(exist_ok=True)
    key = secrets.token_hex(40)
    (held / "secret_key").write_text(key)
    settings = {
        "PUBLIC_URL": "https://site.example",
        "ALLOWED_HOSTS": "site.example 127.0.0.1",
        "PORT": str(port),
        "GRANIAN_WORKERS": "1",
        "THREADS": "4",
        "GRANIAN_HOST": "127.0.0.1",
    }
    given = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
    given += ["--volume", f"{held}:/run/secrets:ro"]
    said = []
    for runtime in RUNTIMES:
        if shutil.which(runtime) is None:
            said.append(f"{runtime} is not installed")
            continue
        # This machine's limits: an engine that may raise them needs none of these.
        bounds = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
        how = (
            "--runtime",
            runtime,
            "run",
            "--rm",
            "--name",
            "site",
            "--network",
            "host",
            "--read-only",
            "--tmpfs",
            "/tmp",
        )
        command = engine.command("podman", *how, "--cap-drop", "all", *bounds, *given, TAG, "web")
        outcome = _asked(command, port, key, rooted=False)
        with contextlib.suppress(Failed):
            engine.run("podman", "rm", "--force", "--time", "5", "site")
        if not outcome:
            print(f"podman with {runtime} ran it")  # noqa: T201
            return
        said.append(f"podman with {runtime}: {outcome}")
    print("\n".join(said))  # noqa: T201
    container = engine.run("buildah", "from", "--pull-never", TAG).strip()
    inner = ("run", "--isolation", "chroot", *given, container, "--", "/opt/jpki/current/deploy/container.sh", "web")
    outcome = _asked(engine.command("buildah", *inner), port, key, rooted=True)
    engine.run("buildah", "rm", container)
    assert not outcome, outcome
    print("no runtime of podman's works here; buildah ran it, by chroot")  # noqa: T201


def _asked(command: list[str], port: int, key: str, *, rooted: bool) -> str:
    """Start, ask, look at the process, end it; return why it didn't come up, or ""."""
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as popen,
    ):
        try:
            deadline = time.monotonic() + 180
            while popen.poll() is None and time.monotonic() < deadline:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                        assert json.loads(answer.read()) == {"alive": True}
                        break
                except (urllib.error.URLError, ConnectionError, TimeoutError):
                    time.sleep(0.3)
            else:
                log.seek(0)
                return log.read().decode(errors="replace")[-600:].strip() or "it did not answer in time"
            granian = _serving(port)
            status = dict(
                line.split(":\t", 1) for line in (granian / "status").read_text().splitlines() if ":\t" in line
            )
            assert status["Uid"].split()[0] == "10001"
            assert int(status["CapEff"], 16) == 0
            assert key not in (granian / "environ").read_text(errors="replace"), "the secret is in the environment"
            if not rooted:
                mounts = (granian / "mountinfo").read_text().splitlines()
                root = next(line for line in mounts if line.split()[4] == "/")
                assert root.split()[5].startswith("ro"), root
                assert os.readlink(granian / "ns/pid") != os.readlink("/proc/self/ns/pid")
            return ""
        finally:
            popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                popen.wait(20)
            if popen.poll() is None:
                popen.kill()


def _serving(port: int) -> Path:
    """Return /proc/<number> of the process that serves there."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if "granian" in words and str(port) in words:
                return process
    raise AssertionError("nobody serves")
