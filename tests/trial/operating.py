"""The page for operators, run: every block of docs/operating.md in its order, on hosts of its own, and then requests.

    make trial        (python -m pytest tests/trial/operating.py; needs root; the release is made first)

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

import pytest

from tests.conftest import missing
from tests.trial import hosts as trials
from tests.trial.hosts import Host, Hosts
from tests.trial.page import ROOT, blocks

RELEASE = ROOT / "dist"
# `apt-get install` of what this machine has: it begins the package's services as Debian's scripts do. `scp` notes what
# is to be carried, and who runs the page carries it.
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
    local target=${@: -1} file
    for file in "${@:1:$#-1}"; do printf '%s\t%s\n' "$file" "$target" >>/run/trial-copies; done
}
"""
NAMES = {
    "site.jpki.example": "web1.internal",
    "mtls.jpki.example": "web1.internal",
    "ocsp.jpki.example": "ocsp1.internal",
}


@dataclass
class Deployment:
    """The hosts after the whole page, and what each block said, by its host and number."""

    hosts: dict[str, Host]
    said: list[tuple[str, str]]

    def on(self, name: str, script: str) -> str:
        return self.hosts[f"{name}.internal"].run(script)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """Run the page."""
    if not list(RELEASE.glob("jpki-*.tar.gz")):
        missing("there is no release in dist/: make release")
    try:
        with trials.hosts() as trial:
            yield Deployment(trial.hosts, list(_walk(trial)))
    except trials.Missing as error:
        missing(str(error))


def _walk(trial: Hosts) -> Iterator[tuple[str, str]]:
    # What one host unpacked and installed, the others begin with: `install.sh` finds it done.
    installed = trial.folder / "installed"
    _install(trial.boot("base.internal"), installed)
    for block in blocks():
        for name in block.hosts:
            host = trial.hosts.get(name)
            if host is None:
                host = trial.boot(name, installed=installed)
                _names(trial)
                if name == "admin.internal":
                    for file in RELEASE.glob("jpki-*.tar.gz*"):
                        shutil.copy(file, host.path("/root"))
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


def _names(trial: Hosts) -> None:
    """Let every host know the deployment's public names."""
    for host in trial.hosts.values():
        known = host.path("/etc/hosts").read_text()
        for name, target in NAMES.items():
            if target in trial.hosts and name not in known:
                known += f"{trial.hosts[target].address} {name}\n"
        host.path("/etc/hosts").write_text(known)


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
            _names(trial)
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


WORKING = {
    "ca1": ["jpki-ca", "jpki-exporter"],
    "work1": ["jpki-tsm", "jpki-sweeps", "jpki-notices", "jpki-beat", "jpki-exporter"],
    "work2": ["jpki-tsm", "jpki-sweeps"],
    "probe1": ["jpki-probes", "jpki-exporter"],
    "web1": ["jpki-web", "jpki-exporter", "nginx"],
    "ocsp1": ["jpki-responder", "jpki-exporter", "nginx"],
}
BOUND = {"CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2"}


@pytest.mark.parametrize("name", WORKING)
def test_what_the_page_started_runs_and_was_never_started_again(deployment: Deployment, name: str) -> None:
    for unit in WORKING[name]:
        shown = deployment.on(name, f"systemctl show {unit} --property=ActiveState,NRestarts --value").split()
        assert shown == ["active", "0"] or shown == ["0", "active"], (unit, shown)


@pytest.mark.parametrize("name", WORKING)
def test_the_kernel_holds_each_process_to_its_bounds(deployment: Deployment, name: str) -> None:
    for unit in WORKING[name]:
        if unit == "nginx":
            continue
        script = f"cat /proc/$(systemctl show {unit} --property=MainPID --value)/status"
        status = dict(line.split(":\t", 1) for line in deployment.on(name, script).splitlines() if ":\t" in line)
        assert {key: status[key].strip() for key in BOUND} == BOUND, unit
        assert status["Uid"].split()[0] != "0"


