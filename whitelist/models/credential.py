"""A relying party's credential, and what is kept of its use."""

from django.db import models

from whitelist.models.relying_party import RelyingParty


class Credential(models.Model):
    """A public key of a relying party, and the time in which it proves it. The private key never comes here."""

    class Kind(models.TextChoices):
        PRIVATE_KEY_JWT = "private_key_jwt"

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="credentials")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.PRIVATE_KEY_JWT)
    key_id = models.CharField(max_length=64)
    # RFC 7517, an EC key on P-256.
    public_jwk = models.JSONField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["relying_party", "key_id"], name="one_credential_per_key_id")]

    def __str__(self) -> str:
        return f"{self.relying_party_id} {self.key_id}"


class UsedAssertion(models.Model):
    """A client assertion that was taken once, remembered until it would have expired anyway (RFC 7523 §3, jti)."""

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.CASCADE, related_name="used_assertions")
    # SHA-256 of the jti, in hex: a jti may be of any length.
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["relying_party", "jti_digest"], name="one_use_per_assertion"),
        ]

    def __str__(self) -> str:
        return self.jti_digest


class AccessToken(models.Model):
    """A bearer token that a credential was exchanged for. Only its digest is kept."""

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="access_tokens")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"until {self.expires_at.isoformat()}"
