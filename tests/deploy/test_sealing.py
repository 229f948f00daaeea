"""`jpki-seal`, with the real systemd-creds: a parcel's secrets are encrypted for the host, and gone in clear."""

import subprocess
from pathlib import Path

import pytest

from tests import namespaces
from tests.deploy.units import DEPLOY


class Host:
    """An /etc/jpki, and the folder in which the host keeps its own key."""

    def __init__(self, folder: Path, name: str) -> None:
        namespaces.need("systemd-creds")
        self.etc, self.state = folder / name / "etc", folder / name / "state"
        (self.etc / "credentials/web").mkdir(parents=True)
        self.state.mkdir()

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a command that takes this folder for the host's."""
        script = f'mount --bind "{self.state}" /var/lib/systemd && exec "$@"'
        return namespaces.run("mount", "sh", "-c", script, "sh", *command)

    def seal(self) -> None:
        done = self.run(DEPLOY / "seal.sh", self.etc)
        assert done.returncode == 0, done.stderr

    def opened(self, name: str, file: Path | None = None) -> str:
        """Return a secret as systemd would hand it out by that name; nothing where it won't."""
        done = self.run("systemd-creds", "decrypt", f"--name={name}", file or self.etc / "sealed/web" / name, "-")
        return done.stdout if done.returncode == 0 else ""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path, "one")


def test_secrets_of_a_parcel_are_encrypted_for_the_host_and_gone_in_clear(host: Host, tmp_path: Path) -> None:
    for name in ("secret_key", "broker_url"):
        (host.etc / "credentials/web" / name).write_text(f"the {name}\n")
    host.seal()
    assert not [path for path in (host.etc / "credentials").rglob("*") if path.is_file()]
    sealed = host.etc / "sealed/web/secret_key"
    assert "the secret_key" not in sealed.read_text()
    assert not sealed.stat().st_mode & 0o077
    assert not sealed.parent.stat().st_mode & 0o077
    assert host.opened("secret_key") == "the secret_key\n"
    # It is this one's secret: not by another's name, and not on another host.
    assert host.opened("broker_url", sealed) == ""
    other = Host(tmp_path, "other")
    other.run("systemd-creds", "setup")
    assert other.opened("secret_key", sealed) == ""


def test_again_it_changes_nothing_and_a_new_secret_takes_the_place_of_the_old(host: Host) -> None:
    (host.etc / "credentials/web/secret_key").write_text("the first\n")
    host.seal()
    before = (host.etc / "sealed/web/secret_key").read_bytes()
    host.seal()
    assert (host.etc / "sealed/web/secret_key").read_bytes() == before
    (host.etc / "credentials/web").mkdir(exist_ok=True)
    (host.etc / "credentials/web/secret_key").write_text("the second\n")
    host.seal()
    assert host.opened("secret_key") == "the second\n"
    assert not list(host.etc.rglob("*.new"))
