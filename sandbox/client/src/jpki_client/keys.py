"""The service's own key, and the assertions that prove who it is (private_key_jwt, RFC 7523; ES256)."""

import base64
import hashlib
import json
import time
import uuid
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jpki_client.problems import KeyUnusable

# A key, its PEM (PKCS #8), or the file that holds it.
Key = ec.EllipticCurvePrivateKey | bytes | str | Path

ASSERTION_SECONDS = 60


def load(key: Key) -> ec.EllipticCurvePrivateKey:
    """Return the private key. Raises `KeyUnusable`."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    try:
        pem = key if isinstance(key, bytes) else Path(key).read_bytes()
        loaded = serialization.load_pem_private_key(pem, password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyUnusable(str(error)) from error
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or not isinstance(loaded.curve, ec.SECP256R1):
        raise KeyUnusable("it holds no EC key on P-256")
    return loaded


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return what is registered at the site: the public half as a JWK."""
    numbers = key.public_key().public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}


def thumbprint(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the name under which the register knows the key: its JWK thumbprint (RFC 7638)."""
    canonical = json.dumps(public_jwk(key), separators=(",", ":"), sort_keys=True)
    return unpadded(hashlib.sha256(canonical.encode()).digest())


def assertion(key: ec.EllipticCurvePrivateKey, *, client_id: str, audience: str, key_id: str = "") -> str:
    """Return a JWT that says who we are, to the token endpoint `audience` alone, for a minute, once."""
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": key_id or thumbprint(key)})


def unpadded(value: bytes) -> str:
    """Return base64url without padding, as JOSE writes octets."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _coordinate(number: int) -> str:
    return unpadded(number.to_bytes(32, "big"))


def padded(value: bytes) -> str:
    """Return base64 with padding, as the API writes octets."""
    return base64.b64encode(value).decode()
