"""What a phone of a workspace is doing with a hand-off, between two calls of the API; and the lock of its screen."""

import uuid

from django.db import models

from ca.models import Realm
from portal.handoff.models import HandOff
from tsm.models import Phone


class PhoneSession(models.Model):
    """One link on one phone. Cookies and addresses with tokens in them are sealed; `told` is what the API tells."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.CASCADE, related_name="phone_sessions")
    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="phone_sessions")
    hand_off = models.ForeignKey(HandOff, on_delete=models.CASCADE, related_name="phone_sessions")
    sealed = models.BinaryField()
    told = models.JSONField(default=dict)
    # The machine's time. One act at a time: the lease says until when somebody is at it.
    created_at = models.DateTimeField()
    busy_until = models.DateTimeField(null=True)
    busy_with = models.CharField(max_length=36, default="")

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return str(self.pk)


class VirtualScreenLock(models.Model):
    """The platform authenticator of a virtual phone, and the PIN that its browser keeps sealed under it."""

    phone = models.OneToOneField(Phone, on_delete=models.CASCADE, related_name="virtual_screen_lock")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return str(self.phone_id)
