"""A citizen's phone, as the TSM knows it."""

import hashlib
import hmac
import secrets
import uuid

from django.db import models

from ca.models import Realm


class Phone(models.Model):
    """A phone that asks in its own name: a model of the published list, and a token that only it holds."""

    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="phones")
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    model_code = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    token_digest = models.CharField(max_length=64)
    # SHA-256 of the agent's TLS client certificate (DER, hex), where it has one.
    certificate_digest = models.CharField(max_length=64, default="", blank=True)
    # What the phone's app calls its own installation: another one after a factory reset.
    installation = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    # The last conversation with its element, and the last request of any kind in its name, to the day.
    last_seen_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.name} ({self.reference})"

    @staticmethod
    def new_token() -> tuple[str, str]:
        """Return a new token and its digest; only the digest is kept here."""
        token = secrets.token_urlsafe(32)
        return token, hashlib.sha256(token.encode()).hexdigest()

    def holds(self, token: str) -> bool:
        """Return whether this is the phone's token, in a time that doesn't depend on it."""
        return hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), self.token_digest)
