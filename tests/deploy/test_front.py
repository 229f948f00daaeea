"""What the deployment's front, database and broker let through, read from their configuration."""

import re

from tests.deploy.units import DEPLOY, ROOT, settings_of


def servers(name: str) -> list[str]:
    text = re.sub(r"#.*", "", (DEPLOY / "nginx" / name).read_text())
    return [f"server {{{part}" for part in text.split("server {")[1:]]


def test_in_clear_pages_are_redirected_and_apis_refused() -> None:
    clear = [one for one in servers("jpki-web.conf") if "listen 443" not in one]
    assert len(clear) == 1
    assert "location ~ ^/(?:api|gp)/ { return 403; }" in clear[0]
    assert "location / { return 308 https://" in clear[0]
    assert "proxy_pass" not in clear[0]
    for one in servers("jpki-web.conf"):
        if one not in clear:
            assert "listen 80" not in one
            assert "include /etc/nginx/jpki/jpki-tls.conf;" in one


def test_nothing_below_tls_1_2_and_no_cipher_without_forward_secrecy() -> None:
    told = (DEPLOY / "nginx" / "jpki-tls.conf").read_text()
    assert re.findall(r"^ssl_protocols (.*);", told, re.MULTILINE) == ["TLSv1.2 TLSv1.3"]
    (ciphers,) = re.findall(r"^ssl_ciphers (.*);", told, re.MULTILINE)
    for cipher in ciphers.split(":"):
        assert re.fullmatch(r"ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)", cipher), cipher
    broker = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text()
    assert set(re.findall(r"^ssl_options\.versions\.\d = (.*)", broker, re.MULTILINE)) == {"tlsv1.3", "tlsv1.2"}
    assert "ssl_min_protocol_version = 'TLSv1.2'" in (DEPLOY / "postgresql" / "jpki.conf").read_text()


def test_database_and_broker_are_reached_by_tls_alone() -> None:
    lines = (DEPLOY / "postgresql" / "pg_hba.conf").read_text().splitlines()
    kinds = {line.split()[0] for line in lines if line and not line.startswith("#")}
    assert kinds == {"local", "hostssl"}
    broker = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text()
    assert "listeners.tcp = none" in broker
    assert "listeners.ssl.default = 5671" in broker
    assert settings_of(DEPLOY / "environment" / "site.env")["BROKER_CA_FILE"] == "/etc/jpki/tls/internal-ca.pem"
    assert "sslmode=verify-full" in (DEPLOY / "parcels.sh").read_text()


def test_a_release_has_no_source_control() -> None:
    """It is made of the committed files that run, named folder by folder."""
    told = (ROOT / "scripts" / "release.sh").read_text()
    (taken,) = re.findall(r"^git ls-files -z -- (.*?) \\$", told, re.MULTILINE)
    expected = (
        "manage.py pyproject.toml LICENSE README.md requirements-production.lock ca tsm whitelist portal docs deploy"
    )
    assert taken == expected
