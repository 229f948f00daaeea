"""A relying party's credential, and what is kept of its use."""

from django.db import models

from whitelist.models.relying_party import RelyingParty


class Credential(models.Model):
    """A public key of a relying party, and the time in which it proves it. The private key never stays here."""

    class Kind(models.TextChoices):
        PRIVATE_KEY_JWT = "private_key_jwt"
        TLS_CLIENT_AUTH = "tls_client_auth"

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="credentials")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.PRIVATE_KEY_JWT)
    key_id = models.CharField(max_length=64)
    # RFC 7517: an EC key on P-256; for TLS also an RSA key.
    public_jwk = models.JSONField()
    # RFC 7638: by it a key is found that comes in a certificate.
    thumbprint = models.CharField(max_length=43, db_index=True, blank=True, default="")
    # What its people call it.
    label = models.CharField(max_length=60, blank=True, default="")
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.CharField(max_length=150, blank=True, default="")
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_by = models.CharField(max_length=150, blank=True, default="")
    # Its successor, beside which it goes on for a while.
    replaced_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replacement_of"
    )
    # By the machine's clock, to the minute.
    last_used_at = models.DateTimeField(null=True, blank=True)

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
    # x5t#S256 of the only certificate with which it is good (RFC 8705 3); empty: it is a bearer's.
    certificate_digest = models.CharField(max_length=43, blank=True, default="")
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"until {self.expires_at.isoformat()}"
