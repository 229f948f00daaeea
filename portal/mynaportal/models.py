"""An application to a public body: filled in, signed, received."""

import uuid

from django.db import models

from ca.models import Certificate, Holder, Realm


class Application(models.Model):
    """One citizen's application for one procedure. `portal.mynaportal.applications.LIFE` says how its state moves."""

    class State(models.TextChoices):
        DRAFT = "draft"
        SIGNING = "signing"  # the document is fixed, the phone is asked
        FILED = "filed"

    realm = models.ForeignKey(Realm, models.PROTECT, related_name="applications")
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="applications")
    procedure = models.CharField(max_length=32)  # a code of portal.mynaportal.procedures
    answers = models.JSONField(default=dict)
    # What the signature certificate says of the applicant, as it stands in the document; empty before there is one.
    applicant = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField()  # these by the realm's clock
    changed_at = models.DateTimeField()
    number = models.CharField(max_length=32, null=True, unique=True)  # noqa: DJ001  none before there is a document
    # The hand-off that asks for its signature, or did so last.
    hand_off_id = models.UUIDField(null=True)
    filed_at = models.DateTimeField(null=True)
    receipt = models.BinaryField(null=True)  # the signed document, PDF with PAdES
    signed_with = models.ForeignKey(Certificate, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="filed")
                | models.Q(
                    receipt__isnull=False, filed_at__isnull=False, number__isnull=False, signed_with__isnull=False
                ),
                name="a_filed_application_has_its_receipt",
            ),
        )
        indexes = (models.Index(fields=["holder", "state"], name="portal_application_holder"),)

    def __str__(self) -> str:
        return f"{self.procedure} {self.state}"
