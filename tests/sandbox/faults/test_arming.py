"""Arming by name and scope; a fault strikes whom it is for, and nobody else hears of it."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca import crl
from ca.models import JournalEntry, Realm
from ca.profiles import Purpose
from ca.reply import Request
from ca.responder import respond
from portal.handoff import delivery
from portal.handoff.models import HandOff
from sandbox import faults
from sandbox.faults import phones
from sandbox.faults import responder as faulty
from sandbox.faults.catalogue import ALL, CATALOGUE, Place
from sandbox.models import Fault, TraceEvent
from tests.sandbox.faults.conftest import Answered, answer, ask_responder, citizen_in, told
from tests.sandbox.faults.test_responder import question, target
from tests.whitelist.relying_parties import assertion, make_bank, make_credential
from tsm.models import Phone
from whitelist.credentials import tokens
from whitelist.models import Credential

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]


def test_the_catalogue_says_in_both_languages_what_happens() -> None:
    assert len(ALL) == len(CATALOGUE) > 60
    assert sum(one.place == Place.RESULT for one in ALL) >= 25
    for one in ALL:
        assert one.title[1].isascii(), one.name
        assert one.what[0].endswith("。"), one.name
        assert one.what[1].endswith(".") and one.what[1].isascii(), one.name  # noqa: PT018
        for each in one.parameters.values():
            assert each.fits(each.default)
            assert each.ja and each.en  # noqa: PT018


def test_a_scope_says_how_often_and_for_whom(answered: Answered, realm: Realm, credential: Credential) -> None:
    first, second, third = answered(), answered(), answered()
    # Without a scope for one request; what was told stays told.
    once = faults.arm(realm, "signature_wrong")
    lie = told(first)
    assert lie["result"]["signature"] != told(second)["result"]["signature"]
    assert told(first) == lie != told(second)
    assert told(second)["result"] != lie["result"]
    done = faults.again(once)
    assert (done.hits, done.requests_left, done.ended_at is not None) == (1, 0, True)
    # For one hand-off, and another client's only.
    make_bank(realm, client_id="another")
    faults.arm(realm, "result_missing", client="another")
    faults.arm(realm, "certificate_missing", hand_off=third)
    assert told(second)["result"]["certificate"]
    assert told(third)["result"]["certificate"] is None
    # A share of all, evenly: of ten at 0.3 the fourth, seventh and tenth.
    faults.arm(realm, "return_state_missing", rate=0.3)
    waiting = answered(redeem=False)
    struck = ["state=" not in delivery.leave(waiting, "b" * 64) for _ in range(10)]
    assert [number for number, hit in enumerate(struck, 1) if hit] == [4, 7, 10]
    assert TraceEvent.objects.filter(what="fault.hit").count() >= 5


@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        ("signature_worng", {}, faults.FaultUnknown),
        ("signature_wrong", {"seconds": 3}, faults.FaultParameterInvalid),
        ("ocsp_late", {"seconds": 0}, faults.FaultParameterInvalid),
        ("ocsp_late", {"seconds": "5"}, faults.FaultParameterInvalid),
        ("element_torn", {"executed": 1}, faults.FaultParameterInvalid),
        ("tsm_away", {"client": "test-bank"}, faults.FaultScopeInvalid),
        ("signature_wrong", {"client": "nobody"}, faults.FaultScopeInvalid),
        ("signature_wrong", {"requests": 0}, faults.FaultScopeInvalid),
        ("signature_wrong", {"rate": 1.5}, faults.FaultScopeInvalid),
        ("signature_wrong", {"hand_off": "0b3c0a52-7f4e-4a51-9a29-2f6a0d8f6c01"}, faults.FaultScopeInvalid),
    ],
)
@pytest.mark.usefixtures("credential")
def test_what_is_no_fault_or_no_scope_is_refused_with_what_is_known(
    realm: Realm, name: str, given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        faults.arm(realm, name, **given)
    if error is faults.FaultUnknown:
        assert "signature_wrong" in refused.value.data["known"]  # type: ignore[attr-defined]
    assert not Fault.objects.exists()


def test_no_other_realm_hears_of_it(
    answered: Answered, realm: Realm, other_realm: Realm, deliver: Deliver, client: Client, settings: Any
) -> None:
    """Everything there is, armed here for all requests: what is told there is the same, octet for octet."""
    mine = answered()
    citizen = citizen_in(other_realm)
    credential = make_credential(make_bank(other_realm, client_id="other-bank"), key_id="other")
    theirs = answer(credential, citizen)
    waiting = answer(credential, citizen, redeem=False)
    for one in (realm, other_realm):
        list(crl.publish_due(one))

    def said(target: str, body: bytes = b"", method: str = "GET") -> bytes:
        return respond(Request(method, target.encode(), [], body)).body

    certificate = citizen.certificate(Purpose.USER_AUTHENTICATION)
    path = f"/crl/{other_realm.slug}/user-authentication/phone/{certificate.holder.municipality_code}.crl"

    def everything() -> list[Any]:
        address = delivery.leave(waiting, "b" * 64)
        trusted = client.get(f"/api/v1/trust?realm={other_realm.slug}").json()
        return [
            json.dumps(told(theirs)),
            address.partition("code=")[0] + address.partition("&iss=")[2],
            {name: value for name, value in trusted.items() if name != "time"},
            faulty.told_to(Request("GET", path.encode())),
            said(path),
            faulty.told_to(Request("POST", target(certificate).encode(), [], question(certificate))),
        ]

    true, journal = everything(), JournalEntry.objects.filter(realm=other_realm).count()
    for named in ALL:
        if named.name not in ("certificate_expired", "ocsp_signer_not_delegated"):
            faults.arm(realm, named.name, requests=1000)
    deliver()
    assert told(mine)["result"] is None or told(mine)["result"]["signature"] != ""
    assert everything() == true
    assert JournalEntry.objects.filter(realm=other_realm).count() == journal
    assert not Fault.objects.filter(realm=other_realm).exists()
    there = Phone.objects.create(realm=other_realm, model_code="t", token_digest="", created_at=theirs.created_at)
    assert not phones.is_away(there)
    chip: Any = object()
    assert phones.torn(other_realm.pk, chip, "phone") is chip
    # Here each place has one that strikes.
    assert Fault.objects.filter(hits__gt=0, place=Place.RESULT).exists()
    mine_certificate = HandOff.objects.get(pk=mine.pk).answered_with
    assert mine_certificate is not None
    true_answer = said(target(mine_certificate), question(mine_certificate), "POST")
    assert ask_responder(target(mine_certificate), question(mine_certificate)) != true_answer


def test_over_the_api(credential: Credential, answered: Answered, client: Client, realm: Realm) -> None:
    token = tokens.exchange(assertion("test-bank", "here"), audience="here").value
    api = Client(headers={"authorization": f"Bearer {token}"})
    root = "/sandbox/api/v1/faults"
    listed = api.get(f"{root}/catalogue").json()
    assert {one["name"] for one in listed} == set(CATALOGUE)
    body = {"name": "signature_wrong", "scope": {"client_id": "test-bank"}}
    made = api.post(root, body, content_type="application/json")
    assert (made.status_code, made.json()["armed"], made.json()["ready"]) == (201, True, True)
    hand_off = answered()
    true = bytes(hand_off.signature or b"")
    assert base64.b64decode(told(hand_off)["result"]["signature"]) != true
    one = f"{root}/{made.json()['id']}"
    assert api.get(one).json()["hits"] == 1
    assert api.delete(one).status_code == 204
    assert base64.b64decode(told(hand_off)["result"]["signature"]) == true
    assert [each["armed"] for each in api.get(root).json()["items"]] == [False]
    wrong = api.post(root, {"name": "sinature_wrong"}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "fault_unknown")
    assert "signature_wrong" in wrong.json()["known"]
    beside = api.post(root, {**body, "scop": {}}, content_type="application/json")
    assert (beside.status_code, beside.json()["errors"].keys()) == (400, {"scop"})


@pytest.mark.usefixtures("credential")
def test_without_the_settings_nothing_is_told_but_the_truth(answered: Answered, realm: Realm, settings: Any) -> None:
    hand_off = answered()
    armed = faults.arm(realm, "signature_wrong", hand_off=hand_off)
    settings.HANDOFF_FAULTS = ""
    assert base64.b64decode(told(hand_off)["result"]["signature"]) == bytes(hand_off.signature or b"")
    assert faults.again(armed).seen == 0
