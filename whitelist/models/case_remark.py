"""A remark: what an officer says of one field of a case that goes back to its applicant."""

from django.db import models

from whitelist.models.case import Case, CaseVersion


class CaseRemark(models.Model):
    """One remark on one field of one version; an empty field: on the section."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="remarks")
    version = models.ForeignKey(CaseVersion, on_delete=models.PROTECT, related_name="remarks")
    section = models.CharField(max_length=24)
    field = models.CharField(max_length=100, blank=True, default="")
    text = models.TextField(max_length=1000)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    # When a later version was submitted: the applicant has had the say.
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case_id} {self.section} {self.field}"
