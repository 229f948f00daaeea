"""Rows of the review: an authority's turn with a case, its check list, what is proposed and decided; and the register's
suspensions, removals and notices of endings."""

import uuid

from django.db import models

from ca.models import Realm
from whitelist.models.case import Case, CaseVersion
from whitelist.models.organisation import Organisation
from whitelist.models.relying_party import RelyingParty

PEOPLE = 150  # as account names


def _two_people(first: str, second: str, name: str) -> models.CheckConstraint:
    """Return two people, by the database: whoever did the first doesn't do the second."""
    return models.CheckConstraint(
        condition=models.Q(**{second: ""}) | ~models.Q(**{second: models.F(first)}), name=name
    )


class Told(models.Model):
    """Something that an organisation's people are told of by mail, once."""

    # Whoever sends it has it until then (machine's time); told when all its mails have gone.
    lease_until = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Review(models.Model):
    """One turn of an authority with one version of a case, from its arrival to a decision."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reviews")
    version = models.ForeignKey(CaseVersion, on_delete=models.PROTECT, related_name="reviews")
    authority = models.CharField(max_length=12, choices=Case.Authority.choices)
    # When it came to the authority: from here its working days count.
    arrived_at = models.DateTimeField()
    taken_up_by = models.CharField(max_length=PEOPLE)
    taken_up_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(ended_at__isnull=True), name="one_open_review_a_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.authority}"


class CheckAnswer(models.Model):
    """What an officer found on an item of the check list, and by what; a later answer stands before an earlier one."""

    class Answer(models.TextChoices):
        MET = "met"
        NOT_MET = "not_met"
        NOT_APPLICABLE = "not_applicable"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="answers")
    item = models.CharField(max_length=40)
    answer = models.CharField(max_length=16, choices=Answer.choices)
    evidence = models.TextField()
    by = models.CharField(max_length=PEOPLE)
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.review_id} {self.item} {self.answer}"


class Proposal(Told):
    """What one officer proposes for a case, and another of the same authority decides."""

    class Kind(models.TextChoices):
        CERTIFY = "certify"
        REGISTER = "register"
        RETURN = "return"
        REFUSE = "refuse"

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        DECLINED = "declined"  # back to review, with a reason
        RETRACTED = "retracted"  # by who proposed it

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    # Read by the applicant with the decision: what a return asks for, why it is refused, what goes with an approval.
    reasons = models.TextField(blank=True, default="")
    # [{section, field, text}]
    remarks = models.JSONField(default=list)
    # A certification's {number, granted_on, valid_until, conditions}, a registration's {valid_until}.
    terms = models.JSONField(default=dict)
    proposed_by = models.CharField(max_length=PEOPLE)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=PEOPLE, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["review"], condition=models.Q(state="proposed"), name="one_proposal_a_review"
            ),
            _two_people("proposed_by", "decided_by", "a_decision_takes_two_people"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "declined"]) | ~models.Q(decided_by=""),
                name="a_decided_proposal_has_a_decider",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.kind} {self.state}"


class Suspension(Told):
    """An entry suspended at once by one officer, to be confirmed by a second within a time."""

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed"
        CONFIRMED = "confirmed"
        LAPSED = "lapsed"  # nobody confirmed it in time: lifted
        LIFTED = "lifted"
        ENDED = "ended"  # the entry expired or was removed

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    entry = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="suspensions")
    state = models.CharField(max_length=11, choices=State.choices, default=State.UNCONFIRMED)
    reason = models.TextField()
    by = models.CharField(max_length=PEOPLE)
    at = models.DateTimeField()
    confirm_until = models.DateTimeField()
    confirmed_by = models.CharField(max_length=PEOPLE, blank=True, default="")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=models.Q(state__in=["unconfirmed", "confirmed"]),
                name="one_suspension_an_entry",
            ),
            _two_people("by", "confirmed_by", "a_suspension_takes_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.state}"


class EntryProposal(Told):
    """What one officer proposes for an entry of the register, and another decides: to lift a suspension, to remove."""

    class Kind(models.TextChoices):
        LIFT = "lift"
        REMOVE = "remove"

    State = Proposal.State

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    entry = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=Proposal.State.choices, default=Proposal.State.PROPOSED)
    reason = models.TextField()
    proposed_by = models.CharField(max_length=PEOPLE)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=PEOPLE, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(state="proposed"), name="one_proposal_an_entry"
            ),
            _two_people("proposed_by", "decided_by", "an_entrys_decision_takes_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind} {self.state}"


class EndingNotice(Told):
    """That something of an organisation's ends in so many days: noted once, told once by mail."""

    class Kind(models.TextChoices):
        CERTIFICATION = "certification"
        CREDENTIAL = "credential"
        ENTRY = "entry"

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="ending_notices")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="ending_notices")
    entry = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="ending_notices")
    kind = models.CharField(max_length=13, choices=Kind.choices)
    # A certification's number, a credential's key id, the entry's client id.
    subject = models.CharField(max_length=64)
    ends_on = models.DateField()
    # Which of the notices it is: so many days ahead, at the earliest.
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "kind", "subject", "ends_on", "days"], name="one_notice_an_ending_and_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.ends_on} {self.days}"


class EntryNotice(Told):
    """What time alone did to an entry of an organisation's: noted with the deed, told once by mail."""

    class Kind(models.TextChoices):
        LAPSED = "lapsed"  # nobody confirmed its suspension: lifted
        EXPIRED = "expired"

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    entry = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind}"
