"""The firewall, loaded on every host of the trial: what the table allows goes on, and what it doesn't is refused.

make trial        (needs root; the release is made first; run after the other tests, for it stays loaded)
"""

import shutil

import pytest

from tests.conftest import missing
from tests.trial.people import People
from tests.trial.walking import Deployment

HOSTS = ("db1", "mq1", "log1", "ca1", "work1", "work2", "probe1", "web1", "web2", "ocsp1")
# From where, as whom, to where, and whether it is let through.
TRIES = (
    ("web1 jpki-web", "db1", 5432, True),
    ("ocsp1 jpki-responder", "db1", 5432, True),
    ("probe1 jpki-probes", "mq1", 5671, True),
    ("work2 jpki-tsm", "mq1", 5671, True),
    ("ca1 jpki-exporter", "mq1", 5671, True),
    ("web1", "log1", 6514, True),
    ("phones", "log1", 6514, False),
    ("log1", "db1", 5432, False),
    ("phones", "web1", 443, True),
    ("phones", "ocsp1", 80, True),
    # The right host, and another user of it: nginx', root, one of the house that asks no database.
    ("web1 www-data", "db1", 5432, False),
    ("web1", "db1", 5432, False),
    ("work1 jpki-beat", "db1", 5432, False),
    ("web1 jpki-exporter", "db1", 5432, False),
    ("ocsp1 jpki-responder", "mq1", 5671, False),
    ("phones", "db1", 5432, False),
    ("phones", "mq1", 5671, False),
    ("phones", "web1", 8000, False),
    ("phones", "ca1", 22, False),
    ("web1", "ca1", 22, False),
    ("web1", "work1", 9464, False),
    ("ca1", "web1", 443, False),
    ("work1", "ocsp1", 80, False),
    ("db1", "ca1", 22, False),
    ("db1", "web1", 443, False),
    ("probe1", "web1", 443, False),  # a probe goes outside, and to nobody of the house
)
TRY = """cd / && {user} python3 - <<'END'
import socket
try:
    socket.create_connection(("{host}", {port}), 5).close()
    print("through")
except OSError as error:
    print(type(error).__name__, error.errno)
END"""

# The front tells whoever comes while its site starts to come again; a trial's citizen comes once.
ANSWERS = """for turn in $(seq 120); do
    curl --silent --output /dev/null --unix-socket /run/jpki-web/http.sock http://site/healthz && exit 0
    sleep 0.5
done
exit 1"""


@pytest.fixture(scope="module")
def sealed(deployment: Deployment) -> Deployment:
    """Make each host's rules on the operator's machine, and load them."""
    if shutil.which("nft") is None:
        missing("nft is not installed (Debian: apt-get install nftables)")
    for name in HOSTS:
        told = deployment.on("admin", f"python3 /opt/jpki/current/deploy/firewall.py /root/hosts {name}.internal")
        deployment.hosts[f"{name}.internal"].path("/etc/nftables.conf").write_text(told)
        deployment.on(name, "nft -f /etc/nftables.conf && nft -f /etc/nftables.conf")  # again is harmless
    return deployment


def test_what_the_table_allows_comes_through_and_all_else_is_refused(sealed: Deployment, people: People) -> None:
    for who, host, port, through in TRIES:
        source, _, user = who.partition(" ")
        become = f"setpriv --reuid={user} --regid={user} --clear-groups" if user else ""
        # Something listens there, so that it is the firewall that refuses.
        if not through:
            listen = f"python3 -c \"import socket, time; s = socket.create_server(('', {port})); time.sleep(60)\""
            sealed.on(host, f"ss -tln | grep -q ':{port} ' || (setsid {listen} >/dev/null 2>&1 &) ; sleep 0.5")
        said = sealed.on(source, TRY.format(user=become, host=f"{host}.internal", port=port)).strip()
        if through:
            assert said == "through", (who, host, port, said)
        else:
            assert said != "through", (who, host, port)
            assert not said.startswith("TimeoutError"), "refused, and not left waiting"


def test_everything_runs_behind_it(sealed: Deployment, people: People) -> None:
    """New connections of every process: all are started again, and a citizen enrols."""
    for name in ("ca1", "work1", "work2", "probe1", "web1", "web2", "ocsp1"):
        sealed.on(name, "systemctl restart jpki.target")
    for name in ("web1", "web2"):
        sealed.on(name, ANSWERS)
    people.newcomer("shiro")
    assert people.does("shiro", "enrol")["state"] == "active"
    for name in ("ca1", "work1", "work2", "probe1", "web1", "web2", "ocsp1"):
        said = sealed.on(name, "systemctl list-units --state=failed --no-legend 'jpki-*'")
        assert said.strip() == "", name
    assert "whole" in sealed.on("ca1", "jpki-manage ceremony verify_journal --realm production")
