"""A service with the client: from the question to the verdict, and everything that isn't this session's."""

import base64
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jpki_client import (
    CARD,
    PHONE,
    SIGNATURE,
    USER_AUTHENTICATION,
    Check,
    Client,
    NotOurs,
    Pending,
    Unreachable,
    cms,
    verify,
)
from jpki_client.keys import load, thumbprint
from jpki_client.problems import (
    CodeInvalid,
    DocumentUnacceptable,
    KeyUnusable,
    NotAuthenticated,
    NotFound,
    RequestInvalid,
)
from jpki_client.trust import NotPinned

from ca import revocation
from ca.models import Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tests.client.conftest import Answer, site
from tests.portal.handoff import pdfs
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import CALLBACK, key
from whitelist.models import Credential

TEXT = "契約書\r\n第1条\n"
SIGNED: dict[str, dict[str, Any]] = {
    "text": {"document": TEXT},
    "cades": {"document": TEXT, "format": "cades"},
    "pades": {"pdf": pdfs.plain(1)},
}


def changed(address: str, **query: str | None) -> dict[str, str]:
    """Return the query of an address with other members; None removes one."""
    given: dict[str, str | None] = {**dict(parse_qsl(urlsplit(address).query)), **query}
    return {name: value for name, value in given.items() if value is not None}


def test_an_authentication_from_the_question_to_the_verdict(bank: Client, answer: Answer) -> None:
    asked = bank.ask(USER_AUTHENTICATION, return_url=CALLBACK, media=[PHONE])
    kept = asked.pending.kept()
    pending = Pending.read(kept)
    assert pending == asked.pending
    assert not asked.hand_off.over
    hand_off = bank.come_back(pending, changed(answer(asked.link)))
    assert hand_off.over
    verdict = bank.verify(hand_off, pending)
    assert verdict.accepted, verdict.lines
    assert bank.verify(bank.fetch(pending.id), pending, status=bank.by_api()).accepted


@pytest.mark.parametrize("what", SIGNED)
def test_a_signature_in_each_format(bank: Client, answer: Answer, what: str) -> None:
    asked = bank.ask(SIGNATURE, return_url=CALLBACK, document_name="契約書", **SIGNED[what])
    hand_off = bank.come_back(asked.pending, answer(asked.link, Medium.CARD))
    assert hand_off.result is not None
    verdict = bank.verify(hand_off, asked.pending)
    assert verdict.accepted, verdict.lines
    assert verdict.line(Check.MEDIUM).why == CARD
    # What was asked for counts, not what came back: another document, and everything else that a result may say.
    other = bank.ask(SIGNATURE, return_url=CALLBACK, document_name="契約書", **SIGNED[what])
    assert not bank.verify(hand_off, other.pending).accepted


def test_a_signed_texts_cms_must_hold_the_same_signature(bank: Client, answer: Answer) -> None:
    asked, another = (
        bank.ask(SIGNATURE, return_url=CALLBACK, document_name="契約書", document=t) for t in ("い\n", "ろ\n")
    )
    hand_off = bank.come_back(asked.pending, answer(asked.link))
    other = bank.come_back(another.pending, answer(another.link))
    assert hand_off.result is not None
    assert other.result is not None
    for wrong in (other.result["cms"], "AAAA", base64.b64encode(b"\x30\x80\x00\x00").decode()):
        mixed = type(hand_off)(**{**vars(hand_off), "result": {**hand_off.result, "cms": wrong}})
        assert bank.verify(mixed, asked.pending).line(Check.SIGNATURE).why == "not_our_document"
    assert cms.read(base64.b64decode(hand_off.result["cms"])).attributes is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"handoff": "6f1a0d9c-0000-4000-8000-000000000000"},
        {"handoff": None},
        {"state": "another"},
        {"state": None},
        {"iss": "https://other.example"},
        {"iss": None},
        {"code": None},
        {"code": ""},
    ],
    ids=str,
)
def test_what_is_not_this_sessions_is_not_redeemed(bank: Client, answer: Answer, wrong: dict[str, str | None]) -> None:
    asked = bank.ask(USER_AUTHENTICATION, return_url=CALLBACK)
    back = answer(asked.link)
    with pytest.raises(NotOurs):
        bank.come_back(asked.pending, changed(back, **wrong))
    assert bank.fetch(asked.pending.id).members["redeemed_at"] is None
    # A name that stands twice is one too many.
    with pytest.raises(NotOurs):
        bank.come_back(asked.pending, f"{back}&{urlencode({'state': 'another'})}")


def test_a_code_is_good_once_and_for_its_own_verifier(bank: Client, answer: Answer) -> None:
    asked = bank.ask(USER_AUTHENTICATION, return_url=CALLBACK, way="app")
    back = answer(asked.link)
    stolen = Pending.read(asked.pending.kept() | {"code_verifier": "x" * 43})
    with pytest.raises(CodeInvalid):
        bank.come_back(stolen, back)
    assert bank.come_back(asked.pending, back).result is not None
    with pytest.raises(CodeInvalid) as told:
        bank.come_back(asked.pending, back)
    assert told.value.citizen is not None
    assert told.value.citizen.ja


