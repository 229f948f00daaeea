"""Keys: encrypted files that only this user can read, opened with a passphrase and loaded once."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ca import keys
from ca.errors import KeyNotFound, KeysUnavailable
from ca.keys.software import SoftwareKeyStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "keys"


@pytest.fixture
def store(folder: Path) -> SoftwareKeyStore:
    return SoftwareKeyStore(folder, "the passphrase")


def test_a_key_signs_and_its_public_half_verifies(store: SoftwareKeyStore) -> None:
    spki = store.create("test.signature.1")
    public = serialization.load_der_public_key(spki)
    assert isinstance(public, rsa.RSAPublicKey)
    assert (public.key_size, public.public_numbers().e) == (2048, 65537)
    signer = store.open("test.signature.1")
    public.verify(signer.sign(b"text"), b"text", padding.PKCS1v15(), hashes.SHA256())
    assert signer.sign(b"text") == signer.sign(b"text")
    assert signer.public_key == spki


def test_files_are_encrypted_and_for_this_user_only(store: SoftwareKeyStore, folder: Path) -> None:
    store.create("one")
    assert [path.name for path in folder.iterdir()] == ["one.pem"]
    assert stat.S_IMODE((folder / "one.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in (folder / "one.pem").read_bytes()


def test_a_label_that_is_taken_is_refused_and_the_key_stays(store: SoftwareKeyStore, folder: Path) -> None:
    store.create("one")
    before = (folder / "one.pem").read_bytes()
    with pytest.raises(KeysUnavailable):
        store.create("one")
    assert (folder / "one.pem").read_bytes() == before
    assert len(list(folder.iterdir())) == 1


def test_another_process_opens_it_with_the_passphrase_only(store: SoftwareKeyStore, folder: Path) -> None:
    spki = store.create("one")
    assert SoftwareKeyStore(folder, "the passphrase").open("one").public_key == spki
    with pytest.raises(KeysUnavailable) as raised:
        SoftwareKeyStore(folder, "another").open("one")
    assert "another" not in str(raised.value)


def test_a_key_is_loaded_once(store: SoftwareKeyStore, folder: Path) -> None:
    store.create("one")
    fresh = SoftwareKeyStore(folder, "the passphrase")
    first = fresh.open("one")
    (folder / "one.pem").unlink()
    assert fresh.open("one") is first


@pytest.mark.parametrize("label", ["absent", "../one", "", "/etc/passwd", "One"])
def test_a_label_that_names_no_key_is_not_found(store: SoftwareKeyStore, label: str) -> None:
    store.create("one")
    with pytest.raises(KeyNotFound):
        store.open(label)


def test_a_damaged_file_is_unavailable(store: SoftwareKeyStore, folder: Path) -> None:
    store.create("one")
    (folder / "one.pem").write_text("damaged")
    with pytest.raises(KeysUnavailable):
        SoftwareKeyStore(folder, "the passphrase").open("one")


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_unavailable(store: SoftwareKeyStore, folder: Path) -> None:
    store.create("one")
    (folder / "one.pem").chmod(0)
    with pytest.raises(KeysUnavailable):
        SoftwareKeyStore(folder, "the passphrase").open("one")


def test_without_the_passphrase_no_store_opens(settings: Any) -> None:
    settings.CA_KEYS_PASSPHRASE = None
    settings.RESPONDER_KEYS_PASSPHRASE = ""
    with pytest.raises(KeysUnavailable, match="CA_KEYS_PASSPHRASE"):
        keys.store()
    with pytest.raises(KeysUnavailable, match="RESPONDER_KEYS_PASSPHRASE"):
        keys.responder_store()


@pytest.mark.parametrize("address", ["", "software:", "hardware:/keys"])
def test_an_address_of_no_known_kind_is_refused(settings: Any, address: str) -> None:
    settings.CA_KEYS = address
    with pytest.raises(KeysUnavailable, match="CA_KEYS must begin with"):
        keys.store()


def test_the_authorities_and_the_responders_stores_are_apart(settings: Any, folder: Path) -> None:
    settings.CA_KEYS = f"software:{folder / 'ca'}"
    settings.RESPONDER_KEYS = f"software:{folder / 'responder'}"
    keys.store().create("one")
    with pytest.raises(KeyNotFound):
        keys.responder_store().open("one")
