"""The system's API, as a service calls it: prove who we are, ask a phone, fetch the result."""

import base64
import hashlib
import json
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523
TIMEOUT = 30.0


class ApiError(Exception):
    """The API said no, or couldn't be reached. `code` is the problem's (RFC 9457), or "unreachable"."""

    def __init__(self, code: str, detail: str = "", status: int | None = None) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.status = status


class Client:
    """One relying party's access to the API of the system at `url`, with its private key in the file `key`."""

    def __init__(self, url: str, client_id: str, key: Path) -> None:
        self.url = url
        self.client_id = client_id
        self._key = key
        self._token: str | None = None

    def ask(
        self,
        purpose: str,
        *,
        return_url: str,
        state: str,
        way: str = "browser",
        media: tuple[str, ...] = ("phone", "card"),
        document: str | None = None,
        pdf: bytes | None = None,
        document_name: str | None = None,
        format: str | None = None,
    ) -> dict[str, Any]:
        """Ask for a phone; return {"id", "link", "nonce", "expires_at", "state", …}. Send the citizen to the link.

        `state` is ours, and comes back with the citizen; `way` is browser (the citizen is on the phone), or qr (the
        link leads to a page with a code for the phone's camera). A signature has a text, or a PDF, and its name; of a
        text, `format` cades signs what a CMS needs.
        """
        body: dict[str, Any] = {"purpose": purpose, "return_url": return_url, "state": state, "way": way}
        body["media"] = list(media)
        if document is not None or pdf is not None:
            body["document_name"] = document_name or ""
        if format is not None:
            body["format"] = format
        if document is not None:
            body["document"] = document
        if pdf is not None:
            body["pdf"] = base64.b64encode(pdf).decode()
        return self._call("POST", "/api/v1/handoffs", json=body, headers=self._authorization())

    def redeem(self, reference: str, code: str) -> dict[str, Any]:
        """Return how a hand-off of ours came out, for the code that the customer's browser brought; it is good once."""
        path = f"/api/v1/handoffs/{reference}/redeem"
        return self._call("POST", path, json={"code": code}, headers=self._authorization())

    def fetch(self, reference: str) -> dict[str, Any]:
        """Return how a hand-off of ours stands: {"state", "reason", …, "result": {…} once its code was redeemed}."""
        return self._call("GET", f"/api/v1/handoffs/{reference}", headers=self._authorization())

    def trust(self) -> dict[str, Any]:
        """Return the trust list of our realm: authorities, OCSP addresses, policies.

        A production service pins the authorities' certificates when it is set up and compares; over plain http to
        localhost there is nobody to compare with.
        """
        return self._call("GET", "/api/v1/trust", headers=self._authorization())

    def assertion(self) -> str:
        """Return a client assertion: a JWT that says who we are, to the token endpoint alone, for a minute, once."""
        try:
            key = serialization.load_pem_private_key(self._key.read_bytes(), password=None)
        except OSError as error:
            raise ApiError("key_missing", str(error)) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self._key} holds no EC key")
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.url}/api/v1/token",
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": thumbprint(key)})

    def _authorization(self) -> dict[str, str]:
        if self._token is None:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self.assertion(),
            }
            self._token = self._call("POST", "/api/v1/token", data=form)["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            response = httpx.request(method, self.url + path, timeout=TIMEOUT, **arguments)
            body = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ApiError("unreachable", str(error)) from error
        if not isinstance(body, dict):
            raise ApiError("unreachable", "the answer is no object", response.status_code)
        if response.is_error:
            raise ApiError(str(body.get("code", "unknown")), str(body.get("detail", "")), response.status_code)
        return body


def thumbprint(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the name under which the register knows the key: its JWK thumbprint (RFC 7638)."""
    numbers = key.public_key().public_numbers()
    jwk = {"crv": "P-256", "kty": "EC", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}
    return _unpadded(hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest())


def _base64url(coordinate: int) -> str:
    return _unpadded(coordinate.to_bytes(32, "big"))


def _unpadded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
