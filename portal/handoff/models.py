"""The rows of a hand-off: the request itself, its PDF, and what was made ready to be signed."""

import uuid
from datetime import datetime

from django.db import models

from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from portal.handoff.states import State
from portal.handoff.ways import Format, Way
from tsm.models import Phone
from whitelist.access import Reason
from whitelist.models import Credential, RelyingParty


class HandOff(models.Model):
    """A relying party's request to a citizen's phone. `portal.handoff.states.LIFE` says how its state moves.

    `document` is exactly what is to be signed where that is a text; a PDF has a row of its own. Nothing of the phone
    but its answer is kept, and of browsers and links only what recognises them again.
    """

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="hand_offs")
    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="hand_offs")
    # The key that asked: when it is disabled, what it asked for ends too.
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="hand_offs")
    purpose = models.CharField(max_length=24, choices=[(each.value, each.value) for each in Purpose])
    way = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Way], default=Way.BROWSER)
    format = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Format], default=Format.RAW)
    # Whether the My Number Card may answer in the phone's stead.
    card_allowed = models.BooleanField(default=False)
    document = models.TextField(blank=True)
    document_name = models.CharField(max_length=100, blank=True)
    # SHA-256 of the document, text (UTF-8) or PDF, in hex; empty for an authentication.
    document_digest = models.CharField(max_length=64, blank=True)
    nonce = models.CharField(max_length=64)
    return_url = models.CharField(max_length=2000)
    # What the service wants back with the citizen, to the letter (RFC 6749 `state`).
    service_state = models.CharField(max_length=255, blank=True)
    # RFC 7636, S256: whoever redeems the code must know what this is the digest of.
    code_challenge = models.CharField(max_length=43, blank=True)
    # SHA-256 of the token in the phone's link, in hex: who reads this table can't open anybody's link.
    token_digest = models.CharField(max_length=64, unique=True)
    # The same of the screen's link; only with a QR code.
    screen_digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001  (empty ones would be equal)
    # `portal.handoff.binding`: the browser that answers, and the one that began at the service; set once.
    answers_in = models.CharField(max_length=64, blank=True)
    began_in = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=48, blank=True, choices=[(each.value, each.value) for each in Reason])
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    # When it came to its end, whichever it was.
    ended_at = models.DateTimeField(null=True)
    # SHA-256 of the code that the citizen's browser takes back to the service, in hex; empty once it was redeemed.
    code_digest = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True)
    # When the service redeemed the code: from then on the result is the service's.
    fetched_at = models.DateTimeField(null=True)
    certificate = models.BinaryField(null=True)
    signature = models.BinaryField(null=True)
    medium = models.CharField(max_length=8, blank=True, choices=[(each.value, each.value) for each in Medium])
    # For the holder's history: our row of the certificate that answered, and the phone whose screen showed it last.
    answered_with = models.ForeignKey(Certificate, on_delete=models.PROTECT, null=True, related_name="hand_offs")
    shown_on = models.ForeignKey(Phone, on_delete=models.PROTECT, null=True, related_name="hand_offs")

    class Meta:
        ordering = ("created_at", "pk")
        # What may have run out unseen: few, however many are over.
        indexes = (
            models.Index(
                fields=["realm", "expires_at"],
                condition=models.Q(state__in=["waiting", "scanned", "shown"]),
                name="portal_handoff_open",
            ),
        )
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
        """Return what is signed in format raw: the text, or for an authentication one that names this hand-off.

        The text of an authentication begins with what no document of a service is likely to, and names the service: a
        signature that one service gets is worth nothing at another.
        """
        if self.purpose == Purpose.SIGNATURE:
            return self.document
        return f"JPKI-HANDOFF-1\n{self.relying_party.client_id}\n{self.id}\n{self.nonce}\n"

    @property
    def operator(self) -> RelyingParty | None:
        """Return the platform operator that asks in the relying party's name; None when it asks itself."""
        asking = self.credential.relying_party
        return asking if asking.pk != self.relying_party_id else None

    def is_over_at(self, now: datetime) -> bool:
        """Return whether the time to answer has run out at `now`."""
        return now >= self.expires_at


class HandOffPdf(models.Model):
    """The PDF that is to be signed, as the service sent it, with what its readers see of it."""

    hand_off = models.OneToOneField(HandOff, on_delete=models.CASCADE, related_name="pdf")
    content = models.BinaryField()
    pages = models.PositiveSmallIntegerField()
    # The text of each page, for those who don't see its picture: a list of texts.
    texts = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.pages} pages"


class Preparation(models.Model):
    """What was made ready for one certificate to sign, between the certificate's arrival and the signature's."""

    hand_off = models.OneToOneField(HandOff, on_delete=models.CASCADE, related_name="preparation")
    certificate = models.BinaryField()
    # DER of the CMS's signed attributes: the very bytes that are signed.
    signed_attributes = models.BinaryField()
    # The PDF with room for the signature between the two offsets; empty for a text.
    pdf = models.BinaryField(blank=True)
    room_start = models.PositiveIntegerField(default=0)
    room_end = models.PositiveIntegerField(default=0)
    prepared_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"of {self.hand_off_id}"
