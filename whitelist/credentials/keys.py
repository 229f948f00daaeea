"""Keys of relying parties: which are taken, and by which name one is known. A private key never comes here to stay."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from ca import presented
from whitelist.errors import KeyPrivate, KeyUnacceptable
from whitelist.models import Credential

LONGEST = 20_000  # characters of what is pasted
RSA_BITS = (2048, 8192)
Kind = Credential.Kind
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
# RFC 7638 3.2: what of a key its name is made of.
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


@dataclass(frozen=True)
class Key:
    """A public key (RFC 7517) with its name: the thumbprint of RFC 7638."""

    jwk: Mapping[str, Any]
    thumbprint: str
    # Where it came in a certificate: the end of that.
    certified_until: datetime | None = None


def read(text: str, kind: str) -> Key:
    """Return the public key in a pasted JWK, PEM or PEM certificate, when it does for a credential of `kind`.

    Raise `KeyPrivate` when it holds a private key, and `KeyUnacceptable` with what is wrong.
    """
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise KeyUnacceptable(f"a key has at most {LONGEST} characters, and not none")
    if "PRIVATE KEY" in text:
        raise KeyPrivate("a PEM of a private key")
    if text.startswith("{"):
        return _checked(_of_text(text), kind)
    try:
        if "BEGIN CERTIFICATE" in text:
            certificate = presented.of_pem(text.encode())
            return _checked(certificate.public_key(), kind, certificate.not_valid_after_utc)
        return _checked(serialization.load_pem_public_key(text.encode()), kind)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnacceptable("neither a JWK nor a public key or certificate in PEM") from error


def make() -> tuple[str, Key]:
    """Return a new private key (PKCS #8, PEM) and its public one. The first is for its owner's eyes, once."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), of(private.public_key())


def of(public: PublicKey, certified_until: datetime | None = None) -> Key:
    """Return a public key as it is stored, with its name."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        jwk = ECAlgorithm.to_jwk(public, as_dict=True)
    else:
        jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    jwk = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    return Key(jwk, thumbprint(jwk), certified_until)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return a key's name by RFC 7638: whoever holds the key can compute it."""
    members = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def certificate_digest(certificate: x509.Certificate) -> str:
    """Return a certificate's x5t#S256 (RFC 8705 3.1): SHA-256 of its DER, base64url."""
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def of_jwk(jwk: Mapping[str, Any]) -> Key:
    """Return the key of a JWK. Raise `KeyPrivate` or `KeyUnacceptable`."""
    return of(_loaded(jwk))


def _of_text(text: str) -> PublicKey:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise KeyUnacceptable("not JSON") from None
    listed = found.get("keys")
    if isinstance(listed, list):  # a key set with one key is what many tools write
        if len(listed) != 1 or not isinstance(listed[0], dict):
            raise KeyUnacceptable("a key set must hold exactly one key")
        found = listed[0]
    return _loaded(found)


def _loaded(jwk: Mapping[str, Any]) -> PublicKey:
    if {"d", "p", "q", "k"} & jwk.keys():
        raise KeyPrivate("a JWK with private members")
    if jwk.get("kty") not in list(_MEMBERS):  # a list, because what was pasted may be no text
        raise KeyUnacceptable("kty must be EC or RSA")
    try:
        loaded = jwt.PyJWK.from_dict(dict(jwk), algorithm="ES256" if jwk["kty"] == "EC" else "RS256").key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise KeyUnacceptable(f"the JWK can't be used: {error}") from None
    if not isinstance(loaded, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise KeyUnacceptable("not a public key")
    return loaded


def _checked(public: Any, kind: str, certified_until: datetime | None = None) -> Key:
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return of(public, certified_until)
    if kind == Kind.PRIVATE_KEY_JWT:
        raise KeyUnacceptable("assertions are signed ES256: the key must be EC on P-256")
    if isinstance(public, rsa.RSAPublicKey) and RSA_BITS[0] <= public.key_size <= RSA_BITS[1]:
        return of(public, certified_until)
    raise KeyUnacceptable(f"the key must be EC on P-256, or RSA with {RSA_BITS[0]} to {RSA_BITS[1]} bits")
