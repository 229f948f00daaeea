"""Secrets and signatures, by the Standard Webhooks specification 1.0 ("Signature scheme": symmetric, `v1`).

A secret is told once, when it is made; here it lies sealed, and only a process with SANDBOX_SEAL_KEY opens it: the web,
which makes it, and the phones' worker, which signs.
"""

import base64
import functools
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q

from sandbox.models import Webhook, WebhookSecret

PREFIX = "whsec_"
OCTETS = 32  # the specification: 24 to 64


def make(webhook: Webhook, now: datetime) -> str:
    """Give a webhook a secret, sealed; return it as its owner is told, once."""
    key = secrets.token_bytes(OCTETS)
    WebhookSecret.objects.create(webhook=webhook, sealed=_fernet(settings.SANDBOX_SEAL_KEY).encrypt(key), made_at=now)
    return PREFIX + base64.b64encode(key).decode()


def keys(webhook: Webhook, now: datetime) -> list[bytes]:
    """Return the secrets that are in use, the newest first. Raises `InvalidToken` under another seal key."""
    rows = WebhookSecret.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), webhook=webhook).order_by("-pk")
    return [_fernet(settings.SANDBOX_SEAL_KEY).decrypt(bytes(row.sealed)) for row in rows]


def signature(keys: Sequence[bytes], message_id: str, at: datetime, body: str) -> str:
    """Return what `webhook-signature` says: one for each secret, with spaces between them."""
    signed = f"{message_id}.{int(at.timestamp())}.{body}".encode()
    macs = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return " ".join(f"v1,{mac}" for mac in macs)


@functools.lru_cache(maxsize=4)
def _fernet(secret: str | None) -> Fernet:
    if not secret:
        raise ImproperlyConfigured("SANDBOX_SEAL_KEY (or SANDBOX_SEAL_KEY_FILE) is not set in this process")
    # Another key than that of cards and elements, out of the same secret.
    kdf = HKDF(hashes.SHA256(), length=32, salt=None, info=b"webhook secrets")
    return Fernet(base64.urlsafe_b64encode(kdf.derive(secret.encode())))
