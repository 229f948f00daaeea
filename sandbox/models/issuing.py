"""A citizen on the way to certificates in a phone, driven by the API instead of by hand."""

from django.db import models

from tsm.models import Enrolment


class Issuing(models.Model):
    """How far the citizen of an enrolment goes. The enrolment's own row says how far it is."""

    class Until(models.TextChoices):
        APPLIED = "applied"
        CERTIFIED = "certified"
        INSTALLED = "installed"
        ACTIVE = "active"

    enrolment = models.OneToOneField(Enrolment, on_delete=models.CASCADE, related_name="issuing")
    until = models.CharField(max_length=12, choices=Until.choices)
    # What the citizen will choose on the phone; on the phone's row once it is chosen.
    sealed_passwords = models.BinaryField()
    # Why the citizen's part came to nothing: a code of the catalogue of problems, and what is to be said of it.
    failed = models.CharField(max_length=64, default="")
    failed_detail = models.CharField(max_length=300, default="")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.enrolment_id} until {self.until}"
