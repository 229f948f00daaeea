"""Keys behind PKCS#11, in a real SoftHSM2: they never come out, survive a fork, and come back when the token does."""

import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pkcs11 import Attribute, KeyType, ObjectClass

from ca import ceremony, clock, crl, journal, keys, revocation, tasks
from ca.errors import KeyNotFound, KeysUnavailable
from ca.keys.pkcs11 import TokenKeyStore, parse
from ca.models import Generation, ResponderKey
from ca.profiles import Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_all_four, make_holder, openssl_verify
from tests.ca.test_openssl import ask
from tests.ca.token import MODULE, PIN, SoftHsm, installed
from tests.conftest import ROOT, missing


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    if not installed():
        missing("SoftHSM2 is not installed (Debian: apt-get install softhsm2)")
    return SoftHsm(tmp_path_factory.mktemp("softhsm"))


@pytest.fixture
def address(softhsm: SoftHsm) -> str:
    return softhsm.token()


@pytest.fixture
def store(address: str) -> TokenKeyStore:
    return TokenKeyStore(parse(address.removeprefix("pkcs11:")), PIN)


def private_key(store: TokenKeyStore, address: str, label: str) -> Any:
    """Return the raw object, past the store, in a session that is logged in already."""
    store.open(label)
    token = pkcs11.lib(str(MODULE)).get_token(token_label=address.partition("token=")[2])
    return token.open().get_key(object_class=ObjectClass.PRIVATE_KEY, label=label)


def test_a_key_signs_and_its_public_half_verifies(store: TokenKeyStore) -> None:
    spki = store.create("test.signature.1")
    public = serialization.load_der_public_key(spki)
    assert isinstance(public, rsa.RSAPublicKey)
    assert (public.key_size, public.public_numbers().e) == (2048, 65537)
    signer = store.open("test.signature.1")
    for text in (b"", b"text", b"x" * 1_000_000):
        public.verify(signer.sign(text), text, padding.PKCS1v15(), hashes.SHA256())
    assert signer.sign(b"text") == signer.sign(b"text")
    assert signer.public_key == spki
    assert store.open("test.signature.1") is signer


def test_the_private_key_does_not_come_out_of_the_token(store: TokenKeyStore, address: str) -> None:
    store.create("one")
    key = private_key(store, address, "one")
    assert key[Attribute.SENSITIVE]
    assert key[Attribute.ALWAYS_SENSITIVE]
    assert not key[Attribute.EXTRACTABLE]
    assert key[Attribute.NEVER_EXTRACTABLE]
    with pytest.raises(pkcs11.AttributeSensitive):
        key[Attribute.PRIVATE_EXPONENT]


def test_a_key_that_can_be_taken_out_is_not_used(store: TokenKeyStore, address: str) -> None:
    store.create("good")
    token = pkcs11.lib(str(MODULE)).get_token(token_label=address.partition("token=")[2])
    token.open(rw=True).generate_keypair(
        KeyType.RSA, 2048, label="bad", store=True, private_template={Attribute.EXTRACTABLE: True}
    )
    with pytest.raises(KeysUnavailable, match="taken out"):
        store.open("bad")


def test_a_label_that_is_taken_is_refused_and_the_key_stays(store: TokenKeyStore) -> None:
    spki = store.create("one")
    with pytest.raises(KeysUnavailable, match="already"):
        store.create("one")
    assert store.open("one").public_key == spki


def test_a_label_that_names_no_key_is_not_found(store: TokenKeyStore) -> None:
    with pytest.raises(KeyNotFound):
        store.open("absent")


def test_another_store_of_the_token_needs_the_pin(store: TokenKeyStore, address: str) -> None:
    place = parse(address.removeprefix("pkcs11:"))
    spki = store.create("one")
    assert TokenKeyStore(place, PIN).open("one").public_key == spki
    with pytest.raises(KeysUnavailable, match="refuses the PIN") as raised:
        TokenKeyStore(place, "wrong-pin").open("one")
    assert "wrong-pin" not in str(raised.value)


