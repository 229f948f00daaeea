"""The rows of notices: how far the journal is read, what happened, what is told by which channel, and where to."""

import uuid

from django.db import models

from ca.models import Holder, Realm


class JournalCursor(models.Model):
    """How far a realm's journal is read. Moving it, in the transaction that writes what was read, is the claim."""

    realm = models.OneToOneField(Realm, models.CASCADE, related_name="notices_cursor")
    sequence = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.realm_id} {self.sequence}"


class Happening(models.Model):
    """One event in a holder's affairs, of one moment: what is told once, whatever number of entries it left."""

    class Kind(models.TextChoices):
        ISSUED = "issued"
        DEVICE_CHANGED = "device_changed"
        HELD = "held"
        RELEASED = "released"
        REVOKED = "revoked"
        ABANDONED = "abandoned"  # what was issued and never activated ended
        UNBLOCKED = "unblocked"
        SCREEN_LOCK = "screen_lock"  # it stands for the authentication PIN from now on
        SILENT = "silent"  # the phone hasn't been in contact for long
        CONTACT_CHANGED = "contact_changed"
        CONTACT_REMOVED = "contact_removed"
        APPLICATION_RECEIVED = "application_received"

    realm = models.ForeignKey(Realm, models.PROTECT, related_name="happenings")
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="happenings")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    at = models.DateTimeField()  # by the realm's clock, as the journal says
    # The first entry of the journal that it comes from; None where nobody but this site knows of it.
    sequence = models.BigIntegerField(null=True)
    # What the entries said: certificates, causes, functions (`portal.notices.reading`); or what the caller said.
    entries = models.JSONField(default=list)
    read_at = models.DateTimeField(null=True)  # in Mynaportal

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["realm", "sequence"], name="one_happening_an_entry"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["contact_changed", "contact_removed", "application_received"])
                | models.Q(sequence__isnull=False),
                name="a_happening_is_in_the_journal",
            ),
        )
        indexes = (models.Index(fields=["holder", "at"], name="portal_happening_holder"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.at.isoformat()}"


class Notice(models.Model):
    """One happening to be told by one channel. `portal.notices.outbox.LIFE` says how its state moves."""

    class Channel(models.TextChoices):
        MAIL = "mail"
        LETTER = "letter"

    class State(models.TextChoices):
        WAITING = "waiting"
        IN_HAND = "in_hand"  # with a worker, or a print run, until its lease is over
        DONE = "done"
        GIVEN_UP = "given_up"  # a mail that could not be delivered: a letter goes instead

    # Its Message-ID, and its letter's file name: the same however often it is tried.
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    happening = models.ForeignKey(Happening, models.PROTECT, related_name="notices")
    # The happening's once more: a holder's notices go out one after the other.
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="notices")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = models.EmailField(blank=True)  # a mail's, as it was when this happened
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField()  # by the realm's clock
    attempts = models.PositiveIntegerField(default=0)
    # The machine's time: when it is tried again, and until when whoever has it in hand may keep it.
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)  # by the realm's clock
    trouble = models.CharField(max_length=200, blank=True)
    # A letter's: SHA-256 of the PDF that was printed, hex.
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["happening", "channel"], name="one_notice_a_channel"),
            models.CheckConstraint(
                condition=models.Q(channel="letter") | ~models.Q(address=""), name="a_mail_has_an_address"
            ),
        )
        indexes = (
            # What is open: few, however many were told.
            models.Index(
                fields=["channel", "next_at"],
                condition=models.Q(state__in=["waiting", "in_hand"]),
                name="portal_notice_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.state} {self.reference}"


class MailServer(models.Model):
    """How the mail server fares: one row, id 1. While it is away nobody tries it before `next_at` (machine's time)."""

    failures = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.failures} failures"


class Contact(models.Model):
    """The mail address that a holder confirmed. Without one, notices are letters."""

    holder = models.OneToOneField(Holder, models.CASCADE, related_name="contact")
    address = models.EmailField()
    confirmed_at = models.DateTimeField()  # by the realm's clock

    def __str__(self) -> str:
        return str(self.holder_id)


class ContactCode(models.Model):
    """A code on its way to an address that a holder wants to use. Times are the machine's."""

    holder = models.OneToOneField(Holder, models.CASCADE, related_name="contact_code")
    address = models.EmailField()
    # HMAC-SHA-256 of the code with the web's secret: six digits have no digest that could stand alone.
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    tries_left = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # How many were sent since `counted_from`: nobody's mailbox is flooded by a page.
    sent_count = models.PositiveSmallIntegerField(default=1)
    counted_from = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.holder_id)


class KeptMail(models.Model):
    """A mail of the pretend world, which has no mail server: read it at /outbox/."""

    at = models.DateTimeField()
    recipient = models.EmailField()
    subject = models.CharField(max_length=300)
    body = models.TextField()
    message_id = models.CharField(max_length=200)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.subject
