"""What came of the page for operators, by hosts and by requests.

make trial        (needs root; the release is made first)
"""

import re

import pytest

from tests.trial.walking import Deployment

WORKING = {
    "ca1": ["jpki-ca", "jpki-exporter"],
    "work1": ["jpki-tsm", "jpki-sweeps", "jpki-notices", "jpki-beat", "jpki-exporter"],
    "work2": ["jpki-tsm", "jpki-sweeps"],
    "probe1": ["jpki-probes", "jpki-exporter"],
    "web1": ["jpki-web", "jpki-exporter", "nginx"],
    "web2": ["jpki-web", "jpki-exporter", "nginx"],
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
    vault = "/opt/jpki/current/deploy/vault.sh"
    opened = f"{vault} open /root/deployment /root/operator.key && cat $(find /root/deployment/secrets -type f)"
    secrets = deployment.on("admin", f"{opened} && {vault} shut /root/deployment").split()
    assert len(secrets) > 20
    assert deployment.on("admin", "find /root/deployment -type f") == "", "shut, nothing of it is there"
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
    script = f"""page=https://staff.jpki.example/staff/enrol/
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
    token = "$(systemd-creds decrypt --name=metrics_token /etc/jpki/sealed/exporter/metrics_token -)"
    ask = f'curl --fail --silent --header "Authorization: Bearer {token}"'
    counts = deployment.on("web1", f"{ask} http://127.0.0.1:9464/metrics/processes")
    assert "jpki_" in counts
    state = deployment.on("ca1", f"{ask} http://127.0.0.1:9464/metrics/state")
    assert "jpki_" in state


def test_every_hosts_journal_stands_on_the_log_host_too(deployment: Deployment) -> None:
    """Within seconds, under the address that it came from; what a process and what the front wrote."""
    for name in (*WORKING, "db1", "mq1"):
        mark = f"kept elsewhere {name}"
        deployment.on(name, f"logger --tag trial '{mark}'")
        address = deployment.hosts[f"{name}.internal"].address
        script = (
            f"for turn in $(seq 60); do grep -rqs '{mark}' /var/log/jpki/{address} && exit 0; sleep 0.5; done; exit 1"
        )
        deployment.on("log1", script)
    web = deployment.hosts["web1.internal"].address
    kept = deployment.on("log1", f"cat /var/log/jpki/{web}/*.log")
    assert "jpki-web.service" in kept
    assert " nginx " in kept


def test_hosts_reach_only_what_answers_them(deployment: Deployment) -> None:
    """What listens beyond the loopback: nginx, the database, the broker, and nothing of the house itself."""
    open_to_others = {
        "web1": {80, 443},
        "web2": {80, 443},
        "ocsp1": {80, 443},
        "db1": {5432},
        "mq1": {5671},
        "log1": {6514},
    }
    for name in (*WORKING, "db1", "mq1", "log1"):
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
