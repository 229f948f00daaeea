"""WebAuthn as every room verifies it: for this site's name and origin, its user verified by the authenticator.

What a credential is for, and how long a challenge is good, is each room's own.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.registration.verify_registration_response import VerifiedRegistration

NAME = "スマホ用電子証明書"
LONGEST = 16_000
MEMBERS = ("id", "rawId", "type")
RESPONSE = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")

Credential = Mapping[str, Any]


class GestureRefused(Exception):
    """Say that an authenticator's answer can't be read, or doesn't hold."""


def kept(data: Any) -> dict[str, Any]:
    """Return what an authenticator answered (`PublicKeyCredential.toJSON`), cut down to what is verified.

    The extensions' results, a PRF secret among them, have no place in it: where a page sends them, they are dropped.
    Raises GestureRefused where it is anything else.
    """
    response = data.get("response") if isinstance(data, dict) else None
    if not isinstance(response, dict):
        raise GestureRefused("must be a PublicKeyCredential")
    found = {name: data[name] for name in MEMBERS if name in data}
    told = {name: response[name] for name in RESPONSE if response.get(name) is not None}
    for value in (*found.values(), *told.values()):
        if not isinstance(value, str) or len(value) > LONGEST:
            raise GestureRefused("members must be texts in Base64 (URL)")
    return {**found, "response": told}


def nonce_in(credential: Credential) -> bytes:
    """Return the challenge that an answer names; nothing is verified yet. Raises GestureRefused."""
    try:
        said = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        return base64url_to_bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise GestureRefused("the authenticator's answer can't be read") from error


def registered(credential: Credential, nonce: bytes, *, at: str = "") -> VerifiedRegistration:
    """Return a new credential that was made for this challenge, at PUBLIC_URL or `at`. Raises GestureRefused."""
    try:
        return webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=nonce,
            expected_rp_id=site_id(at),
            expected_origin=_origin(at),
            require_user_verification=True,
        )
    except Exception as error:  # any bytes may come in, and what reads them raises more than its own errors
        raise GestureRefused(str(error)) from error


def answered(
    credential: Credential, nonce: bytes, *, public_key: bytes, sign_count: int, at: str = ""
) -> VerifiedAuthentication:
    """Return what a known credential answered to this challenge, at PUBLIC_URL or `at`. Raises GestureRefused."""
    try:
        return webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=nonce,
            expected_rp_id=site_id(at),
            expected_origin=_origin(at),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # any bytes may come in, and what reads them raises more than its own errors
        raise GestureRefused(str(error)) from error


def site_id(at: str = "") -> str:
    """Return by what authenticators know this site (WebAuthn's RP ID), at PUBLIC_URL or `at`."""
    return urlsplit(at or settings.PUBLIC_URL).hostname or ""


def _origin(at: str) -> str:
    parts = urlsplit(at or settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}"
