"""Client assertions for bearer tokens: RFC 7523 with real keys."""

import time
from datetime import timedelta
from typing import Any

import pytest

from ca import clock
from ca.models import Realm
from tests.whitelist.relying_parties import assertion, forged, make_bank, make_credential, public_jwk
from whitelist import credentials
from whitelist.credentials import assertions
from whitelist.errors import AssertionInvalid, AssertionReplayed, ClientUnknown, TokenInvalid
from whitelist.models import AccessToken, Credential, UsedAssertion

AUDIENCE = "https://jpki.example/api/v1/token"


@pytest.fixture
def credential(realm: Realm) -> Credential:
    return make_credential(make_bank(realm))


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE]])
def test_an_assertion_gives_a_token_for_its_own_relying_party(credential: Credential, audience: object) -> None:
    token = credentials.exchange(assertion("test-bank", audience), audience=AUDIENCE)
    assert token.expires_in == 300
    assert credentials.authenticate(token.value) == credential
    assert credentials.authenticate(token.value).relying_party.realm == credential.relying_party.realm


def test_the_token_itself_is_not_stored(credential: Credential) -> None:
    token = credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    assert token.value not in str(list(AccessToken.objects.values_list()))


def test_an_assertion_is_taken_once(credential: Credential) -> None:
    used = assertion("test-bank", AUDIENCE)
    credentials.exchange(used, audience=AUDIENCE)
    with pytest.raises(AssertionReplayed):
        credentials.exchange(used, audience=AUDIENCE)
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    "audience",
    ["https://other.example/token", [AUDIENCE, "https://other.example/token"], [], None, AUDIENCE + "/", 7],
)
def test_an_assertion_for_another_server_is_not_taken(credential: Credential, audience: object) -> None:
    with pytest.raises(AssertionInvalid):
        credentials.exchange(assertion("test-bank", audience), audience=AUDIENCE)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": -31},
        {"exp": 360},  # 330 are taken; the test may be slow
        {"exp": None},
        {"jti": None},
        {"sub": "another"},
        {"sub": None},
        {"iat": 60},
        {"nbf": 60},
    ],
)
def test_times_and_names_of_an_assertion_must_hold(credential: Credential, changes: dict[str, Any]) -> None:
    now = int(time.time())
    moved: dict[str, Any] = {name: now + value if isinstance(value, int) else value for name, value in changes.items()}
    with pytest.raises(AssertionInvalid):
        credentials.exchange(assertion("test-bank", AUDIENCE, **moved), audience=AUDIENCE)
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("claims", [{"exp": "soon"}, {"exp": True}, {"exp": 1e300}, {"jti": ""}, {"jti": ["a"]}])
def test_claims_of_the_wrong_type_are_refused(credential: Credential, claims: dict[str, Any]) -> None:
    with pytest.raises(AssertionInvalid):
        credentials.exchange(assertion("test-bank", AUDIENCE, **claims), audience=AUDIENCE)


def test_another_key_does_not_speak_for_the_client(credential: Credential) -> None:
    with pytest.raises(AssertionInvalid):
        credentials.exchange(assertion("test-bank", AUDIENCE, number=1), audience=AUDIENCE)
    with pytest.raises(ClientUnknown):
        credentials.exchange(assertion("test-bank", AUDIENCE, key_id="key-2"), audience=AUDIENCE)
    with pytest.raises(ClientUnknown):
        credentials.exchange(assertion("nobody", AUDIENCE), audience=AUDIENCE)


def test_one_clients_key_does_not_speak_for_another(credential: Credential) -> None:
    make_credential(make_bank(credential.relying_party.realm, "other-bank"), number=1, key_id="key-1")
    with pytest.raises(AssertionInvalid):
        credentials.exchange(assertion("other-bank", AUDIENCE, number=0), audience=AUDIENCE)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_is_taken(credential: Credential, algorithm: str) -> None:
    with pytest.raises(AssertionInvalid):
        credentials.exchange(forged("test-bank", AUDIENCE, algorithm), audience=AUDIENCE)


@pytest.mark.parametrize("text", ["", "a.b.c", "\udcff", "x" * 10_000, "e30.e30.", "..."])
def test_what_is_no_jwt_is_refused(credential: Credential, text: str) -> None:
    with pytest.raises(AssertionInvalid):
        credentials.exchange(text, audience=AUDIENCE)


def test_outside_its_time_a_key_gives_no_token_and_ends_the_ones_it_gave(credential: Credential) -> None:
    token = credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    realm = credential.relying_party.realm
    realm.clock_offset = timedelta(days=366)
    realm.save()
    with pytest.raises(ClientUnknown):
        credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    with pytest.raises(TokenInvalid):
        credentials.authenticate(token.value)


def test_a_realms_time_travel_does_not_make_assertions_old(credential: Credential) -> None:
    realm = credential.relying_party.realm
    realm.clock_offset = timedelta(days=100)
    realm.save()
    token = credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    assert credentials.authenticate(token.value) == credential


def test_a_disabled_key_ends_its_tokens_at_once(credential: Credential) -> None:
    token = credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    credentials.disable(credential, now=clock.now(credential.relying_party.realm))
    with pytest.raises(TokenInvalid):
        credentials.authenticate(token.value)
    with pytest.raises(ClientUnknown):
        credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)


def test_a_token_ends(credential: Credential) -> None:
    token = credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    AccessToken.objects.update(expires_at=clock.machine())
    with pytest.raises(TokenInvalid):
        credentials.authenticate(token.value)


def test_what_has_expired_is_forgotten(credential: Credential) -> None:
    credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    past = clock.machine() - timedelta(minutes=1)
    AccessToken.objects.update(expires_at=past)
    UsedAssertion.objects.update(expires_at=past)
    credentials.exchange(assertion("test-bank", AUDIENCE), audience=AUDIENCE)
    assert (AccessToken.objects.count(), UsedAssertion.objects.count()) == (1, 1)


def test_a_used_assertion_is_remembered_for_as_long_as_it_could_be_used(credential: Credential) -> None:
    expires = int(time.time()) + 200
    credentials.exchange(assertion("test-bank", AUDIENCE, exp=expires), audience=AUDIENCE)
    remembered = UsedAssertion.objects.get()
    assert remembered.expires_at.timestamp() >= expires + assertions.LEEWAY.total_seconds()


def test_a_key_with_its_private_part_is_not_stored(credential: Credential) -> None:
    now = clock.now(credential.relying_party.realm)
    for jwk in (public_jwk() | {"d": "AAAA"}, public_jwk() | {"crv": "P-384"}, public_jwk() | {"x": "AAAA"}):
        with pytest.raises(AssertionInvalid):
            credentials.add(credential.relying_party, key_id="new", public_jwk=jwk, not_before=now, not_after=now)
