"""The realm: one PKI world, with its authorities, its clock and its policy."""

from datetime import timedelta

from django.db import models


class Realm(models.Model):
    """One PKI world. Every authority, certificate and holder belongs to exactly one, and no query crosses."""

    class Kind(models.TextChoices):
        PRODUCTION = "production"
        SANDBOX = "sandbox"

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.SANDBOX)
    clock_offset = models.DurationField(default=timedelta)  # added to the machine's time
    organisation = models.CharField(max_length=64, default="JPKI-TEST")  # O of the authorities' names
    # By the machine's clock: since then no key of its authorities is used and nothing answers for them (ca.transcript)
    halted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.slug
