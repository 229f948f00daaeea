"""The card order: what a municipality's counter asked for one card, so that nothing is done twice for it."""

from django.db import models

from ca.models.holder import Holder
from ca.models.realm import Realm


class CardOrder(models.Model):
    """One order, as it was carried out. Added by `ca.counter`, never changed; its requests are found by their keys."""

    realm = models.ForeignKey(Realm, models.PROTECT, related_name="card_orders", db_index=False)
    reference = models.CharField(max_length=100)  # the ordering system's own id of it
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="card_orders", db_index=False)
    # SHA-256 of what the order says, so that another under the same id is told from a repetition. It could be found by
    # trying addresses: it stands where the holder's own do, and is told to nobody.
    digest = models.CharField(max_length=64)
    counter = models.CharField(max_length=200)  # who ordered, as the journal has it
    ordered_at = models.DateTimeField()  # by the realm's clock

    class Meta:
        constraints = (models.UniqueConstraint(fields=["realm", "reference"], name="one_order_a_reference"),)

    def __str__(self) -> str:
        return f"{self.realm} {self.reference}"
