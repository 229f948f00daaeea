"""Certificates by API: every state by a call, and every file accepted by OpenSSL."""

import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from ca import linkage
from ca.profiles import Medium, Purpose
from tests.sandbox.ready import Api
from tests.sandbox.world.conftest import settle

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "correct horse"
KINDS = list(product([one.value for one in Medium], [one.value for one in Purpose]))


def openssl(*arguments: str | Path, fails: bool = False) -> str:
    """Run OpenSSL; return what it said."""
    ran = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=30)
    assert (ran.returncode != 0) is fails, ran.stderr
    return ran.stdout + ran.stderr


def fetch(api: Api, folder: Path, path: str, name: str, body: Any = None) -> Path:
    """Write what an address gives into a file."""
    call = api._client.post if body is not None else api._client.get
    more = {"data": body, "content_type": "application/json"} if body is not None else {}
    answer = call(f"/sandbox/api/v1/{path}", headers={"accept": "application/x-whatever"}, **more)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Disposition"].startswith("attachment")
    (folder / name).write_bytes(answer.content)
    return folder / name


def of(api: Api, **filters: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    (found,) = api("get", f"certificates?{query}")["items"]
    return dict(found)


@pytest.mark.usefixtures("at_once")
def test_a_certificate_is_held_released_and_revoked_by_the_table_of_causes(api: Api) -> None:
    settle(api.realm)
    path = f"certificates/{of(api, citizen='hanako', purpose='signature')['id']}"
    held = api("post", f"{path}/hold", {})
    assert (held["status"], held["cause"], held["reason"]) == ("on_hold", "loss", "certificateHold")
    assert api("post", f"{path}/hold", {}, expect=409)["code"] == "illegal_transition"
    assert api("post", f"{path}/release", {})["status"] == "valid"
    assert api("post", f"{path}/revoke", {"cause": "phone_use_ended"}, expect=400)["code"] == "cause_unfit"
    assert api("post", f"{path}/revoke", {"cause": "boredom"}, expect=400)["code"] == "invalid_request"
    revoked = api("post", f"{path}/revoke", {"cause": "key_compromise"})
    assert (revoked["status"], revoked["reason"]) == ("revoked", "keyCompromise")
    assert api("post", f"{path}/release", {}, expect=409)["code"] == "illegal_transition"
    assert api("get", "certificates?status=revoked")["items"] == [api("get", path)]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("linked", ["sweep", "at_once"])
def test_a_phones_certificate_falls_with_the_cards_by_the_sweep_or_at_once(api: Api, linked: str) -> None:
    made = api("post", "test-certificates", {"medium": "phone", "purpose": "signature"}, expect=201)
    phone = api("get", f"certificates/{made['certificate']}")
    body = {"cause": "attributes_changed", "linked": linked}
    assert api("post", f"certificates/{phone['linked_to']}/revoke", body)["status"] == "revoked"
    after = api("get", f"certificates/{phone['id']}")
    assert after["status"] == ("revoked" if linked == "at_once" else "valid")
    linkage.sweep(api.realm)
    after = api("get", f"certificates/{phone['id']}")
    assert (after["status"], after["cause"]) == ("revoked", "card_certificate_revoked")


@pytest.mark.usefixtures("at_once")
def test_each_kind_in_each_state_by_one_call_with_a_key_that_openssl_reads(api: Api, tmp_path: Path) -> None:
    for medium, purpose in KINDS:
        for state in ("valid", "pending", "on_hold", "revoked"):
            body = {"medium": medium, "purpose": purpose, "state": state}
            made = api("post", "test-certificates", body, expect=201)
            assert (made["state"], made["wanted"]) == ("ready", state)
            found = api("get", f"certificates/{made['certificate']}")
            assert (found["medium"], found["purpose"], found["status"]) == (medium, purpose, state)
            assert found["test_certificate"] == made["id"]
            number = made["certificate"]
            bundle = fetch(api, tmp_path, f"certificates/{number}/pkcs12", "key.p12", {"password": SECRET})
            told = openssl("pkcs12", "-in", bundle, "-passin", f"pass:{SECRET}", "-nodes", "-out", tmp_path / "all.pem")
            assert "legacy" not in told
            openssl("pkcs12", "-in", bundle, "-passin", "pass:wrong", "-nokeys", fails=True)
            pem = fetch(api, tmp_path, f"certificates/{number}/pem?chain=true", "one.pem")
            public = openssl("x509", "-in", pem, "-noout", "-pubkey")
            assert public == openssl("pkey", "-in", tmp_path / "all.pem", "-pubout")
    assert {(one["medium"], one["purpose"]) for one in api("get", "test-certificates?limit=200")["items"]} == set(KINDS)
    body = {"medium": "card", "purpose": "signature", "state": "revoked", "cause": "card_certificate_revoked"}
    assert api("post", "test-certificates", body, expect=400)["code"] == "cause_unfit"
    body = {"medium": "card", "purpose": "signature", "state": "expired"}
    assert api("post", "test-certificates", body, expect=409)["code"] == "none_expired"


@pytest.mark.usefixtures("at_once")
def test_the_key_of_a_card_is_had_until_the_card_is_another(api: Api, tmp_path: Path) -> None:
    settle(api.realm)
    number = of(api, citizen="hanako", purpose="user_authentication")["id"]
    bundle = fetch(api, tmp_path, f"certificates/{number}/pkcs12", "card.p12", {"password": SECRET})
    openssl("pkcs12", "-in", bundle, "-passin", f"pass:{SECRET}", "-nodes", "-out", tmp_path / "card.pem")
    der = fetch(api, tmp_path, f"certificates/{number}/der", "card.cer")
    public = openssl("x509", "-inform", "DER", "-in", der, "-noout", "-pubkey")
    assert public == openssl("pkey", "-in", tmp_path / "card.pem", "-pubout")
    api("post", "cards", {"citizen": "hanako"}, expect=201)
    refused = api("post", f"certificates/{number}/pkcs12", {"password": SECRET}, expect=409)
    assert refused["code"] == "key_not_held"


@pytest.mark.usefixtures("whole_system")
def test_the_keys_of_a_phone_are_had_while_they_are_in_its_element(api: Api, tmp_path: Path) -> None:
    settle(api.realm)
    phone = api("post", "phones", {}, expect=201)["id"]
    made = api("post", "enrolments?wait=20", {"citizen": "hanako", "phone": phone}, expect=201)
    for number in made["certificates"]:
        bundle = fetch(api, tmp_path, f"certificates/{number}/pkcs12", "phone.p12", {"password": SECRET})
        openssl("pkcs12", "-in", bundle, "-passin", f"pass:{SECRET}", "-nodes", "-out", tmp_path / "phone.pem")
        pem = fetch(api, tmp_path, f"certificates/{number}/pem", "phone-certificate.pem")
        public = openssl("x509", "-in", pem, "-noout", "-pubkey")
        assert public == openssl("pkey", "-in", tmp_path / "phone.pem", "-pubout")


@pytest.mark.usefixtures("at_once")
def test_openssl_verifies_with_the_authority_and_the_crl_that_are_given_out(api: Api, tmp_path: Path) -> None:
    body = {"medium": "phone", "purpose": "user_authentication"}
    good = api("post", "test-certificates", body, expect=201)["certificate"]
    bad = api("post", "test-certificates", body | {"state": "revoked"}, expect=201)["certificate"]
    items = {one["purpose"]: one for one in api("get", "authorities")["items"]}
    assert set(items) == {"signature", "user_authentication"}
    (generation,) = items["user_authentication"]["generations"]
    assert len(generation["responders"]) == 1
    authority = fetch(api, tmp_path, "authorities/user-authentication/1/pem", "authority.pem")
    assert authority.read_text() == generation["certificate"]
    responder = fetch(api, tmp_path, "authorities/user-authentication/1/responder/pem", "ocsp.pem")
    openssl("verify", "-CAfile", authority, responder)
    api("get", "authorities/user-authentication/2/pem", expect=404)
    api("get", "authorities/wrong/1/pem", expect=404)
    listed = next(
        one for one in api("get", "crls")["items"] if (one["medium"], one["purpose"]) == ("phone", body["purpose"])
    )
    assert listed["url"].endswith(f"/user-authentication/phone/{listed['municipality_code']}.crl?generation=1")
    crl = fetch(api, tmp_path, f"crls/{listed['id']}/pem", "crl.pem")
    der = fetch(api, tmp_path, f"crls/{listed['id']}/der", "crl.der")
    assert openssl("crl", "-inform", "DER", "-in", der) == crl.read_text()
    check = ("verify", "-crl_check", "-CAfile", authority, "-CRLfile", crl)
    openssl(*check, fetch(api, tmp_path, f"certificates/{good}/pem", "good.pem"))
    told = openssl(*check, fetch(api, tmp_path, f"certificates/{bad}/pem", "bad.pem"), fails=True)
    assert "certificate revoked" in told
    for wrong in ("signature-1", "signature-x-card-13991", "other-1-authority", "signature-1-phone"):
        api("get", f"crls/{wrong}/pem", expect=404)
