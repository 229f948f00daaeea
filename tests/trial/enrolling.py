"""A whole enrolment through the deployed hosts: card, phone, element, TLS, two web hosts, workers, OCSP, CRL.

make trial        (needs root; the release is made first)
"""

import re
import time
from collections.abc import Callable

import pytest

from tests.trial.people import People
from tests.trial.walking import Deployment

OCSP = "http://ocsp.jpki.example"


class Pair:
    """Somebody's card and phone certificates."""

    def __init__(self, people: People, name: str) -> None:
        self.name = name
        self.card = people.newcomer(name)
        self.told = people.does(name, "enrol")

    def status(self, deployment: Deployment, purpose: str) -> str:
        """Ask the responder about the phone's certificate of a purpose; return the word that it signed."""
        script = f"""{self._files(purpose)}
        openssl ocsp -issuer authority.pem -CAfile authority.pem -cert certificate.pem \\
            -url {OCSP}/ocsp/production/{purpose.replace("_", "-")}/phone 2>&1"""
        said = deployment.on("phones", script)
        assert "Response verify OK" in said, said
        return str(re.findall(r"^certificate\.pem: (\w+)$", said, re.MULTILINE)[0])

    def listed(self, deployment: Deployment, purpose: str) -> str:
        """Return what the list of the phone's certificate, verified, says of it; "" where nothing."""
        script = f"""{self._files(purpose)}
        serial=$(openssl x509 -in certificate.pem -noout -serial | cut -d= -f2)
        curl --fail --silent {OCSP}/crl/production/{purpose.replace("_", "-")}/phone/13221.crl >list.crl
        openssl crl -inform DER -in list.crl -CAfile authority.pem -noout 2>&1 | grep 'verify OK' >/dev/null
        openssl crl -inform DER -in list.crl -noout -text >list.txt
        grep -A4 "Serial Number: 0*$serial$" list.txt || true"""
        return deployment.on("phones", script)

    def _files(self, purpose: str) -> str:
        return f"""cat >certificate.pem <<'END'
{self.told[purpose]}END
        curl --fail --silent {OCSP}/authority/production/{purpose.replace("_", "-")}.cer >authority.cer
        openssl x509 -inform DER -in authority.cer -out authority.pem"""


@pytest.fixture(scope="module")
def hanako(people: People) -> Pair:
    return Pair(people, "hanako")


def until(what: str, holds: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def test_a_citizen_enrols_and_ocsp_calls_both_certificates_good(deployment: Deployment, hanako: Pair) -> None:
    assert hanako.told["state"] == "active"
    for purpose in ("signature", "user_authentication"):
        assert hanako.status(deployment, purpose) == "good"
        assert hanako.listed(deployment, purpose) == ""


def test_the_phone_signs_in_at_mynaportal_by_a_hand_off(deployment: Deployment, people: People, hanako: Pair) -> None:
    told = deployment.on("web1", "jpki-manage web register_mynaportal")
    assert "is registered in realm production" in told
    found = people.does("hanako", "sign_in")
    assert str(found["status"]) == "200", found
    assert "/mynaportal/" in found["address"], found
    assert "サインアウト" in found["text"], found


def test_both_web_hosts_took_part(deployment: Deployment, hanako: Pair) -> None:
    for name in ("web1", "web2"):
        assert deployment.on(name, "grep -c ' /api/phone/v1/' /var/log/nginx/jpki-access.log").strip() != "0"


def test_with_a_web_host_and_a_tsm_worker_away_the_next_citizen_enrols_all_the_same(
    deployment: Deployment, people: People
) -> None:
    """And with the others away, the one after."""
    for name in ("ichiro", "jiro"):
        people.newcomer(name)
    for away, name in (("1", "ichiro"), ("2", "jiro")):
        deployment.on(f"web{away}", "systemctl stop nginx jpki-web")
        deployment.on(f"work{away}", "systemctl stop jpki-tsm")
        try:
            assert people.does(name, "enrol")["state"] == "active", name
            # As an operator would, of a process that stands still.
            assert deployment.on(f"work{away}", "jpki-manage tsm load_files")
        finally:
            deployment.on(f"work{away}", "systemctl start jpki-tsm")
            deployment.on(f"web{away}", "systemctl start jpki-web nginx")


def test_when_the_card_falls_the_phone_falls_with_it_and_the_list_says_so(deployment: Deployment, hanako: Pair) -> None:
    deployment.on(
        "ca1",
        f"""jpki-manage ceremony revoke --realm production --serial {hanako.card["signature"]} --purpose signature \\
            --medium card --cause attributes_changed --officer 'the trial' --reason 'moved house'""",
    )
    assert hanako.status(deployment, "signature") == "revoked"
    assert hanako.status(deployment, "user_authentication") == "good"
    until("the list does not show it", lambda: hanako.listed(deployment, "signature"))
    assert "Revocation Date" in hanako.listed(deployment, "signature")
    assert hanako.listed(deployment, "user_authentication") == ""
