"""Rows of the APIs: answers that are given again, and how much a credential has asked for."""

from django.db import models

from whitelist.models import Credential, RelyingParty


class KeptAnswer(models.Model):
    """The answer to a request that bore an Idempotency-Key. Without that key nobody reads it, not even we."""

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.CASCADE, related_name="kept_answers")
    # HMACs with a key of ours, in hex: of the caller's key, and of what was asked.
    key_digest = models.CharField(max_length=64)
    asked_digest = models.CharField(max_length=64)
    # AES-256-GCM, nonce first, under a key that is made from the caller's and ours; empty while it is being answered.
    answer = models.BinaryField(default=b"")
    at = models.DateTimeField(db_index=True)  # the machine's time

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["relying_party", "key_digest"], name="one_kept_answer_a_key")]

    def __str__(self) -> str:
        return self.key_digest


class Allowance(models.Model):
    """How much a credential has asked for in the window that runs."""

    credential = models.OneToOneField(Credential, on_delete=models.CASCADE, related_name="allowance")
    # The window's number: seconds since 1970 divided by its length.
    window = models.BigIntegerField()
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.credential_id}: {self.used}"
