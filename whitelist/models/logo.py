"""A relying party's logo, as the citizen sees it beside the name."""

from django.db import models

from whitelist.models.relying_party import RelyingParty


class Logo(models.Model):
    """A small picture that was looked through before it was taken in: `whitelist.logos`."""

    relying_party = models.OneToOneField(RelyingParty, on_delete=models.CASCADE, related_name="logo")
    media_type = models.CharField(max_length=16, choices=[("image/png", "PNG"), ("image/svg+xml", "SVG")])
    content = models.BinaryField()
    # SHA-256 of the content, in hex: part of its address, so that it may be kept for ever.
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.media_type} {self.digest[:12]}"
