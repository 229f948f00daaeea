"""Virtual cards and phones, each with its sealed state."""

import uuid

from django.db import models

from ca.models import Holder, Realm
from tsm.models import Phone


class Powered(models.Model):
    """Something with a chip in it. One session at a time: the lease says until when it's taken."""

    sealed_state = models.BinaryField()
    busy_until = models.DateTimeField(null=True)
    busy_with = models.CharField(max_length=36, default="")

    class Meta:
        abstract = True


class VirtualCard(Powered):
    """A citizen's My Number Card; `persona` is the citizen's code."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="virtual_cards")
    persona = models.CharField(max_length=32)
    holder = models.OneToOneField(Holder, on_delete=models.PROTECT, related_name="virtual_card")
    # The first card is edition 1; each later one replaces the one before.
    edition = models.PositiveIntegerField(default=1)
    # The edition whose certificates are in it.
    written = models.PositiveIntegerField(default=0)
    # Certified, and what its persona stands for has been done to it.
    ready = models.BooleanField(default=False)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["realm", "persona"], name="one_card_per_persona")]

    def __str__(self) -> str:
        return self.persona

    @property
    def is_ready(self) -> bool:
        """Tell whether its certificates are in it, and what its citizen stands for has been done to it."""
        return self.ready and self.written == self.edition


class VirtualPhone(Powered):
    """A phone with its secure element. `sealed_token` is what the phone proves itself with."""

    phone = models.OneToOneField(Phone, on_delete=models.PROTECT, related_name="virtual_phone")
    sealed_token = models.BinaryField()
    # A phone is in one conversation at a time, as one app process is.
    talking_until = models.DateTimeField(null=True)
    # Switched on and within reach: otherwise no push wakes it.
    reachable = models.BooleanField(default=True)
    # What its holder chose in it, where the sandbox did it for the holder.
    sealed_passwords = models.BinaryField(null=True)
    # Thrown away or lost for good: it answers nobody any more, and what was issued to it stands as it stood.
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.phone)
