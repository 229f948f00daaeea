"""The row of a hand-off."""

import uuid
from datetime import datetime

from django.db import models

from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from portal.handoff.states import State
from tsm.models import Phone
from whitelist.access import Reason
from whitelist.models import Credential, RelyingParty


class HandOff(models.Model):
    """A relying party's request to a citizen's phone. `portal.handoff.states.LIFE` says how its state moves.

    `document` is exactly what is to be signed, and empty for an authentication. Nothing of the phone but its answer is
    kept.
    """

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="hand_offs")
    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="hand_offs")
    # The key that asked: when it is disabled, what it asked for ends too.
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="hand_offs")
    purpose = models.CharField(max_length=24, choices=[(each.value, each.value) for each in Purpose])
    document = models.TextField(blank=True)
    document_name = models.CharField(max_length=100, blank=True)
    nonce = models.CharField(max_length=64)
    return_url = models.CharField(max_length=2000)
    # SHA-256 of the token in the link, in hex: who reads this table can't open anybody's link.
    token_digest = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=48, blank=True, choices=[(each.value, each.value) for each in Reason])
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    # When it came to its end, whichever it was.
    ended_at = models.DateTimeField(null=True)
    # When the service first fetched the result.
    fetched_at = models.DateTimeField(null=True)
    certificate = models.BinaryField(null=True)
    signature = models.BinaryField(null=True)
    medium = models.CharField(max_length=8, blank=True, choices=[(each.value, each.value) for each in Medium])
    # For the holder's history: our row of the certificate that answered, and the phone whose screen showed it last.
    answered_with = models.ForeignKey(Certificate, on_delete=models.PROTECT, null=True, related_name="hand_offs")
    shown_on = models.ForeignKey(Phone, on_delete=models.PROTECT, null=True, related_name="hand_offs")

    class Meta:
        ordering = ("created_at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="answered")
                | models.Q(certificate__isnull=False, signature__isnull=False, ended_at__isnull=False),
                name="an_answer_has_its_signature",
            ),
            models.CheckConstraint(
                condition=models.Q(state="refused") & ~models.Q(reason="")
                | ~models.Q(state="refused") & models.Q(reason=""),
                name="a_refusal_has_its_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"

    @property
    def signed_text(self) -> str:
        """Return what the phone signs: the document itself, or for an authentication a text that names this hand-off.

        The text of an authentication begins with what no document of a service is likely to, and names the service: a
        signature that one service gets is worth nothing at another.
        """
        if self.purpose == Purpose.SIGNATURE:
            return self.document
        return f"JPKI-HANDOFF-1\n{self.relying_party.client_id}\n{self.id}\n{self.nonce}\n"

    def is_over_at(self, now: datetime) -> bool:
        """Return whether the time to answer has run out at `now`."""
        return now >= self.expires_at