def test_no_secret_is_in_an_environment_or_a_log(deployment: Deployment) -> None:
    secrets = deployment.on("admin", "cat $(find /root/deployment/secrets -type f)").split()
    assert len(secrets) > 20
    for name in WORKING:
        seen = deployment.on(name, "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' || true")
        logs = deployment.on(name, "journalctl --no-pager; cat /var/log/nginx/jpki-* 2>/dev/null || true")
        assert not [one for one in secrets if one in seen or one in logs], name
        assert "Traceback" not in logs, logs[logs.index("Traceback") - 500 :][:3000]


def test_a_list_that_a_worker_signed_comes_through_the_responder(deployment: Deployment) -> None:
    script = """curl --fail --silent http://ocsp.jpki.example/authority/production/signature.cer >authority.cer
    curl --fail --silent http://ocsp.jpki.example/arl/production/signature.crl >list.crl
    openssl x509 -inform DER -in authority.cer -out authority.pem
    openssl crl -inform DER -in list.crl -CAfile authority.pem -noout 2>&1"""
    assert "verify OK" in deployment.on("web1", script)


def test_the_first_account_signs_up_over_tls_with_the_code_that_was_printed(deployment: Deployment) -> None:
    told = next(said for name, said in deployment.said if "types in" in said)
    (code,) = re.findall(r"types in\s+(\S+)", told)
    script = f"""page=https://site.jpki.example/staff/enrol/
    curl --fail --silent --dump-header head --cookie-jar jar $page >form
    grep -qi '^strict-transport-security: max-age=31536000; includeSubDomains' head
    token=$(grep -o 'name="csrfmiddlewaretoken" value="[^"]*' form | head -n1 | cut -d'"' -f4)
    curl --silent --location --cookie jar --cookie-jar jar --referer $page --output next --write-out '%{{http_code}}' \
        --data-urlencode csrfmiddlewaretoken=$token --data-urlencode code={code} $page
    grep -q otpauth next || grep -qi 'QR' next"""
    assert deployment.on("ocsp1", script) == "200"


def test_a_worker_that_is_killed_is_back_and_takes_up_its_work(deployment: Deployment) -> None:
    script = "systemctl kill --signal=KILL jpki-ca; sleep 4; systemctl is-active jpki-ca"
    assert deployment.on("ca1", script).strip() == "active"


def test_metrics_tell_this_hosts_counts_and_the_state_where_the_reader_stands(deployment: Deployment) -> None:
    ask = 'curl --fail --silent --header "Authorization: Bearer $(cat /etc/jpki/credentials/exporter/metrics_token)"'
    counts = deployment.on("web1", f"{ask} http://127.0.0.1:9464/metrics/processes")
    assert "jpki_" in counts
    state = deployment.on("ca1", f"{ask} http://127.0.0.1:9464/metrics/state")
    assert "jpki_" in state


def test_hosts_reach_only_what_answers_them(deployment: Deployment) -> None:
    """What listens beyond the loopback: nginx, the database, the broker, and nothing of the house itself."""
    open_to_others = {"web1": {80, 443}, "ocsp1": {80, 443}, "db1": {5432}, "mq1": {5671}}
    for name in (*WORKING, "db1", "mq1"):
        lines = deployment.on(name, "ss --tcp --listening --numeric --no-header").splitlines()
        local = [line.split()[3].rsplit(":", 1) for line in lines]
        found = {int(port) for address, port in local if not address.startswith("127.") and address != "[::1]"}
        assert found == open_to_others.get(name, set()), name
    # In clear neither the database nor the broker speaks to anybody.
    database = "postgresql://jpki_web:x@db1.internal/jpki?sslmode=disable"
    script = f"""cd /opt/jpki/current && .venv/bin/python -c "
import psycopg
try: psycopg.connect('{database}')
except psycopg.OperationalError as error: print(error)" """
    assert "no encryption" in deployment.on("web1", script)
