"""The holder of certificates: the four attributes as the residents' register has them, and where they live."""

import uuid

from django.db import models

from ca.models.realm import Realm


class Holder(models.Model):
    """One person. Certificates keep what was true when they were issued; this row may move on."""

    realm = models.ForeignKey(Realm, models.CASCADE, related_name="holders")
    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)  # family, U+3000, given
    name_substitution = models.CharField(max_length=200)  # a digit per character of the name: 1 where substituted
    sex = models.CharField(max_length=1)  # 1 male, 2 female, 3 unknown
    birth_date = models.CharField(max_length=9)  # EYYYYMMDD: era digit and Gregorian date, "319800217"
    born_on = models.DateField()
    address = models.CharField(max_length=200)
    address_substitution = models.CharField(max_length=200)
    prefecture = models.CharField(max_length=64)  # romaji, "Tokyo-to"
    municipality = models.CharField(max_length=64)  # romaji, "Kiyose-shi"
    municipality_code = models.CharField(max_length=5)  # "13221"

    class Meta:
        # By what a caller can say of himself: some four hundred of ten million share a birthday (portal.helpdesk).
        indexes = (
            models.Index(fields=["realm", "born_on"], name="ca_holder_born_on"),
            models.Index(fields=["realm", "name", "born_on"], name="ca_holder_name_born_on"),
        )

    def __str__(self) -> str:
        return str(self.reference)
