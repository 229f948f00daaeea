"""Client certificates through the shipped nginx: asked for, passed on, and nobody else's word taken for one.

make trial        (needs root; the release is made first)
"""

import json
from dataclasses import dataclass

import pytest

from tests.trial.people import People
from tests.trial.walking import Deployment

MAKE = """for name in verifier stranger phone; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout $name.key -out $name.crt -days 7 \\
        -subj /CN=$name 2>/dev/null
done
cat verifier.crt phone.crt"""
# A key of a registered party. How parties come into the register, docs/review.md says; Mynaportal is in it without.
REGISTER = """
from datetime import timedelta
from ca import clock
from ca.models import Realm
from portal.mynaportal import registration
from whitelist import credentials
from whitelist.credentials import keys
from whitelist.models import Credential
realm = Realm.objects.get(slug="production")
wanted = credentials.Issuing(
    kind=Credential.Kind.TLS_CLIENT_AUTH, key=keys.read('''{certificate}''', Credential.Kind.TLS_CLIENT_AUTH),
    not_after=clock.now(realm) + timedelta(days=3),
)
print(credentials.issue(registration.register(realm), wanted, by="the trial").key_id)
"""
MTLS, SITE = "https://mtls.jpki.example", "https://site.jpki.example"
# As nginx would write it, but by whoever asks.
FORGED = """--header "Client-Cert: $(python3 -c 'import sys, urllib.parse
print(urllib.parse.quote(open(sys.argv[1]).read()))' {name}.crt)" """


@dataclass
class Asking:
    """A host from which things are asked with this certificate or that."""

    deployment: Deployment
    responder: str = ""

    def curl(self, arguments: str, *, certificate: str = "", forged: str = "") -> tuple[int, str]:
        """Return status and body of a request."""
        shown = f"--cert {certificate}.crt --key {certificate}.key " if certificate else ""
        shown += FORGED.format(name=forged) if forged else ""
        script = f"curl --silent --output body --write-out '%{{http_code}}' {shown} {arguments}; echo; cat body"
        code, _, body = self.deployment.on("phones", script).partition("\n")
        return int(code), body


@pytest.fixture(scope="module")
def asking(deployment: Deployment, people: People) -> Asking:
    certificates = deployment.on("phones", MAKE)
    verifier, phone = [
        f"{one}-----END CERTIFICATE-----\n" for one in certificates.split("-----END CERTIFICATE-----\n")
    ][:2]
    people.python("web1", "web", REGISTER.format(certificate=verifier))
    people.newcomer("saburo")
    known = json.loads(people.host.path("/root/saburo.json").read_text())
    tie = f"""cat >/var/lib/jpki-tsm/phone.crt <<'END'
{phone}END
    jpki-manage tsm phone_certificate {known["phone"]} /var/lib/jpki-tsm/phone.crt"""
    deployment.on("work1", tie)
    return Asking(deployment)


TOKEN = "--data grant_type=client_credentials --data client_id=mynaportal {at}/api/v1/token"


def test_a_verifier_gets_a_token_by_its_certificate_and_nobody_by_anothers(asking: Asking) -> None:
    at = TOKEN.format(at=MTLS)
    code, body = asking.curl(at, certificate="verifier")
    assert code == 200, body
    # At the site's own name nobody is asked for one, and none counts.
    for certificate, forged, place in (
        ("", "", MTLS),
        ("stranger", "", MTLS),
        ("", "verifier", MTLS),
        ("stranger", "verifier", MTLS),
        ("verifier", "", SITE),
        ("", "verifier", SITE),
    ):
        code, body = asking.curl(TOKEN.format(at=place), certificate=certificate, forged=forged)
        assert (code, json.loads(body)["code"]) in ((401, "client_unknown"), (400, "token_request_invalid")), body


def test_the_token_is_good_with_the_certificate_alone_for_which_it_was_given(asking: Asking) -> None:
    _, body = asking.curl(TOKEN.format(at=MTLS), certificate="verifier")
    bearer = f"--header 'Authorization: Bearer {json.loads(body)['access_token']}'"
    question = json.dumps({"purpose": "signature", "check_purpose": "signature_verification", "serial_numbers": ["03"]})
    ask = f"{bearer} --json '{question}' {{at}}/api/v1/verification/status"
    code, body = asking.curl(ask.replace("{at}", MTLS), certificate="verifier")
    assert code == 200, body
    for certificate, forged, at in (
        ("", "", MTLS),
        ("stranger", "", MTLS),
        ("", "verifier", MTLS),
        ("stranger", "verifier", MTLS),
        ("", "verifier", SITE),
        ("verifier", "", SITE),
    ):
        assert asking.curl(ask.replace("{at}", at), certificate=certificate, forged=forged)[0] == 401, (
            certificate,
            forged,
            at,
        )


def test_a_phone_is_known_by_its_certificate_to_the_tsm_and_by_no_others(asking: Asking) -> None:
    element = json.dumps({"secureElements": [{"seId": "00", "seType": "eSE"}]})
    ask = f"--json '{element}' {{at}}/gp/seram/handshake"
    # Known, and nothing is wanted of it.
    assert asking.curl(ask.replace("{at}", MTLS), certificate="phone")[0] == 404
    for certificate, forged, at in (
        ("", "", MTLS),
        ("stranger", "", MTLS),
        ("", "phone", MTLS),
        ("stranger", "phone", MTLS),
        ("phone", "", SITE),
        ("", "phone", SITE),
    ):
        assert asking.curl(ask.replace("{at}", at), certificate=certificate, forged=forged)[0] == 401, (
            certificate,
            forged,
            at,
        )


def test_nothing_but_the_apis_is_at_the_name_for_certificates(asking: Asking) -> None:
    assert asking.curl(f"{MTLS}/staff/enrol/", certificate="verifier")[0] == 404
    assert asking.curl(f"{MTLS}/metrics")[0] == 404


def test_a_responder_that_answers_verifiers_alone_tells_them_by_their_certificates(
    deployment: Deployment, asking: Asking
) -> None:
    turn = "sed -i 's/^OCSP_ACCESS=.*/OCSP_ACCESS={}/' /etc/jpki/responder.env && systemctl restart jpki-responder"
    wait = """for turn in $(seq 60); do
        curl --silent --output /dev/null --unix-socket /run/jpki-responder/http.sock http://responder/healthz && exit 0
        sleep 0.5
    done; exit 1"""
    ask = (
        "curl --fail --silent http://ocsp.jpki.example/authority/production/signature.cer >authority.cer; "
        "openssl x509 -inform DER -in authority.cer -out authority.pem; "
        "openssl ocsp -issuer authority.pem -serial 3 -no_nonce -reqout question >/dev/null"
    )
    deployment.on("phones", ask)
    post = (
        "--header 'Content-Type: application/ocsp-request' --data-binary @question "
        "{}://ocsp.jpki.example/ocsp/production/signature/card"
    )
    deployment.on("ocsp1", f"{turn.format('verifiers')}\n{wait}")
    try:
        assert asking.curl(post.format("https"), certificate="verifier")[0] == 200
        for scheme, certificate, forged in (
            ("https", "", ""),
            ("https", "stranger", ""),
            ("https", "", "verifier"),
            ("https", "stranger", "verifier"),
            ("http", "", ""),
            ("http", "", "verifier"),
        ):
            code, _ = asking.curl(post.format(scheme), certificate=certificate, forged=forged)
            assert code == 401, (scheme, certificate, forged)
    finally:
        deployment.on("ocsp1", f"{turn.format('open')}\n{wait}")
    assert asking.curl(post.format("http"))[0] == 200
