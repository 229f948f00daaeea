"""An organisation: the body that applies for its services, and answers for them."""

import uuid

from django.db import models

from ca.models import Realm


class Organisation(models.Model):
    """A bank, a city office, a platform operator. Its people are the portal's affair; here it is a name on a case."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    # Where its cases go: the realm of the real register, never a workspace.
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="organisations")
    name_ja = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True, default="")
    # 13 digits with the check digit first; empty until the organisation has told it.
    corporate_number = models.CharField(max_length=13, blank=True, default="")
    # Its sandbox workspace: a realm of its own.
    workspace = models.OneToOneField(
        Realm, on_delete=models.PROTECT, null=True, blank=True, related_name="workspace_of"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name_ja
