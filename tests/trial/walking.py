"""The page for operators, run: every block of docs/operating.md in its order, on hosts of its own.

What is not as in earnest: Debian's packages are this machine's (`apt-get install` of one that lacks fails), files go
from host to host without ssh, and the public certification authority that signs what nginx shows is the test's own.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.trial.hosts import Host, Hosts
from tests.trial.page import ROOT, blocks

RELEASE = ROOT / "dist"
# `apt-get install` of what this machine has: it begins the package's services as Debian's scripts do. `scp` notes what
# is to be carried, its own files as they are at that moment, and who runs the page carries it.
PRELUDE = r"""
apt-get() {
    [ "$1" = install ] || return 0
    local package unit
    for package in "${@:2}"; do
        case $package in -*) continue ;; esac
        dpkg-query --show --showformat='${Status}\n' "$package" | grep -q '^install ok installed' || return 100
        case $package in
            postgresql) set -- postgresql postgresql@15-main ;;
            rabbitmq-server) set -- epmd.socket epmd rabbitmq-server ;;
            nginx-light) set -- nginx ;;
            rsyslog) set -- rsyslog ;;
            *) continue ;;
        esac
        for unit in "$@"; do
            case $unit in *.*) ;; *) unit=$unit.service ;; esac
            [ ! -L "/etc/systemd/system/$unit" ] || rm "/etc/systemd/system/$unit"
        done
        systemctl daemon-reload
        systemctl start "${@: -1}"
    done
}
scp() {
    local target=${@: -1} file staged
    for file in "${@:1:$#-1}"; do
        case $file in
            *:*) ;;
            *) staged=$(mktemp -d -p /run) && cp "$file" "$staged" && file=$staged/${file##*/} ;;
        esac
        printf '%s\t%s\n' "$file" "$target" >>/run/trial-copies
    done
}
"""
# What a name server would say: both web hosts stand under the site's names.
NAMES = {
    "site.jpki.example": ("web1.internal", "web2.internal"),
    "staff.jpki.example": ("web1.internal", "web2.internal"),
    "providers.jpki.example": ("web1.internal", "web2.internal"),
    "mtls.jpki.example": ("web1.internal", "web2.internal"),
    "ocsp.jpki.example": ("ocsp1.internal",),
}


@dataclass
class Deployment:
    """The hosts after the whole page, and what each block said, by its host and number."""

    trial: Hosts
    said: list[tuple[str, str]]

    @property
    def hosts(self) -> dict[str, Host]:
        return self.trial.hosts

    def on(self, name: str, script: str) -> str:
        return self.hosts[f"{name}.internal"].run(script)


def walk(trial: Hosts) -> Iterator[tuple[str, str]]:
    # What one host unpacked and installed, the others begin with: `install.sh` finds it done.
    installed = trial.folder / "installed"
    _install(trial.boot("base.internal"), installed)
    for block in blocks():
        for name in block.hosts:
            host = trial.hosts.get(name)
            if host is None:
                host = trial.boot(name, installed=installed)
                tell_names(trial)
                if name == "admin.internal":
                    for file in RELEASE.glob("jpki-*.tar.gz*"):
                        shutil.copy(file, host.path("/root"))
            if "/root/leaked.txt" in block.lines:
                # The operator brings a list of passwords that leaked: here one that nobody has.
                listed = "".join(f"a leaked password {number:04d}\n" for number in range(4000))
                host.path("/root/leaked.txt").write_text(listed)
            began = time.monotonic()
            said = host.run(PRELUDE + block.lines)
            print(f"{time.monotonic() - began:6.1f} s  {name}: {block.lines.splitlines()[0][:90]}")  # noqa: T201
            _carry(trial, host)
            _sign(trial, host)
            yield name, said


def _install(base: Host, kept: Path) -> None:
    for file in RELEASE.glob("jpki-*.tar.gz"):
        shutil.copy(file, base.path("/root"))
    base.run(
        """mkdir -p /opt/jpki/releases && tar -C /opt/jpki/releases -xf /root/jpki-*.tar.gz
        cd /opt/jpki/releases && mv -T jpki-* 0.1.0 && 0.1.0/deploy/install.sh"""
    )
    subprocess.run(["cp", "-a", str(base.path("/opt/jpki")), str(kept)], check=True)


def tell_names(trial: Hosts) -> None:
    """Let every host know the deployment's public names."""
    for host in trial.hosts.values():
        known = host.path("/etc/hosts").read_text().splitlines()
        for name, targets in NAMES.items():
            known += [f"{trial.hosts[each].address} {name}" for each in targets if each in trial.hosts]
        host.path("/etc/hosts").write_text("\n".join(dict.fromkeys(known)) + "\n")


def _carry(trial: Hosts, host: Host) -> None:
    """Do what `scp` was asked for."""
    notes = host.path("/run/trial-copies")
    if not notes.exists():
        return

    def place(written: str) -> Path:
        remote = re.fullmatch(r"root@([^:]+):(.*)", written)
        if remote is None:
            return host.path(written)
        if remote[1] not in trial.hosts:
            trial.boot(remote[1], installed=trial.folder / "installed")
            tell_names(trial)
        return trial.hosts[remote[1]].path(remote[2])

    for line in notes.read_text().splitlines():
        source, target = line.split("\t")
        shutil.copy(place(source), place(target))
    notes.unlink()


def _sign(trial: Hosts, host: Host) -> None:
    """Be the public certification authority: sign the requests that the page made; hosts believe it."""
    folder = trial.folder / "public"
    if not folder.exists():
        subprocess.run([ROOT / "deploy/internal-certificates.sh", folder], check=True, capture_output=True)
    for request in host.path("/root").glob("*.csr"):
        target = host.path(f"/etc/jpki/tls/{request.stem}.pem")
        command = [
            "openssl",
            "x509",
            "-req",
            "-in",
            str(request),
            "-CA",
            "internal-ca.pem",
            "-CAkey",
            "internal-ca.key",
        ]
        command += ["-CAcreateserial", "-days", "90", "-copy_extensions", "copy", "-out", str(target)]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        request.unlink()
        for each in trial.hosts.values():
            with each.path("/etc/ssl/certs/ca-certificates.crt").open("a") as believed:
                believed.write((folder / "internal-ca.pem").read_text())
