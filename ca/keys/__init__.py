"""Where signing keys live. The authorities' and the responders' are two stores with a passphrase each.

`software:<folder>` keeps them in encrypted files, `pkcs11:<path of the module>?token=<label>` in a token.
"""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from ca.errors import KeysUnavailable
from ca.keys.base import KeyStore, Signer
from ca.keys.software import SoftwareKeyStore

__all__ = ["KeyStore", "Signer", "responder_store", "store"]


def store() -> KeyStore:
    """Return the authorities' key store. Raises KeysUnavailable where the passphrase is not given, as in the web."""
    return _store("CA_KEYS", settings.CA_KEYS, settings.CA_KEYS_PASSPHRASE)


def responder_store() -> KeyStore:
    """Return the responders' key store. Raises KeysUnavailable where its passphrase is not given."""
    return _store("RESPONDER_KEYS", settings.RESPONDER_KEYS, settings.RESPONDER_KEYS_PASSPHRASE)


def _store(setting: str, address: str, passphrase: str | None) -> KeyStore:
    if not passphrase:
        raise KeysUnavailable(f"{setting}_PASSPHRASE is not set: this process can't open signing keys")
    kind, _, place = address.partition(":")
    if kind not in _KINDS or not place:
        raise KeysUnavailable(
            f"{setting} must begin with software: and name a folder, or with pkcs11: and name a module and "
            f"a token, not {address!r}"
        )
    try:
        return _KINDS[kind](place, passphrase)
    except ValueError as error:
        raise KeysUnavailable(f"{setting} is {address!r}: {error}") from None


@lru_cache(maxsize=8)
def _software(place: str, passphrase: str) -> KeyStore:
    return SoftwareKeyStore(Path(place), passphrase)


@lru_cache(maxsize=8)
def _pkcs11(place: str, passphrase: str) -> KeyStore:
    # Loaded only where keys are behind it.
    from ca.keys.pkcs11 import TokenKeyStore, parse

    return TokenKeyStore(parse(place), passphrase)


_KINDS = {"software": _software, "pkcs11": _pkcs11}
