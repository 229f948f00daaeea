"""The validator: every check said, nothing used up, nothing noted; and it says of an assertion what the token would."""

import html
import logging
import re
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from ca import clock
from ca.models import JournalEntry
from portal.credentials.sentences import CHECKS
from portal.handoff.api import ASSERTION_TYPE, GRANT_TYPE, token_endpoint
from portal.providers.models import Membership
from tests.portal.providers.people import client as browser_of
from tests.whitelist.relying_parties import assertion, forged, make_bank, make_credential
from whitelist import credentials
from whitelist.credentials.assertions import Check, examine
from whitelist.errors import WhitelistError
from whitelist.models import AccessToken, Credential, UsedAssertion

pytestmark = pytest.mark.django_db
ANYBODY = "/sandbox/client-assertion/"


@pytest.fixture
def credential(owner: Membership) -> Credential:
    return make_credential(make_bank(owner.organisation.realm, organisation=owner.organisation))


def outcomes(page: str) -> list[str]:
    """Return what stands before each check: passed, failed, moot."""
    return re.findall(r'<p><span class="tag [^"]+">([^<]+)</span>', page)


def look(browser: Client, address: str, pasted: str) -> str:
    answer = browser.post(address, {"assertion": pasted}, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def address(owner: Membership) -> str:
    return f"/providers/{owner.organisation.reference}/credentials/validator"


def test_a_good_one_passes_every_check_and_is_still_good(credential: Credential, owner: Membership) -> None:
    pasted = assertion("test-bank", token_endpoint())
    page = look(browser_of(owner), address(owner), f"\n{pasted[:40]}\n {pasted[40:]}  ")
    assert outcomes(page) == ["Passed"] * len(Check)
    assert not UsedAssertion.objects.exists()
    assert credentials.exchange(pasted, audience=token_endpoint()).value
    assert outcomes(look(browser_of(owner), address(owner), pasted))[-1] == "Failed"


now = int(time.time())
FAULTS: dict[str, tuple[dict[str, Any], list[Check]]] = {
    "another kid": ({"key_id": "key-2"}, [Check.KEY]),
    "another client": ({"iss": "nobody", "sub": "nobody"}, [Check.CLIENT]),
    "another key": ({"number": 1}, [Check.SIGNATURE]),
    "another sub": ({"sub": "x"}, [Check.SUBJECT]),
    "another aud": ({"aud": "https://other.example"}, [Check.AUDIENCE]),
    "expired": ({"exp": 1}, [Check.EXPIRY]),
    "milliseconds": ({"exp": now * 1000}, [Check.EXPIRY]),
    "no exp": ({"exp": None}, [Check.EXPIRY]),
    "issued tomorrow": ({"iat": now + 86400}, [Check.ISSUED]),
    "no jti": ({"jti": None}, [Check.ID]),
    "no iss": ({"iss": None}, [Check.NAMES]),
    "two": ({"aud": "x", "jti": ""}, [Check.AUDIENCE, Check.ID]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_said_with_what_to_do(credential: Credential, owner: Membership, fault: str) -> None:
    changes, expected = FAULTS[fault]
    claims = {"audience": token_endpoint()} | changes
    pasted = assertion("test-bank", claims.pop("audience"), **claims)
    page = look(browser_of(owner), address(owner), pasted)
    failed = [check for check, outcome in zip(Check, outcomes(page), strict=True) if outcome == "Failed"]
    assert failed == expected
    for check in expected:
        assert CHECKS[check].remedy.en in page


def test_it_says_of_a_key_that_it_is_disabled_to_who_holds_it(credential: Credential, owner: Membership) -> None:
    credentials.disable(credential, now=clock.now(credential.relying_party.realm), by="x")
    browser = browser_of(owner)
    held = outcomes(look(browser, address(owner), assertion("test-bank", token_endpoint())))
    assert held[list(Check).index(Check.KEY_GOOD)] == "Failed"
    strange = outcomes(look(browser, address(owner), assertion("test-bank", token_endpoint(), number=1)))
    assert strange[list(Check).index(Check.KEY_GOOD)] == "Moot"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_another_algorithm_is_named(credential: Credential, owner: Membership, algorithm: str) -> None:
    page = look(browser_of(owner), address(owner), forged("test-bank", token_endpoint(), algorithm))
    assert outcomes(page)[list(Check).index(Check.ALGORITHM)] == "Failed"
    assert outcomes(page)[list(Check).index(Check.SIGNATURE)] == "Moot"


@pytest.mark.parametrize(
    "pasted", ["x", "a.b.c", "e30.e30.", "x" * 9000, "<script>alert(1)</script>", "鍵", "W10.W10.W10"]
)
def test_what_is_no_jwt_fails_at_its_form(credential: Credential, owner: Membership, pasted: str) -> None:
    answer = browser_of(owner).post(address(owner), {"assertion": pasted}, headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert outcomes(answer.content.decode())[0] in ("Failed", "Passed")
    assert "Failed" in outcomes(answer.content.decode())


@pytest.mark.parametrize("odd", ["\ud800", "\0", "test\udfff"])
def test_halves_of_characters_name_nobody_and_are_shown_escaped(
    credential: Credential, owner: Membership, odd: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for claims, header in (({"iss": odd}, {"kid": "x"}), ({"iss": credential.relying_party.client_id}, {"kid": odd})):
        pasted = jwt.encode(claims, key, "ES256", header)
        look(browser_of(owner), address(owner), pasted)
        answer = Client().post(
            "/api/v1/token",
            {"grant_type": GRANT_TYPE, "client_assertion_type": ASSERTION_TYPE, "client_assertion": pasted},
            content_type="application/json",
        )
        assert answer.status_code in (400, 401), answer.content


def test_nothing_pasted_is_said_at_the_field(owner: Membership) -> None:
    answer = browser_of(owner).post(address(owner), {"assertion": " \n"})
    assert answer.status_code == 400
    assert 'href="#assertion"' in answer.content.decode()


def test_another_organisations_client_is_nobody_here(owner: Membership) -> None:
    make_credential(make_bank(owner.organisation.realm))
    pasted = assertion("test-bank", token_endpoint())
    found = outcomes(look(browser_of(owner), address(owner), pasted))
    assert found[list(Check).index(Check.CLIENT)] == "Failed"
    assert outcomes(look(Client(), ANYBODY, pasted)) == ["Passed"] * len(Check)


def test_nothing_of_it_is_kept_or_logged(
    credential: Credential, owner: Membership, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser, entries = browser_of(owner), JournalEntry.objects.count()
    entries = JournalEntry.objects.count()
    pasted = assertion("test-bank", token_endpoint())
    tries: tuple[dict[str, Any], ...] = ({}, {"aud": "x"})
    for changes in tries:
        look(browser, address(owner), assertion("test-bank", token_endpoint(), **changes))
    look(browser, address(owner), pasted)
    assert JournalEntry.objects.count() == entries
    assert not UsedAssertion.objects.exists()
    assert not AccessToken.objects.exists()
    assert Credential.objects.get().last_used_at is None
    told = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not [line for line in told if pasted in line]
    page = look(browser, address(owner), pasted)
    assert pasted not in page, "not even the page has it again"


@pytest.mark.parametrize("fault", [*FAULTS, "none"])
def test_the_token_endpoint_takes_just_what_passes(credential: Credential, fault: str) -> None:
    changes = FAULTS[fault][0] if fault in FAULTS else {}
    claims = {"audience": token_endpoint()} | changes
    pasted = assertion("test-bank", claims.pop("audience"), **claims)
    passes = all(one.holds for one in examine(pasted, audience=token_endpoint()).findings)
    try:
        credentials.exchange(pasted, audience=token_endpoint())
        taken = True
    except WhitelistError:
        taken = False
    assert passes == taken == (fault == "none")
