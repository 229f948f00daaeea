"""The register's pages: what stands there, how old the signature is, and that no officer is named."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ca import clock, seals
from ca.models import Realm
from tests.ca.fixtures import make_realm
from tests.whitelist.relying_parties import make_bank
from whitelist.cases import states
from whitelist.models import MinisterialCertification, RegisterStatement, RelyingParty
from whitelist.published import records, statement, words

OFFICER = "officer-yamada"


@pytest.fixture
def bank(realm: Realm, settings: Any) -> RelyingParty:
    settings.DEFAULT_REALM = "test"
    bank = make_bank(realm, state=RelyingParty.State.DRAFT)
    states.move_entry(bank, "register", by=OFFICER)
    assert statement.sign(realm)
    return bank


def text(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers={"accept-language": "ja"} | headers)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_a_page_says_basis_certification_purposes_and_history_in_both_languages(
    bank: RelyingParty, client: Client
) -> None:
    states.move_entry(bank, "suspend", by=OFFICER)
    japanese = text(client, "/register/test-bank/")
    for part in (
        "主務大臣が認定した民間の事業者",
        "第17条第1項第6号",
        "T-1",
        "試験の目的 signature",
        "登録が停止されました",
    ):
        assert part in japanese
    english = text(client, "/register/test-bank/", **{"accept-language": "en"})
    for part in ("Test Bank", "private business", "Suspended", "Registered since", "A phone refuses"):
        assert part in english
    assert OFFICER not in japanese + english + text(client, "/register/test-bank/entry.json")


def test_what_a_service_receives_is_published_with_why_and_what_changed(bank: RelyingParty, client: Client) -> None:
    assert "受け取る情報" not in text(client, "/register/test-bank/")
    assert "attributes" not in client.get("/register/test-bank/entry.json").json()["entry"]
    RelyingParty.objects.update(attributes=["name", "birth_date"], attributes_why="<b>年齢</b>の確認")
    records.note(bank, "changed")
    page = text(client, "/register/test-bank/")
    assert page.count("氏名、生年月日") == 2  # now, and what was changed
    assert "&lt;b&gt;年齢&lt;/b&gt;の確認" in page
    assert "Name, Date of birth" in text(client, "/register/test-bank/", **{"accept-language": "en"})
    data = client.get("/register/test-bank/entry.json").json()
    assert data["entry"]["attributes"] == {"received": ["name", "birth_date"], "why": "<b>年齢</b>の確認"}
    (change,) = data["history"][0]["changed"]
    assert (change["part"], change["before"]) == ("attributes", None)


def test_the_json_has_every_record_with_the_address_of_its_proof(bank: RelyingParty, client: Client) -> None:
    data = client.get("/register/test-bank/entry.json").json()
    assert (data["state"], data["entry"]["client_id"]) == ("registered", "test-bank")
    (record,) = data["history"]
    assert record["event"] == "registered"
    proof = client.get(record["proof"].removeprefix("http://localhost:8000"))
    assert (proof.status_code, proof.json()["client_id"]) == (200, "test-bank")


def test_before_the_seal_the_proof_is_on_its_way(bank: RelyingParty, client: Client) -> None:
    record = records.note(bank, "changed")
    address = f"/register/test-bank/records/{record.sequence}/proof.json"
    assert (client.get(address).status_code, client.get(address).json()) == (202, {})
    seals.seal(bank.realm)
    assert client.get(address).status_code == 200


def test_who_never_was_in_the_register_has_no_page(bank: RelyingParty, client: Client) -> None:
    make_bank(bank.realm, "draft-bank", state=RelyingParty.State.DRAFT)
    for path in ("draft-bank/", "draft-bank/entry.json", "nobody/", "%00/", "test-bank/records/999999/proof.json"):
        assert client.get(f"/register/{path}").status_code == 404


@pytest.mark.parametrize(("verb", "state"), [("suspend", "停止中"), ("expire", "期限切れ"), ("remove", "削除済み")])
def test_who_was_keeps_a_page_that_says_what_became_of_it(
    bank: RelyingParty, client: Client, verb: str, state: str
) -> None:
    states.move_entry(bank, verb, by=OFFICER)
    assert state in text(client, "/register/test-bank/")
    assert "試験銀行" not in text(client, "/register/")


def test_an_entry_whose_last_day_has_passed_is_shown_as_expired(bank: RelyingParty, client: Client) -> None:
    RelyingParty.objects.update(valid_until=clock.today(bank.realm) - timedelta(days=1))
    assert "期限切れ" in text(client, "/register/test-bank/")
    assert client.get("/register/entries.json").json()["entries"] == []


def test_a_withdrawn_certification_is_shown_as_withdrawn(bank: RelyingParty, client: Client) -> None:
    MinisterialCertification.objects.update(withdrawn_at=clock.now(bank.realm))
    assert "取り消されています" in text(client, "/register/test-bank/")


def test_the_signed_register_is_served_in_both_serializations(bank: RelyingParty, client: Client) -> None:
    compact = client.get("/register/register.jws")
    assert compact["Content-Type"] == "application/jose"
    flattened = client.get("/register/register.json").json()
    parts = [flattened[name] for name in ("protected", "payload", "signature")]
    assert ".".join(parts) == compact.content.decode()
    assert (flattened["stale"], flattened["changed_since"]) == (False, False)
    (key,) = client.get("/register/jwks.json").json()["keys"]
    said = jwt.decode(compact.content.decode(), jwt.PyJWK.from_dict(key), algorithms=["RS256"])
    assert jwt.get_unverified_header(compact.content.decode())["kid"] == key["kid"]
    assert said["entries"][0]["client_id"] == "test-bank"


def test_a_stale_signature_is_called_stale_and_one_behind_is_too(bank: RelyingParty, client: Client) -> None:
    assert "最新" in text(client, "/register/")
    records.note(bank, "changed")
    assert "更新中" in text(client, "/register/test-bank/")
    RegisterStatement.objects.update(next_update=clock.machine())
    assert "古いので" in text(client, "/register/")
    assert client.get("/register/register.json").json()["stale"]


def test_a_realm_without_a_signature_or_without_a_name_has_none(bank: RelyingParty, client: Client) -> None:
    make_realm("other")
    for name in ("register.jws", "register.json"):
        assert client.get(f"/register/{name}?realm=other").status_code == 404
        assert client.get(f"/register/{name}?realm=%00").status_code == 404
    assert client.get("/register/jwks.json?realm=other").json() == {"keys": []}
    assert client.get("/register/jwks.json?realm=none").status_code == 404


def test_a_long_history_takes_no_more_queries(bank: RelyingParty, client: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/register/test-bank/")
        return len(queries)

    few = count()
    for _ in range(3):
        states.move_entry(bank, "suspend", by=OFFICER)
        states.move_entry(bank, "lift", by=OFFICER)
    assert count() == few


@pytest.mark.parametrize("basis", RelyingParty.Basis)
def test_every_basis_is_said_in_plain_words(bank: RelyingParty, client: Client, basis: str) -> None:
    RelyingParty.objects.update(basis=basis)
    assert words.BASIS[basis].ja in text(client, "/register/test-bank/")
    assert words.basis_name(basis).en in text(client, "/register/test-bank/", **{"accept-language": "en"})
