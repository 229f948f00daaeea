"""Certificates as strangers show them: whatever is wrong with one, those who look at it say so by a code of theirs."""

import base64
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import RequestFactory
from jpki_client import Trust
from jpki_client.problems import Unreachable

from ca import presented
from portal import attributes, callers
from tests.whitelist.relying_parties import certificate_for
from tsm import authentication
from whitelist.credentials import keys
from whitelist.errors import KeyUnacceptable

# Of version 49: the library says so by an error that is no ValueError.
STRANGE = certificate_for(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)
STRANGE = STRANGE.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020131"), 1)
PEM = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(STRANGE) + b"-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("read", [presented.of_der, presented.of_pem, authentication.certificate_digest])
def test_a_version_that_there_is_not_is_a_value_error(read: object) -> None:
    for data in (STRANGE, PEM, b"", b"\x30\x80"):
        with pytest.raises(ValueError):  # noqa: PT011  (whatever it says)
            read(data)  # type: ignore[operator]


def test_who_pastes_or_hands_in_such_a_one_is_told() -> None:
    with pytest.raises(KeyUnacceptable):
        keys.read(PEM.decode(), keys.Kind.PRIVATE_KEY_JWT)
    assert attributes.read(STRANGE) is None
    authority = {"purpose": "signature", "generation": 1, "certificate": base64.b64encode(STRANGE).decode()}
    with pytest.raises(Unreachable):
        Trust.read({"realm": "r", "time": "2026-11-27T00:00:00+00:00", "authorities": [authority], "profiles": []})


def test_a_client_that_shows_such_a_one_has_shown_none(settings: Any) -> None:
    settings.API_CLIENT_CERTIFICATE_HEADER = "Client-Cert"
    shown = RequestFactory().get("/", headers={"Client-Cert": quote(PEM)})
    assert callers.certificate(shown) is None
