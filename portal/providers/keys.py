"""The workspace's credentials: public keys, each named by its thumbprint. No private key stays here.

Where a browser can't make a key pair, the server makes one, tells it once, and keeps the public half alone.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction

from ca import clock, journal
from portal.accounts.models import Account
from portal.providers.errors import KeysTooMany, KeyUnfit, WorkspaceNotReady
from portal.providers.models import Workspace
from portal.providers.workspaces import State, relying_party
from whitelist import credentials
from whitelist.errors import AssertionInvalid
from whitelist.models import Credential

LIFE = timedelta(days=365)
MOST = 10
LONGEST = 4000
PUBLIC = ("crv", "kty", "x", "y")


@dataclass(frozen=True)
class Pair:
    """A key pair that was made here: PKCS #8, PEM, told once; and its public JWK."""

    private_pem: str
    public_jwk: dict[str, str]


def of(workspace: Workspace) -> list[Credential]:
    """Return the workspace's credentials that are good or will be, oldest first."""
    rows = Credential.objects.filter(relying_party__realm_id=workspace.realm_id, disabled_at=None)
    return list(rows.filter(relying_party__organisation_id=workspace.organisation_id))


def add(workspace: Workspace, typed: str, *, by: Account) -> Credential:
    """Take a public key, a JWK as text. Raises KeyUnfit, KeysTooMany, WorkspaceNotReady."""
    return _keep(workspace, _public(typed), by)


def make(workspace: Workspace, *, by: Account) -> tuple[Credential, Pair]:
    """Make a key pair, keep its public half, and return both. Raises KeysTooMany, WorkspaceNotReady."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    numbers = key.public_key().public_numbers()
    jwk = {"crv": "P-256", "kty": "EC", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}
    return _keep(workspace, jwk, by), Pair(pem, jwk)


def thumbprint(jwk: dict[str, Any]) -> str:
    """Return a key's name, RFC 7638: whoever holds the key can compute it."""
    canonical = json.dumps({name: jwk[name] for name in PUBLIC}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _keep(workspace: Workspace, jwk: dict[str, str], by: Account) -> Credential:
    if workspace.state != State.READY:
        raise WorkspaceNotReady("its authorities aren't made yet")
    entry = relying_party(workspace)
    with transaction.atomic():
        journal.take(entry.realm)
        now, key_id = clock.now(entry.realm), thumbprint(jwk)
        others = [one for one in of(workspace) if one.key_id != key_id]
        if len(others) >= MOST:
            raise KeysTooMany("as many as may be")
        try:
            row = credentials.add(
                entry, key_id=key_id, public_jwk=jwk, not_before=now - timedelta(minutes=1), not_after=now + LIFE
            )
        except AssertionInvalid as error:
            raise KeyUnfit(str(error)) from None
        if row.disabled_at is not None:
            raise KeyUnfit("this key was disabled, for good")
        journal.record(entry.realm, "credential.issued", entry.client_id, by=by.name, key_id=key_id)
    return row


def _public(typed: str) -> dict[str, str]:
    """Return the four members of a public JWK that was pasted. Raises KeyUnfit."""
    try:
        jwk = json.loads(typed) if len(typed) <= LONGEST else None
        if isinstance(jwk, dict) and isinstance(jwk.get("keys"), list) and len(jwk["keys"]) == 1:
            jwk = jwk["keys"][0]  # a key set of one
    except (ValueError, RecursionError):
        jwk = None
    if not isinstance(jwk, dict):
        raise KeyUnfit("no JSON object")
    if "d" in jwk:
        raise KeyUnfit("the private part is nobody else's to have")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or not all(isinstance(jwk.get(n), str) for n in PUBLIC):
        raise KeyUnfit("not an EC key on P-256")
    return {name: jwk[name] for name in PUBLIC}


def _base64url(coordinate: int) -> str:
    return base64.urlsafe_b64encode(coordinate.to_bytes(32, "big")).rstrip(b"=").decode()