def test_a_pin_that_was_refused_is_not_tried_again(address: str) -> None:
    wrong = TokenKeyStore(parse(address.removeprefix("pkcs11:")), "wrong-pin")
    with pytest.raises(KeysUnavailable, match="refuses the PIN"):
        wrong.open("one")
    with pytest.raises(KeysUnavailable, match="not tried again"):
        wrong.open("one")


def test_a_token_that_went_away_is_unavailable_and_serves_again_when_it_is_back(
    store: TokenKeyStore, softhsm: SoftHsm
) -> None:
    store.create("one")
    signer = store.open("one")
    before = signer.sign(b"text")
    away = softhsm.folder / "away"
    softhsm.tokens.rename(away)
    try:
        for _ in range(2):
            with pytest.raises(KeysUnavailable, match="does not serve") as raised:
                signer.sign(b"text")
            assert PIN not in str(raised.value)
    finally:
        away.rename(softhsm.tokens)
    assert signer.sign(b"text") == before


def test_sessions_that_were_lost_are_opened_again(store: TokenKeyStore, softhsm: SoftHsm) -> None:
    other = TokenKeyStore(parse(softhsm.token().removeprefix("pkcs11:")), PIN)
    signers = []
    for one in (store, other):
        one.create("one")
        signers.append(one.open("one"))
    before = [signer.sign(b"text") for signer in signers]
    for _ in range(3):
        pkcs11.lib(str(MODULE)).reinitialize()
        assert [signer.sign(b"text") for signer in signers] == before


_inherited: list[Any] = []


MAKE = """
import sys
import django
django.setup()
from ca.keys.pkcs11 import TokenKeyStore, parse
address, pin, label = sys.argv[1:]
print(TokenKeyStore(parse(address.removeprefix("pkcs11:")), pin).create(label).hex())
"""


def test_a_key_that_another_process_made_is_found_though_the_library_did_not_see_it_come(
    store: TokenKeyStore, address: str, softhsm: SoftHsm
) -> None:
    store.create("test.early")
    store.open("test.early").sign(b"text")
    # What SoftHSM2 goes by to see that there is something new. Between two processes that write at once it may miss it.
    marks = {file: file.read_bytes() for file in softhsm.tokens.glob("*/generation")}
    command = [sys.executable, "-c", MAKE, address, PIN, "test.late"]
    made = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    spki = bytes.fromhex(made.stdout)
    for file, mark in marks.items():
        file.write_bytes(mark)
    assert store.open("test.late").public_key == spki
    assert store.open("test.early").sign(b"text")


def _sign_inherited(text: bytes) -> bytes:
    signature: bytes = _inherited[0].sign(text)
    return signature


def test_forked_children_sign_with_sessions_of_their_own(store: TokenKeyStore) -> None:
    store.create("one")
    _inherited[:] = [store.open("one")]
    texts = [b"text %d" % number for number in range(40)]
    with multiprocessing.get_context("fork").Pool(3) as pool:
        signed = pool.map(_sign_inherited, texts, chunksize=1)
    assert signed == [_sign_inherited(text) for text in texts]


@pytest.mark.parametrize(
    "place",
    [
        "/no/such/module.so",
        "/no/such/module.so?token=",
        "module.so?token=a",
        "/no/such/module.so?token=a&pin=1",
        "/no/such/module.so?token=a&token=b",
        "?token=a",
    ],
)
def test_an_address_that_is_not_understood_is_refused(settings: Any, place: str) -> None:
    settings.CA_KEYS = f"pkcs11:{place}"
    with pytest.raises(KeysUnavailable, match="CA_KEYS"):
        keys.store()


