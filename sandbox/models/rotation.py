"""Rotations: a workspace's next authority generation, responder keys or register key, while workers make them."""

import uuid

from django.db import models

from ca.models import Realm


class Rotation(models.Model):
    """One rotation that was asked for. `sandbox.rotations` says the order of its states."""

    class What(models.TextChoices):
        AUTHORITY = "authority"  # the next generation: same name, new key
        RESPONDER = "responder"  # new keys for the OCSP responders of every generation in its time
        REGISTER = "register"  # the key that signs the register, and seals the journal

    class State(models.TextChoices):
        ASKED = "asked"  # for the responders' keys, where it needs some
        KEYED = "keyed"  # has them, waits for the authorities' key store
        DONE = "done"
        FAILED = "failed"

    OPEN = (State.ASKED, State.KEYED)

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=12, choices=What.choices)
    purpose = models.CharField(max_length=24, blank=True)  # a ca.profiles.Purpose; the register has none
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    # What was there when it was asked for, so that a second delivery makes nothing twice: a generation's number, or the
    # label of the register's key.
    before = models.CharField(max_length=200, blank=True)
    # {generation's number: {"label", "public_key": SubjectPublicKeyInfo in Base64}}
    responder_keys = models.JSONField(default=dict)
    # What came of it, as the API tells it.
    made = models.JSONField(default=dict)
    trouble = models.CharField(max_length=64, blank=True)  # a code
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()  # the machine's time, as the next
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["realm", "what", "purpose"],
                condition=models.Q(state__in=["asked", "keyed"]),
                name="one_open_rotation_of_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.realm_id} {self.what} {self.state}"
