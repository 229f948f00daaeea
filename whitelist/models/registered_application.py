"""A registered application: from where a relying party asks, and where its citizen returns to."""

from django.db import models

from whitelist.models.relying_party import RelyingParty


class RegisteredApplication(models.Model):
    """An app or a browser origin of a relying party, with the addresses the citizen may be sent back to.

    `callback_urls` is a list of complete addresses; a request names one of them, to the letter. An app's `origin`
    is its package name or bundle id, and `proofs` what it is known by: {"certificate_sha256": […]} or {"team_id": …}.
    """

    class Kind(models.TextChoices):
        BROWSER = "browser"
        ANDROID = "android"
        IOS = "ios"

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="applications")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.BROWSER)
    origin = models.CharField(max_length=255)
    callback_urls = models.JSONField(default=list)
    proofs = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["relying_party", "kind", "origin"], name="one_application_per_origin")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.origin}"