def test_a_module_that_is_not_there_is_unavailable(settings: Any) -> None:
    settings.CA_KEYS = "pkcs11:/no/such/module.so?token=a"
    with pytest.raises(KeysUnavailable, match=r"/no/such/module\.so"):
        keys.store().open("one")


# --- The whole of the authorities, with both key stores in tokens
@pytest.fixture
def in_tokens(softhsm: SoftHsm, settings: Any) -> None:
    settings.CA_KEYS, settings.CA_KEYS_PASSPHRASE = softhsm.token(), PIN
    settings.RESPONDER_KEYS, settings.RESPONDER_KEYS_PASSPHRASE = softhsm.token(), PIN


@pytest.mark.django_db(transaction=True)
def test_openssl_accepts_what_is_issued_published_and_answered_through_tokens(
    in_tokens: None, responder_address: str, tmp_path: Path, settings: Any
) -> None:
    realm = ceremony.create_realm("token")
    ceremony.create_authorities(realm)
    for certificate in issue_all_four(make_holder(realm)):
        answer = openssl_verify(tmp_path, certificate)
        assert answer.returncode == 0, answer.stderr
        assert "c.pem: good" in ask(tmp_path, responder_address, certificate, certificate.medium, "-sha256")  # type: ignore[arg-type]
        assert crl.newest(certificate.partition) is not None
    # Each key is in its own token, and in that one only.
    for label in Generation.objects.values_list("key_label", flat=True):
        keys.store().open(label)
        with pytest.raises(KeyNotFound):
            keys.responder_store().open(label)
    for label in ResponderKey.objects.values_list("key_label", flat=True):
        keys.responder_store().open(label)
        with pytest.raises(KeyNotFound):
            keys.store().open(label)


def _lose_key(address: str, label: str) -> None:
    """Delete a private key from its token, as another process would."""
    token = pkcs11.lib(str(MODULE)).get_token(token_label=address.partition("token=")[2])
    token.open(rw=True).get_key(object_class=ObjectClass.PRIVATE_KEY, label=label).destroy()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False], ids=["was-used", "never-seen"])
def test_an_authority_whose_key_is_gone_keeps_no_other_from_its_lists(
    in_tokens: None, settings: Any, caplog: pytest.LogCaptureFixture, known: bool
) -> None:
    realms = [ceremony.create_realm(slug) for slug in ("one", "two")]
    for realm in realms:
        ceremony.create_authorities(realm)
    certificates = {Purpose(one.purpose): one for one in issue_all_four(make_holder(realms[0])) if one.medium == "card"}
    issue_all_four(make_holder(realms[1]))
    lost = certificates[Purpose.SIGNATURE].generation
    if not known:
        keys._pkcs11.cache_clear()  # a worker that is just begun
        keys.store().open(certificates[Purpose.USER_AUTHENTICATION].generation.key_label)  # and has logged in
    _lose_key(settings.CA_KEYS, lost.key_label)
    now = clock.now(realms[0])
    for certificate in certificates.values():
        revocation.revoke(certificate, cause=Cause.DEATH, now=now)

    with pytest.raises(KeyNotFound, match=lost.key_label):
        tasks.publish_crls([one.partition_id for one in certificates.values()])
    fresh = crl.newest(certificates[Purpose.USER_AUTHENTICATION].partition)
    assert fresh is not None
    assert len(x509.load_der_x509_crl(bytes(fresh.der))) == 1
    assert list(crl.due(realms[1])) != []

    # Nor another realm; and the periodic task has failed, which is a finding (sweeps.failed).
    with pytest.raises(KeyNotFound, match=lost.key_label):
        tasks.publish_due_crls()
    assert {one.generation_id for realm in realms for one in crl.due(realm)} == {lost.pk}
    said = [record.getMessage() for record in caplog.records if record.name == "ca.tasks"]
    assert len([one for one in said if lost.key_label in one]) == 2  # once each time, whatever number of lists waits
    assert [journal.verify(realm) for realm in realms] == [None, None]
