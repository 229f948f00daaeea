"""A secure element (GP-SE) in the registry of its issuer."""

from typing import TYPE_CHECKING

from django.db import models

from tsm.models.phone import Phone

if TYPE_CHECKING:
    from tsm.models.enrolment import Enrolment


class SecureElement(models.Model):
    """The element of one phone: whose keys it has, how far their counters stand, and whose content is on it.

    No key is stored: each is derived from a master by the element's number (`tsm.keysets`). A counter is
    `None` while it isn't certain: from the moment a leg is offered until its report has been checked.
    """

    phone = models.OneToOneField(Phone, on_delete=models.PROTECT, related_name="element")
    # Issuer identification number (tag 42) and card image number (tag 45) name one element worldwide.
    iin = models.BinaryField()
    cin = models.BinaryField()
    isd_counter = models.PositiveIntegerField(null=True)
    domain_counter = models.PositiveIntegerField(null=True)
    # Which key set each domain has, and which is on its way: known before it is put, so that no doubt strands a key.
    isd_generation = models.PositiveSmallIntegerField(default=0)
    isd_pending = models.PositiveSmallIntegerField(null=True)
    domain_generation = models.PositiveSmallIntegerField(default=0)
    domain_pending = models.PositiveSmallIntegerField(null=True)
    # The version of the applet that was loaded last, how many receipts it gave, how many tokens were made.
    applet_version = models.CharField(max_length=16, default="", blank=True)
    receipt_counter = models.PositiveIntegerField(default=0)
    token_counter = models.PositiveIntegerField(default=0)
    # The enrolment whose applet, keys or certificates are on the element, or may be.
    occupant: "models.ForeignKey[Enrolment | None, Enrolment | None]" = models.ForeignKey(
        "tsm.Enrolment", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # One worker at a time: claimed by conditional UPDATE, given back when done, free again when it ran out.
    lease_until = models.DateTimeField(null=True)
    lease_holder = models.CharField(max_length=36, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["iin", "cin"], name="one_element_per_number")]
        indexes = (
            # Keys on their way: the sweep's.
            models.Index(
                fields=["phone"], condition=models.Q(isd_pending__isnull=False), name="tsm_element_keys_pending"
            ),
        )

    def __str__(self) -> str:
        return self.identifier

    @classmethod
    def of_number(cls, number: str) -> "SecureElement | None":
        """Return the element of that number (IIN and CIN in hex, with nothing between), or None."""
        try:
            value = bytes.fromhex(number)
        except ValueError:
            return None
        lengths = range(1, min(len(value), 32))
        # Where the one ends and the other begins isn't told: every split is looked up, and the right one told by eye.
        found = cls.objects.filter(
            iin__in=[value[:length] for length in lengths], cin__in=[value[length:] for length in lengths]
        )
        return next((element for element in found if element.identifier == number.upper()), None)

    @property
    def identifier(self) -> str:
        """Return the element's number as SERAM's seId: IIN and CIN in upper-case hex."""
        return (bytes(self.iin) + bytes(self.cin)).hex().upper()
