"""The platform authenticator of a virtual phone: what it answers to `navigator.credentials`, octets and all.

One credential (WebAuthn level 3, ES256, no attestation) with the PRF extension's secret, and the citizen's gesture.
"""

import base64
import hashlib
import hmac
import json
import secrets
import struct
from dataclasses import dataclass
from typing import Any, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

# WebAuthn 6.1, authenticator data's flags.
USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ES256 = -7  # RFC 9053 2.1


@dataclass
class Authenticator:
    """One credential in one phone. Each answer is verified by the citizen's gesture."""

    origin: str
    credential_id: bytes
    key: ec.EllipticCurvePrivateKey
    secret: bytes
    count: int = 0

    @classmethod
    def make(cls, origin: str) -> Self:
        """Return a new one."""
        return cls(origin, secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32))

    @classmethod
    def restore(cls, origin: str, kept: dict[str, Any]) -> Self:
        """Return the one that `kept` describes."""
        key = serialization.load_der_private_key(bytes.fromhex(kept["key"]), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  (we made it)
        return cls(origin, bytes.fromhex(kept["id"]), key, bytes.fromhex(kept["secret"]), kept["count"])

    def kept(self) -> dict[str, Any]:
        """Return what describes it: secrets, to be sealed."""
        der = self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {"id": self.credential_id.hex(), "key": der.hex(), "secret": self.secret.hex(), "count": self.count}

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        cose = encode_cbor({1: 2, 3: ES256, -1: 1, -2: x, -3: y})
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cose
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options["challenge"])
        return self._answer(clientDataJSON=client_data, attestationObject=attestation)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.count += 1
        data = self._data(options["rpId"], 0)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=data, signature=signature)

    def prf(self, salt: bytes) -> bytes:
        """Return the PRF extension's result for a page's salt (WebAuthn 10.1.4: the salt is hashed with a prefix)."""
        return hmac.digest(self.secret, hashlib.sha256(b"WebAuthn PRF\0" + salt).digest(), "sha256")

    def _data(self, site: str, flags: int) -> bytes:
        flags |= USER_PRESENT | USER_VERIFIED
        return hashlib.sha256(site.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, **response: bytes) -> dict[str, Any]:
        name = _url_base64(self.credential_id)
        told = {key: _url_base64(value) for key, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": told}


def _url_base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
