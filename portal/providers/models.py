"""Rows of providers: who belongs to which organisation, who was invited, and the workspace that is being made."""

import uuid

from django.db import models

from ca.models import Realm
from portal.accounts.models import Account
from whitelist.models import Organisation


class Membership(models.Model):
    """One account in one organisation. Staff may be members, too: an officer's is a conflict of interest."""

    class Role(models.TextChoices):
        OWNER = "owner"  # everything, and who else may what
        DEVELOPER = "developer"  # cases, credentials, probes, workspace
        LEGAL = "legal"  # cases, and submits them
        VIEWER = "viewer"  # reads

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
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


class Invitation(models.Model):
    """A place in an organisation that waits for somebody. The code went there by mail; here is its digest."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="invitations")
    address = models.CharField(max_length=150)
    role = models.CharField(max_length=12, choices=Membership.Role.choices)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the code, hex: the code has 100 bits
    invited_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()  # the machine's time, as all of an account's
    expires_at = models.DateTimeField()
    # Accepted or withdrawn: worth nothing any more.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.role} of {self.organisation_id}"


class Workspace(models.Model):
    """An organisation's sandbox realm while it is made, and after: `portal.providers.workspaces` says the order."""

    class State(models.TextChoices):
        ASKED = "asked"  # for the responders' keys
        KEYED = "keyed"  # has them, waits for the authorities
        READY = "ready"

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="workspace_work")
    realm = models.OneToOneField(Realm, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    # {purpose: {"label", "public_key": SubjectPublicKeyInfo in Base64}}
    responder_keys = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()  # the machine's time
    ready_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.realm_id} {self.state}"
