"""Credentials: issued, overlapping, rotated, disabled, at their end; and the key is what was pasted, or made here."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.db import connection

from ca import clock
from ca.models import JournalEntry, Realm
from tests.whitelist.relying_parties import assertion, certificate_for, key, make_bank, public_jwk
from whitelist import credentials
from whitelist.credentials import Issuing, keys
from whitelist.errors import (
    AssertionInvalid,
    ClientUnknown,
    CredentialNotGood,
    CredentialsChanged,
    CredentialsTooMany,
    CredentialTimeWrong,
    EntryRemoved,
    KeyPrivate,
    KeyTaken,
    KeyUnacceptable,
    TokenInvalid,
)
from whitelist.models import AccessToken, Credential, RelyingParty

AUDIENCE = "https://jpki.example/api/v1/token"
JWT, TLS = Credential.Kind.PRIVATE_KEY_JWT, Credential.Kind.TLS_CLIENT_AUTH


@pytest.fixture
def bank(realm: Realm) -> RelyingParty:
    return make_bank(realm)


def pem(public: Any) -> str:
    written = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return str(written.decode())


def issue(bank: RelyingParty, number: int = 0, *, days: int = 90, kind: str = JWT, seen: int | None = None) -> Any:
    wanted = Issuing(
        keys.read(json.dumps(public_jwk(number)), kind), clock.now(bank.realm) + timedelta(days=days), kind
    )
    return credentials.issue(bank, wanted, by="dev@bank.example", seen=seen)


def token(credential: Credential, number: int = 0) -> str:
    signed = assertion("test-bank", AUDIENCE, number=number, key_id=credential.key_id)
    return credentials.exchange(signed, audience=AUDIENCE).value


def test_a_pasted_key_is_good_at_once_and_the_journal_knows_who(bank: RelyingParty) -> None:
    credential = issue(bank)
    assert credentials.authenticate(token(credential)) == credential
    told = JournalEntry.objects.get(kind="credential.issued")
    assert (told.subject, told.data["by"], told.data["key_id"]) == ("test-bank", "dev@bank.example", credential.key_id)


@pytest.mark.parametrize("form", ["jwk", "key set", "pem", "certificate"])
def test_the_same_key_in_every_form_has_the_same_name(form: str) -> None:
    text = {
        "jwk": json.dumps(public_jwk() | {"kid": "ours", "use": "sig"}),
        "key set": json.dumps({"keys": [public_jwk()]}),
        "pem": pem(key(0).public_key()),
        "certificate": certificate_for(key(0)).public_bytes(serialization.Encoding.PEM).decode(),
    }[form]
    read = keys.read(f"\n  {text}\n", JWT)
    assert read.jwk == public_jwk()
    assert read.thumbprint == keys.thumbprint(public_jwk())
    assert (read.certified_until is not None) == (form == "certificate")


def test_the_name_of_a_key_is_that_of_rfc_7638() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
        "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn"
        "1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert keys.thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 30_000,
        "not a key",
        "{",
        "[]",
        "{}",
        '{"keys": []}',
        json.dumps({"keys": [{}, {}]}),
        json.dumps({"keys": ["x"]}),
        json.dumps({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}),
        json.dumps({"kty": "EC", "crv": "P-256", "x": 7}),
        json.dumps({"kty": "EC"}),
        json.dumps({"kty": ["EC"], "crv": {}}),
        json.dumps({"kty": "RSA", "n": "AA", "e": "AQAB"}),
        pem(ec.generate_private_key(ec.SECP384R1()).public_key()),
        pem(ed25519.Ed25519PrivateKey.generate().public_key()),
        pem(rsa_key(1024).public_key()),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "鍵",
    ],
)
@pytest.mark.parametrize("kind", [JWT, TLS])
def test_what_is_no_key_of_ours_is_not_taken(text: str, kind: str) -> None:
    with pytest.raises(KeyUnacceptable):
        keys.read(text, kind)


def test_rsa_is_for_tls_alone() -> None:
    text = pem(rsa_key(2048).public_key())
    assert keys.read(text, TLS).jwk["kty"] == "RSA"
    with pytest.raises(KeyUnacceptable):
        keys.read(text, JWT)


def test_a_private_key_is_never_taken() -> None:
    private, made = keys.make()
    assert isinstance(serialization.load_pem_private_key(private.encode(), None), ec.EllipticCurvePrivateKey)
    for text in (private, json.dumps(public_jwk() | {"d": "AAAA"}), json.dumps({"keys": [{"kty": "oct", "k": "AA"}]})):
        with pytest.raises(KeyPrivate):
            keys.read(text, JWT)
    assert "d" not in made.jwk


def test_at_most_so_many_are_good_at_once(bank: RelyingParty, settings: Any) -> None:
    settings.CREDENTIALS_AT_ONCE = 2
    first = issue(bank, 0)
    issue(bank, 1)
    with pytest.raises(CredentialsTooMany):
        issue(bank, 2)
    credentials.disable(first, now=clock.now(bank.realm), by="dev")
    issue(bank, 2)
    assert Credential.objects.count() == 3


@pytest.mark.parametrize("days", [-1, 0, 500])
def test_a_credential_ends_within_bounds(bank: RelyingParty, days: int) -> None:
    with pytest.raises(CredentialTimeWrong):
        issue(bank, days=days)
    assert not Credential.objects.exists()


def test_it_ends_no_later_than_its_certificate(bank: RelyingParty) -> None:
    text = certificate_for(key(0), days=10).public_bytes(serialization.Encoding.PEM).decode()
    read, now = keys.read(text, TLS), clock.now(bank.realm)
    with pytest.raises(CredentialTimeWrong):
        credentials.issue(bank, Issuing(read, now + timedelta(days=11), TLS), by="dev")
    credentials.issue(bank, Issuing(read, now + timedelta(days=9), TLS), by="dev")


def test_one_key_is_one_credential_for_ever(bank: RelyingParty) -> None:
    credentials.disable(issue(bank), now=clock.now(bank.realm), by="dev")
    with pytest.raises(KeyTaken):
        issue(bank)
    with pytest.raises(KeyTaken):
        issue(make_bank(bank.realm, "other-bank"))


def test_a_form_that_is_sent_twice_makes_one(bank: RelyingParty) -> None:
    issue(bank, 0, seen=0)
    with pytest.raises(CredentialsChanged):
        issue(bank, 1, seen=0)
    assert Credential.objects.count() == 1


def test_a_removed_entry_gets_none(bank: RelyingParty) -> None:
    RelyingParty.objects.update(state=RelyingParty.State.REMOVED)
    with pytest.raises(EntryRemoved):
        issue(bank)


def test_rotation_lets_both_be_good_until_the_chosen_time(bank: RelyingParty) -> None:
    old, now = issue(bank, 0), clock.now(bank.realm)
    wanted = Issuing(keys.read(json.dumps(public_jwk(1)), JWT), now + timedelta(days=90))
    new = credentials.rotate(old, wanted, old_until=now + timedelta(days=7), by="dev")
    assert (token(old, 0), token(new, 1)) != ("", "")
    Realm.objects.update(clock_offset=timedelta(days=7, seconds=5))
    with pytest.raises(ClientUnknown):
        token(Credential.objects.get(pk=old.pk), 0)
    assert token(new, 1)
    assert JournalEntry.objects.get(kind="credential.rotated").data["new_key_id"] == new.key_id


def test_rotation_never_lengthens_the_old_one_and_happens_once(bank: RelyingParty) -> None:
    old, now = issue(bank, 0, days=3), clock.now(bank.realm)

    def wanted(number: int) -> Issuing:
        return Issuing(keys.read(json.dumps(public_jwk(number)), JWT), now + timedelta(days=90))

    credentials.rotate(old, wanted(1), old_until=now + timedelta(days=30), by="dev")
    assert Credential.objects.get(pk=old.pk).not_after == old.not_after
    with pytest.raises(CredentialNotGood):
        credentials.rotate(old, wanted(2), old_until=now + timedelta(days=1), by="dev")
    assert Credential.objects.count() == 2, "what couldn't replace it wasn't issued either"
    for days in (-1, 100):
        with pytest.raises(CredentialTimeWrong):
            credentials.rotate(old, wanted(3), old_until=now + timedelta(days=days), by="dev")


def test_a_rotated_key_can_end_at_once(bank: RelyingParty) -> None:
    old, now = issue(bank, 0), clock.now(bank.realm)
    given = token(old)
    wanted = Issuing(keys.read(json.dumps(public_jwk(1)), JWT), now + timedelta(days=90))
    credentials.rotate(old, wanted, old_until=clock.now(bank.realm), by="dev")
    with pytest.raises(TokenInvalid):
        credentials.authenticate(given)


def test_disabling_ends_key_and_tokens_at_once_and_is_told_once(bank: RelyingParty) -> None:
    credential = issue(bank)
    given = token(credential)
    assert credentials.disable(credential, now=clock.now(bank.realm), by="owner")
    with pytest.raises(TokenInvalid):
        credentials.authenticate(given)
    with pytest.raises(ClientUnknown):
        token(credential)
    assert not AccessToken.objects.exists()
    assert not credentials.disable(credential, now=clock.now(bank.realm), by="another")
    assert [one.data["by"] for one in JournalEntry.objects.filter(kind="credential.disabled")] == ["owner"]


def test_its_use_is_noted_to_the_minute(bank: RelyingParty) -> None:
    credential = issue(bank)
    assert credential.last_used_at is None
    given = token(credential)
    used = Credential.objects.get().last_used_at
    assert used is not None
    Credential.objects.update(last_used_at=used - timedelta(minutes=2))
    credentials.authenticate(given)
    again = Credential.objects.get().last_used_at
    assert again is not None
    assert again >= used


def test_those_that_end_soon_are_told_ahead_unless_they_have_a_successor(bank: RelyingParty) -> None:
    old, now = issue(bank, 0, days=20), clock.now(bank.realm)
    issue(bank, 1, days=60)
    assert credentials.ending(bank.realm, within=timedelta(days=30)) == [old]
    wanted = Issuing(keys.read(json.dumps(public_jwk(2)), JWT), now + timedelta(days=90))
    credentials.rotate(old, wanted, old_until=now + timedelta(days=20), by="dev")
    assert credentials.ending(bank.realm, within=timedelta(days=30)) == []


def test_the_list_begins_with_what_goes_on(bank: RelyingParty) -> None:
    rows = [issue(bank, number) for number in range(3)]
    credentials.disable(rows[2], now=clock.now(bank.realm), by="dev")
    assert credentials.listing(bank) == [rows[1], rows[0], rows[2]]


# --- mutual TLS (RFC 8705)


def test_a_certificates_key_gives_a_token_that_is_good_with_that_certificate_alone(bank: RelyingParty) -> None:
    credential = issue(bank, kind=TLS)
    own = certificate_for(key(0))
    given = credentials.exchange_certificate("test-bank", own)
    assert credentials.authenticate(given.value, own) == credential
    # Another certificate for the very same key isn't the one that the token was given for.
    for other in (None, certificate_for(key(0)), certificate_for(key(1))):
        with pytest.raises(TokenInvalid):
            credentials.authenticate(given.value, other)
    assert AccessToken.objects.get().certificate_digest == keys.certificate_digest(own)


def test_each_method_takes_its_own_credentials_alone(bank: RelyingParty) -> None:
    by_tls, by_jwt = issue(bank, 0, kind=TLS), issue(bank, 1)
    with pytest.raises(ClientUnknown):
        token(by_tls, 0)
    for client, number in (("test-bank", 1), ("other-bank", 0), ("test-bank", 2), ("\0", 0)):
        with pytest.raises(ClientUnknown):
            credentials.exchange_certificate(client, certificate_for(key(number)))
    with pytest.raises(ClientUnknown):
        credentials.exchange_certificate("test-bank", certificate_for(ed25519.Ed25519PrivateKey.generate()))
    assert token(by_jwt, 1)


def test_a_disabled_certificate_gives_nothing(bank: RelyingParty) -> None:
    credential = issue(bank, kind=TLS)
    given = credentials.exchange_certificate("test-bank", certificate_for(key(0)))
    credentials.disable(credential, now=clock.now(bank.realm), by="dev")
    with pytest.raises(ClientUnknown):
        credentials.exchange_certificate("test-bank", certificate_for(key(0)))
    with pytest.raises(TokenInvalid):
        credentials.authenticate(given.value, certificate_for(key(0)))


def test_an_rsa_certificate_does_for_tls(bank: RelyingParty) -> None:
    private = rsa_key(2048)
    text = certificate_for(private).public_bytes(serialization.Encoding.PEM).decode()
    wanted = Issuing(keys.read(text, TLS), clock.now(bank.realm) + timedelta(days=9), TLS)
    credentials.issue(bank, wanted, by="dev")
    assert credentials.exchange_certificate("test-bank", certificate_for(private)).value


def test_a_key_of_the_house_is_named_too(bank: RelyingParty) -> None:
    now = datetime.now(UTC)
    row = credentials.add(bank, key_id="own", public_jwk=public_jwk(), not_before=now, not_after=now)
    assert (row.key_id, row.thumbprint) == ("own", keys.thumbprint(public_jwk()))
    with pytest.raises(AssertionInvalid):
        credentials.add(bank, key_id="x", public_jwk={"kty": "EC", "crv": "P-256"}, not_before=now, not_after=now)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_make_one_too_many(settings: Any) -> None:
    settings.CREDENTIALS_AT_ONCE = 1
    bank = make_bank(Realm.objects.create(slug="test", name="test"))
    outcomes: list[str] = []

    def run(number: int) -> None:
        try:
            issue(bank, number)
            outcomes.append("issued")
        except CredentialsTooMany:
            outcomes.append("too many")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["issued", "too many", "too many"]
