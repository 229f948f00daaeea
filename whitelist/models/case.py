"""A registration case: what an organisation asks to have in the register, draft by draft and version by version."""

import uuid

from django.db import models

from whitelist.models.organisation import Organisation
from whitelist.models.relying_party import RelyingParty


class Case(models.Model):
    """One application: for a new entry, or for a change of one, which stays in force meanwhile."""

    class State(models.TextChoices):
        DRAFT = "draft"
        SUBMITTED = "submitted"
        IN_REVIEW = "in_review"
        RETURNED = "returned"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    class Authority(models.TextChoices):
        """Who looks at it now: the ministers certify (where the basis needs it), then J-LIS registers."""

        MINISTRY = "ministry"
        REGISTRAR = "registrar"

    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    # The entry that is to be changed; with an approval, the entry that was made.
    relying_party = models.ForeignKey(
        RelyingParty, on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    changes_entry = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    # Empty while nobody reviews.
    authority = models.CharField(max_length=12, choices=Authority.choices, blank=True, default="")
    opened_by = models.CharField(max_length=150)
    opened_at = models.DateTimeField()
    # When the state was entered.
    moved_at = models.DateTimeField()
    # The last day for the review of the version in hand; none while it is the applicant's turn.
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["relying_party"],
                condition=models.Q(state__in=["draft", "submitted", "in_review", "returned"]),
                name="one_open_case_an_entry",
            )
        ]

    def __str__(self) -> str:
        return str(self.reference)


class CaseSection(models.Model):
    """One section of the draft, as typed: possibly half, possibly wrong. Each saving makes an edition.

    `answers` has the section's shape (`whitelist.cases.sections`); the rest is what merging several editors takes.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField(max_length=24)
    answers = models.JSONField(default=dict)
    edition = models.PositiveIntegerField(default=0)
    edited_by = models.CharField(max_length=150, blank=True, default="")
    edited_at = models.DateTimeField(null=True, blank=True)
    # {field: [edition, who]}: when each field was last changed.
    touched = models.JSONField(default=dict)
    # {field: {who: value}}: what somebody typed into a field that another had changed meanwhile, until it is settled.
    disputed = models.JSONField(default=dict)
    # {block: [edition, {field: value}]}: applications that were taken out, should somebody still write in one.
    removed = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="one_section_a_name")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.name}"


class CaseVersion(models.Model):
    """What was submitted, all sections together; nothing changes it.

    Number 0, of a case that changes an entry, is what the entry had when the case was opened.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # {section: answers}
    answers = models.JSONField()
    submitted_by = models.CharField(max_length=150)
    submitted_at = models.DateTimeField()
    # The newest report of the organisation's workspace at that time.
    conformance = models.ForeignKey(
        "whitelist.ConformanceReport", on_delete=models.PROTECT, null=True, blank=True, related_name="versions"
    )

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="one_version_a_number")]

    def __str__(self) -> str:
        return f"{self.case_id} version {self.number}"
