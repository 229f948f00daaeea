"""The deployment's files: units as the table of processes has them, settings that exist, nginx that starts."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portal.logs import LINK
from portal.supervision.processes import GIVEN, Process, house
from tests.conftest import missing
from tests.deploy.units import DEPLOY, FOLDER, PYTHON, ROOT, services, settings_of
from tests.trial.page import PAGE, blocks

# Those that aren't processes: who somebody is while a command runs, and what tells how things stand.
OFFICES = {
    "owner": set(),
    "ceremony": {"CA_KEYS_PASSPHRASE", "RESPONDER_KEYS_PASSPHRASE"},
    "counter": set(),
    "reader": set(),
    "exporter": {"METRICS_TOKEN", "METRICS_TLS_KEY"},
}
# The two addresses with a password in them. The responder has no business with the broker, nor beat with the database.
ADDRESSES = {"DATABASE_URL", "BROKER_URL"}
WITHOUT = {"responder": {"BROKER_URL"}, "beat": {"DATABASE_URL"}, "owner": {"BROKER_URL"}}
UNITS = services()
VAR = Path("/var/lib/jpki-{name}")


# So much `systemd-analyze security` may find a unit exposed: of 10, where 10 is a service without any bounds.
EXPOSED = 1.5


def table() -> dict[str, Process]:
    """Return the processes of the house in earnest, each worker with an address of its own."""
    outer = {"PRODUCTION": "1", "WORKSPACES": "1", "BROKER_URL": "amqp://", "DATABASE_URL_SWEEPS": "postgresql://"}
    return {process.name: process for process in house(outer).processes}


def test_there_is_a_unit_for_each_process_of_the_house_and_none_beside() -> None:
    assert set(UNITS) == set(table()) | set(OFFICES)


@pytest.mark.parametrize("name", sorted(table()))
def test_a_unit_starts_the_command_of_the_table(name: str) -> None:
    unit, process = UNITS[name], table()[name]
    command = unit.command(unit.environment())
    assert command[0] == PYTHON
    var = house({"PRODUCTION": "1"}).var
    expected = [word.replace(str(var), f"/var/lib/jpki-{name}") for word in process.command]
    # One process is what the table has; a host has as many as it has cores.
    if name == "responder":
        # And it listens where nginx alone comes, not at a port.
        assert expected[-2:] == ["--port", "8001"]
        expected[-2:] = ["--socket", "/run/jpki-responder/http.sock", "--workers", "1"]
    assert [sys.executable, *command[1:]] == expected


@pytest.mark.parametrize("name", sorted(UNITS))
def test_a_unit_gets_the_secrets_of_the_table_and_no_others(name: str) -> None:
    unit, process = UNITS[name], table().get(name)
    own = set(process.secrets) if process else OFFICES[name]
    given = set(process.given) if process else set()
    expected = own | given | ADDRESSES - WITHOUT.get(name, set())
    assert {one.upper() for one in unit.credentials} == expected
    for one, path in unit.credentials.items():
        assert path == f"/etc/jpki/sealed/{name}/{one}"
    assert not unit.all("LoadCredential"), "in clear on the disk"
    files = {one: value for one, value in unit.environment().items() if one.endswith("_FILE")}
    assert files == {f"{one}_FILE": f"%d/{one.lower()}" for one in expected}
    # Nobody could make these up, so the unit starts without them, and a ceremony that makes no responder's key without
    # those keys' passphrase, which leaves the host; every other must be there.
    spared = {"exporter": expected, "ceremony": {"RESPONDER_KEYS_PASSPHRASE"}}.get(name, given & set(GIVEN))
    assert {one.upper(): text.strip() for one, text in unit.optional.items()} == dict.fromkeys(spared, "")


@pytest.mark.parametrize("name", sorted(UNITS))
def test_a_unit_is_its_own_user_in_its_own_folder(name: str) -> None:
    unit = UNITS[name]
    user = "jpki-ca" if name == "ceremony" else f"jpki-{name}"  # the keys that a ceremony makes are the `ca` workers'
    assert unit.one("User") == user
    assert f"u {user} - " in (DEPLOY / "sysusers.conf").read_text()
    assert unit.one("StateDirectory").split()[0] == f"jpki-{name}"
    assert unit.environment()["VAR_DIR"] == f"/var/lib/jpki-{name}"
    assert unit.environment_files() == ["/etc/jpki/site.env", f"/etc/jpki/{name}.env"]
    earnest = {"PRODUCTION": "1", "SANDBOX": "0", "PROCESS_NAME": name}
    assert earnest.items() <= unit.environment().items()
    if name in table() or name == "exporter":
        assert unit.one("RuntimeDirectory") == f"jpki/metrics/{name}"
        assert unit.environment()["METRICS_DIR"] == "/run/jpki/metrics"
        assert unit.one("Restart") == "always"
        assert unit.one("PartOf", "Unit") == unit.one("WantedBy", "Install") == "jpki.target"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root directory with the units where they are installed, and the programs that they name."""
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze is not installed (Debian: apt-get install systemd)")
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(FOLDER, root / "etc/systemd/system")
    for one in (PYTHON, "/bin/rm"):
        program = root / one.removeprefix("/")
        program.parent.mkdir(parents=True)
        program.write_text("")
        program.chmod(0o755)
    # What the units stand on, as this machine has it.
    shutil.copytree("/lib/systemd/system", root / "lib/systemd/system", symlinks=True)
    return root


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", f"--root={root}", "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_systemd_understands_every_line_of_every_unit(installed: Path) -> None:
    done = analyze(
        installed, "verify", "--man=no", "--recursive-errors=no", *(f"jpki-{name}.service" for name in UNITS)
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_every_unit_bounded(installed: Path) -> None:
    threshold, names = f"--threshold={EXPOSED * 10:.0f}", [f"jpki-{name}.service" for name in UNITS]
    done = analyze(installed, "security", "--offline=true", threshold, *names)
    assert done.returncode == 0, done.stdout
    levels = re.findall(r"Overall exposure level for (\S+): (\S+)", done.stdout)
    assert {name for name, _ in levels} == set(names)
    assert max(float(level) for _, level in levels) <= EXPOSED
    # Without the drop-in they would not be: the measure measures.
    bare = installed.with_name("bare")
    shutil.copytree(installed / "etc", bare / "etc", ignore=shutil.ignore_patterns("*.d"))
    assert analyze(bare, "security", "--offline=true", threshold, "jpki-web.service").returncode != 0


def known_settings() -> set[str]:
    """Return the names that the code asks the environment for."""
    text = "".join(path.read_text() for path in (ROOT / "portal/settings").glob("*.py"))
    return set(re.findall(r'environment\.\w+\(\s*"([A-Z0-9_]+)"', text))


@pytest.mark.parametrize("path", sorted((DEPLOY / "environment").glob("*.env")), ids=lambda path: path.name)
def test_an_environment_file_sets_what_exists_and_no_secret(path: Path) -> None:
    named = settings_of(path)
    unit = UNITS.get(path.stem)
    assert unit or path.stem == "site"
    in_command = set(re.findall(r"\$\{(\w+)\}", unit.one("ExecStart"))) if unit else set()
    unknown = {name for name in named if name not in known_settings() | in_command and not name.startswith("GRANIAN_")}
    assert not unknown
    hidden = {one for each in UNITS.values() for one in each.environment() if one.endswith("_FILE")}
    assert not hidden & (set(named) | {f"{name}_FILE" for name in named})


def test_every_unit_has_its_environment_file() -> None:
    assert {path.stem for path in (DEPLOY / "environment").glob("*.env")} == set(UNITS) | {"site"}


def test_the_deployment_check_is_clean_with_the_webs_settings(tmp_path: Path) -> None:
    unit = UNITS["web"]
    environment = {name: value for name, value in unit.environment().items() if not name.endswith("_FILE")}
    environment |= settings_of(DEPLOY / "environment/site.env") | settings_of(DEPLOY / "environment/web.env")
    environment |= {"VAR_DIR": str(tmp_path), "SECRET_KEY": secrets.token_hex(40), "PATH": os.environ["PATH"]}
    environment |= {"DATABASE_URL": "postgresql://jpki_web@localhost/jpki", "BROKER_URL": "amqp://localhost"}
    environment |= {"PHONE_SIGNATURE_POLICY_OID": "1.2.3.4", "PHONE_USER_AUTHENTICATION_POLICY_OID": "1.2.3.5"}
    leaked = tmp_path / "leaked"
    leaked.write_text("".join(f"{number:040X}\n" for number in range(3000)))
    environment["STAFF_LEAKED_PASSWORDS"] = str(leaked)
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("System check identified no issues")
    # And it is the settings that make it so.
    del environment["SCHEME_HEADER"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "security.W008" in done.stderr
    del environment["STAFF_LEAKED_PASSWORDS"]
    environment["CASE_ATTACHMENT_SCAN"] = "whitelist.cases.scanning.look"
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "portal.E010" in done.stderr
    assert "whitelist.E001" in done.stderr


def test_production_locks_what_development_locks_and_no_tool_of_it() -> None:
    def locked(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    production, everything = locked("requirements-production.lock"), locked("requirements.lock")
    assert production <= everything
    names = {one.partition("==")[0] for one in production}
    assert {"django", "celery", "granian", "psycopg", "cryptography"} <= names
    assert not names & {"pytest", "playwright", "mypy", "ruff", "schemathesis", "hypothesis"}


def test_front_and_house_meet_in_a_folder_that_nobody_else_enters() -> None:
    made = dict(re.findall(r"^d (\S+) +(.*) -$", (DEPLOY / "tmpfiles.conf").read_text(), re.MULTILINE))
    users = (DEPLOY / "sysusers.conf").read_text()
    assert re.findall(r"^m (\S+) jpki-front$", users, re.MULTILINE) == ["www-data"]
    assert not [name for name, unit in UNITS.items() if "jpki-front" in " ".join(unit.all("SupplementaryGroups"))]
    for name in ("web", "responder"):
        unit, folder = UNITS[name], f"/run/jpki-{name}"
        assert made[folder].split() == ["0750", f"jpki-{name}", "jpki-front"]
        assert unit.one("ReadWritePaths") == folder
        upstream = re.findall(r"^    server (\S+) ", (DEPLOY / f"nginx/jpki-{name}.conf").read_text(), re.MULTILINE)
        assert upstream == [f"unix:{folder}/http.sock"]
    assert UNITS["web"].environment()["GRANIAN_UDS"] == "/run/jpki-web/http.sock"
    assert "--host" not in UNITS["web"].one("ExecStart") + UNITS["responder"].one("ExecStart")
    assert settings_of(DEPLOY / "environment/responder.env")["OCSP_PROXIES"] == "unix"


def test_nginx_hides_the_links_that_our_own_logs_hide() -> None:
    text = (DEPLOY / "nginx/jpki-log.conf").read_text()
    (pattern,) = re.findall(r'"~(\S+)" \$jpki_kept', text)
    hidden = re.compile(pattern.replace("(?<", "(?P<"))
    for path in ("/handoff/abc", "/handoff/screen/abc/", "/handoff/qr/abc", "/phone/opened/abc"):
        assert LINK.search(path)
        assert hidden.match(path), path
    for path in ("/", "/register/", "/phone/", "/handoff/"):
        assert bool(hidden.match(path)) == bool(LINK.search(path)), path
    assert "$request_uri" not in text
    assert "$args" not in text


def test_nginx_replaces_every_header_that_the_site_believes() -> None:
    believed = {
        value for name, value in settings_of(DEPLOY / "environment/web.env").items() if name.endswith("_HEADER")
    }
    proxied = (DEPLOY / "nginx/jpki-proxy.conf").read_text()
    # The client's certificate differs from server to server, so it is set where the site is passed to.
    assert believed - {"Client-Cert"} <= set(re.findall(r"^proxy_set_header (\S+) ", proxied, re.MULTILINE))
    web = (DEPLOY / "nginx/jpki-web.conf").read_text()
    passing = [block for block in re.findall(r"location [^{]+\{[^}]*\}", web) if "proxy_pass" in block]
    assert len(passing) == 2
    for block in passing:
        assert "include /etc/nginx/jpki/jpki-proxy.conf;" in block
        assert block.count("proxy_set_header Client-Cert ") == 1
    assert (
        "proxy_set_header Client-Cert $ssl_client_escaped_cert;" in (DEPLOY / "nginx/jpki-responder.conf").read_text()
    )


def test_the_page_names_hosts_and_files_that_there_are() -> None:
    hosts = {
        line.split()[0] for line in (DEPLOY / "hosts.example").read_text().splitlines() if line[:1] not in ("", "#")
    }
    named = {host for block in blocks() for host in block.hosts}
    assert named - hosts == {"admin.internal", "work2.internal", "web2.internal"}
    parts = {
        part
        for line in (DEPLOY / "hosts.example").read_text().splitlines()
        if line[:1] not in ("", "#")
        for part in line.split()[1:]
    }
    assert parts == {"database", "broker", "logs", *UNITS} - {"workspaces"}
    text = PAGE.read_text()
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (PAGE.parent / link).exists(), link
    for path in re.findall(r"/opt/jpki/(?:current|releases/0\.1\.0)/((?:deploy|portal|docs)/[\w./-]+)", text):
        assert (ROOT / path).exists(), path
    # Whoever enables a unit enables one that there is.
    enabled = set(re.findall(r"jpki-([a-z]+)\b(?=[^\n]*)", " ".join(re.findall(r"systemctl enable [^\n]+", text))))
    assert enabled <= set(UNITS)
    assert enabled | {"workspaces"} | set(OFFICES) == set(UNITS)


def test_the_container_runs_as_nobody_in_particular_and_reads_the_units() -> None:
    steps = [line.split(None, 1) for line in joined((DEPLOY / "Containerfile").read_text())]
    names = [name for name, _ in steps]
    assert names[0] == "FROM"
    assert set(names) <= {
        "FROM",
        "LABEL",
        "RUN",
        "COPY",
        "ENV",
        "WORKDIR",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    }
    assert ":latest" not in steps[0][1]
    assert ":" in steps[0][1], "a tag says what it stands on"
    assert [value for name, value in steps if name == "USER"][-1].split(":")[0].isdecimal(), (
        "a number: others can see that it isn't 0"
    )
    assert names.index("USER") > max(index for index, name in enumerate(names) if name == "RUN")
    for name, value in steps:
        if name == "RUN" and "apt-get install" in value:
            assert "--no-install-recommends" in value
            assert "rm -rf /var/lib/apt/lists/*" in value
        assert name != "ADD"
        if name in {"ENV", "LABEL"}:
            assert not re.search(r"(?i)pass|secret|key", value)
    entry = json.loads(next(value for name, value in steps if name == "ENTRYPOINT"))
    assert entry == ["/opt/jpki/current/deploy/container.sh"]


def joined(text: str) -> list[str]:
    """Return a Containerfile's instructions, each in one line."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