def test_what_was_not_redeemed_has_no_result_and_no_verdict_but_no(bank: Client, answer: Answer) -> None:
    asked = bank.ask(USER_AUTHENTICATION, return_url=CALLBACK)
    answer(asked.link)
    hand_off = bank.fetch(asked.pending.id)
    assert (hand_off.state, hand_off.result) == ("answered", None)
    assert not bank.verify(hand_off, asked.pending).accepted


@pytest.mark.parametrize(
    "lie", [{"nonce": "x"}, {"purpose": USER_AUTHENTICATION}, {"format": "cades"}, {"signed_text": "い"}], ids=str
)
def test_what_the_result_says_of_itself_must_be_what_was_asked(
    bank: Client, answer: Answer, lie: dict[str, str]
) -> None:
    asked = bank.ask(SIGNATURE, return_url=CALLBACK, document_name="契約書", document=TEXT)
    hand_off = bank.come_back(asked.pending, answer(asked.link))
    assert hand_off.result is not None
    verdict = verify({**hand_off.result, **lie}, asked.pending.expected, trust=bank.trust(), now=bank.trust().time)
    assert verdict.line(Check.SIGNATURE).why == "not_what_was_asked"


def test_revoked_is_no_by_either_way_of_asking(bank: Client, answer: Answer, citizen: Citizen, realm: Realm) -> None:
    asked = bank.ask(USER_AUTHENTICATION, return_url=CALLBACK)
    hand_off = bank.come_back(asked.pending, answer(asked.link))
    certificate = citizen.certificate(Purpose.USER_AUTHENTICATION)
    revocation.revoke(certificate, cause=Cause.PHONE_USE_ENDED, now=certificate.not_before)
    for status in (None, bank.by_api()):
        line = bank.verify(hand_off, asked.pending, status=status).line(Check.STATUS)
        assert line.why == "revoked"
        assert line.facts["reason"] == "cessationOfOperation"
    (standing,) = bank.statuses(
        USER_AUTHENTICATION, check_purpose="liveness_check", serial_numbers=[certificate.serial_number]
    )
    assert (standing.status, standing.medium) == ("revoked", "phone")
    (other,) = bank.counterparts(USER_AUTHENTICATION, [certificate.serial_number])
    assert other.counterpart == citizen.certificate(Purpose.USER_AUTHENTICATION, Medium.CARD).serial_number


def test_only_pinned_authorities_are_trusted(bank: Client, settings: Any) -> None:
    trust = bank.trust()
    prints = [one.fingerprint for one in trust.authorities]
    assert trust.pinned([one.upper() for one in prints]) is trust
    careful = Client(settings.PUBLIC_URL, "test-bank", key(0), key_id="key-1", pinned=prints[:1], http=site())
    with pytest.raises(NotPinned):
        careful.trust()


def test_a_token_is_kept_and_renewed_where_it_is_not_known_any_more(bank: Client) -> None:
    first = bank.token()
    bank.trust()
    assert bank.token() == first
    bank._token = "forgotten"
    bank.trust()
    assert bank.token() not in (first, "forgotten")
    Credential.objects.update(disabled_at="2020-01-01T00:00:00Z")
    with pytest.raises(NotAuthenticated):
        bank.trust()


def test_each_no_is_an_exception_of_its_kind(bank: Client, settings: Any) -> None:
    with pytest.raises(RequestInvalid) as told:
        bank.ask("neither", return_url=CALLBACK)
    assert told.value.members["member"] == "purpose"
    assert told.value.status == 400
    with pytest.raises(DocumentUnacceptable):
        bank.ask(USER_AUTHENTICATION, return_url=CALLBACK, document="x")
    with pytest.raises(NotFound):
        bank.fetch("6f1a0d9c-0000-4000-8000-000000000000")
    with pytest.raises(NotAuthenticated):
        Client(settings.PUBLIC_URL, "nobody", key(0), http=site()).trust()


@pytest.mark.parametrize("said", [b"<html>", b"[]", b'{"access_token": "x"}'])
def test_what_is_no_answer_of_the_site_is_told_as_such(said: bytes) -> None:
    http = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, content=said)))
    with pytest.raises(Unreachable):
        Client("https://elsewhere.example", "bank", key(0), http=http).trust()


def test_a_site_that_is_not_there_is_worth_another_try() -> None:
    with pytest.raises(Unreachable) as told:
        Client("http://127.0.0.1:9", "bank", key(0)).trust()
    assert told.value.retry


def test_only_a_key_on_p_256_will_do(tmp_path: Any) -> None:
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(pem)
    assert thumbprint(load(pem)) == thumbprint(load(tmp_path / "key.pem")) == thumbprint(made)
    other = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for unfit in (other, b"", tmp_path / "missing.pem"):
        with pytest.raises(KeyUnusable):
            load(unfit)
