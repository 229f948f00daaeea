"""Rows of providers: who belongs to which organisation, as what."""

from django.db import models

from portal.accounts.models import Account
from whitelist.models import Organisation


class Membership(models.Model):
    """One account in one organisation. Staff may be members, too: an officer's is a conflict of interest."""

    class Role(models.TextChoices):
        OWNER = "owner"  # everything, and who else may what
        DEVELOPER = "developer"  # cases, credentials, probes, workspace
        LEGAL = "legal"  # cases, and submits them
        VIEWER = "viewer"  # reads

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    since = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["account", "organisation"], name="one_membership_an_organisation")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.role} of {self.organisation_id}"
