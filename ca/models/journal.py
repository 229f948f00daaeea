"""The journal's rows: a chain of hashes per realm, and where it ends."""

from django.db import models

from ca.models.realm import Realm


class JournalEntry(models.Model):
    """One thing that happened. Written by `ca.journal.record`, never changed."""

    # Its writer holds the realm's head, which names the realm: not checked again for each entry.
    realm = models.ForeignKey(Realm, models.PROTECT, related_name="journal", db_index=False)
    sequence = models.BigIntegerField()  # 1, 2, 3 … without a gap
    at = models.DateTimeField()  # by the realm's clock
    kind = models.CharField(max_length=64)  # "certificate.issued"
    subject = models.CharField(max_length=200)
    data = models.JSONField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["realm", "sequence"], name="one_entry_a_sequence"),)
        indexes = (models.Index(fields=["realm", "subject"], name="ca_journal_subject"),)
        verbose_name_plural = "journal entries"

    def __str__(self) -> str:
        return f"{self.realm} {self.sequence} {self.kind} {self.subject}"


class JournalHead(models.Model):
    """The last entry of a realm's chain. Taking its row orders all writers of the realm."""

    realm = models.OneToOneField(Realm, models.CASCADE, related_name="journal_head")
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.realm} {self.sequence}"


class JournalSeal(models.Model):
    """A head of the chain, signed: whoever changes what lies before it needs the journal's key."""

    realm = models.ForeignKey(Realm, models.PROTECT, related_name="journal_seals")
    sequence = models.BigIntegerField()  # of the entry that was the head
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()  # by the realm's clock
    # Over the hashes of entries 1 to `sequence` (`ca.tree`), in hex; empty in seals from before there were trees.
    root = models.CharField(max_length=64, blank=True, default="")
    public_key = models.BinaryField()  # SubjectPublicKeyInfo, DER; its fingerprint stands in the chain
    signature = models.BinaryField()  # RSA PKCS#1 v1.5 with SHA-256

    class Meta:
        constraints = (models.UniqueConstraint(fields=["realm", "sequence"], name="one_seal_a_sequence"),)

    def __str__(self) -> str:
        return f"{self.realm} {self.sequence}"


class JournalNode(models.Model):
    """The hash over a full subtree of the journal's tree (`ca.tree`), which the entries give again at any time."""

    realm = models.ForeignKey(Realm, models.CASCADE, related_name="journal_nodes", db_index=False)
    level = models.PositiveSmallIntegerField()  # 8, 16 …: over 2^level entries
    index = models.BigIntegerField()  # from the left, from 0
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["realm", "level", "index"], name="one_node_a_place"),)

    def __str__(self) -> str:
        return f"{self.realm} {self.level} {self.index}"
