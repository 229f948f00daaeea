"""An enrolment: one citizen's application for one phone, from the signed application to the end of use."""

import uuid

from django.db import models

from ca.models import Certificate, Holder, Realm
from tsm.models.element import SecureElement
from tsm.models.phone import Phone


class Enrolment(models.Model):
    """One citizen's application for one phone. `tsm.enrolment.LIFE` says how its state moves."""

    class State(models.TextChoices):
        APPLIED = "applied"
        VERIFIED = "verified"
        PREPARED = "prepared"
        KEYED = "keyed"
        CERTIFIED = "certified"
        INSTALLED = "installed"
        ACTIVE = "active"
        ENDED = "ended"
        ABANDONED = "abandoned"
        DELETED = "deleted"

    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="enrolments")
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    holder = models.ForeignKey(Holder, on_delete=models.PROTECT, related_name="enrolments")
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, related_name="enrolments")
    element = models.ForeignKey(SecureElement, on_delete=models.PROTECT, related_name="enrolments")
    state = models.CharField(max_length=16, choices=State.choices, default=State.APPLIED)
    state_since = models.DateTimeField()
    created_at = models.DateTimeField()
    # The application as it was signed: the proof of the holder's will.
    application_text = models.TextField()
    application_signature = models.BinaryField()
    card_signature_certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="+")
    card_authentication_certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="+")
    # What the element's keys sign to prove possession, and what the phone signs to activate.
    challenge = models.BinaryField()
    signature_key = models.BinaryField(null=True)
    authentication_key = models.BinaryField(null=True)
    signature_certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, null=True, related_name="+")
    authentication_certificate = models.OneToOneField(
        Certificate, on_delete=models.PROTECT, null=True, related_name="+"
    )
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    # Why it was given up, or why it stands still: a code of the catalogue of problems.
    trouble = models.CharField(max_length=64, default="")

    class Meta:
        ordering = ("pk",)
        constraints = [
            # Decision 6: one active pair a holder, by the database.
            models.UniqueConstraint(
                fields=["realm", "holder"], condition=models.Q(state="active"), name="one_active_enrolment_per_holder"
            ),
            models.UniqueConstraint(
                fields=["phone"],
                condition=models.Q(
                    state__in=["applied", "verified", "prepared", "keyed", "certified", "installed", "active"]
                ),
                name="one_open_enrolment_per_phone",
            ),
        ]
        indexes = (
            # What the sweep and the console look for: what is on its way, and what must leave its element. Few, however
            # many are in use or were.
            models.Index(
                fields=["realm", "state_since"],
                condition=models.Q(state__in=["verified", "prepared", "keyed", "certified", "installed"]),
                name="tsm_enrolment_under_way",
            ),
            models.Index(
                fields=["realm", "state_since"],
                condition=models.Q(state__in=["ended", "abandoned"]),
                name="tsm_enrolment_leaving",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"

    @property
    def pair(self) -> list[Certificate]:
        """The certificates that were issued for it, signature first; none before they are."""
        both = (self.signature_certificate, self.authentication_certificate)
        return [certificate for certificate in both if certificate is not None]


class EnrolmentStep(models.Model):
    """Something that happened to an enrolment, as the citizen's screen and the trace show it."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=32)
    at = models.DateTimeField()
    # Figures only: APDUs, bytes, milliseconds, serial numbers. Never an APDU's data.
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.step
