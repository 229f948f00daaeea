"""Challenges: a nonce that the phone's page has signed or answered by its authenticator, each good once."""

import hashlib
import secrets
from datetime import timedelta

from ca import clock
from portal.screen_lock.errors import ChallengeOver
from portal.screen_lock.models import ScreenChallenge
from tsm.models import Phone

Use = ScreenChallenge.Use
LIFETIME = timedelta(minutes=5)


def give(phone: Phone, use: Use) -> bytes:
    """Return a new nonce of 32 bytes for this phone and this use; of it only the digest is kept."""
    now = clock.machine()
    ScreenChallenge.objects.filter(phone=phone, expires_at__lte=now).delete()
    nonce = secrets.token_bytes(32)
    ScreenChallenge.objects.create(phone=phone, use=use, digest=_digest(nonce), expires_at=now + LIFETIME)
    return nonce


def take(phone: Phone, use: Use, nonce: bytes) -> None:
    """Take the challenge, whatever comes of the answer. Raises `ChallengeOver`."""
    now = clock.machine()
    rows = ScreenChallenge.objects.filter(
        phone=phone, use=use, digest=_digest(nonce), taken_at__isnull=True, expires_at__gt=now
    )
    if not rows.update(taken_at=now):
        raise ChallengeOver("answered before, too old, or not this phone's")


def _digest(nonce: bytes) -> str:
    return hashlib.sha256(nonce).hexdigest()
