"""Conformance runs: the cases that are tried with a workspace's service, and how each came out."""

import uuid

from django.db import models

from ca.models import Realm
from tsm.models import Phone
from whitelist.models import ConformanceReport, RelyingParty


class ConformanceRun(models.Model):
    """One run of the suite: by API from the integrator's own tests, or against a service at `start_url`."""

    class State(models.TextChoices):
        OPEN = "open"  # cases can be tried
        FINISHED = "finished"  # no more; the report is to be signed
        REPORTED = "reported"
        ABANDONED = "abandoned"  # another run was begun

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="conformance_runs")
    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="conformance_runs")
    # Where a citizen begins at the service; `signature_url` is where one who is signed in begins to sign.
    start_url = models.CharField(max_length=2000, blank=True)
    signature_url = models.CharField(max_length=2000, blank=True)
    # The phone that answers; only in a run against a service.
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # The machine's time, all of it.
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # A worker is at it, until then.
    busy_until = models.DateTimeField(null=True)
    # The signed report, and the organisation's copy, which goes with its registration case.
    jws = models.TextField(blank=True)
    report = models.OneToOneField(ConformanceReport, on_delete=models.PROTECT, null=True, related_name="run")

    class Meta:
        ordering = ("begun_at", "pk")
        constraints = [
            # Faults are armed for a service, and two runs would see each other's.
            models.UniqueConstraint(
                fields=["relying_party"], condition=models.Q(state="open"), name="one_open_run_a_service"
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class ConformanceTry(models.Model):
    """One case in a run."""

    class State(models.TextChoices):
        WAITING = "waiting"
        ARMED = "armed"  # faults stand ready; the service's hand-off is awaited
        DONE = "done"

    class Outcome(models.TextChoices):
        PASSED = "passed"
        FAILED = "failed"
        NOT_EXERCISED = "not_exercised"  # it was tried, and the fault never met the service: nothing is known
        NOT_APPLICABLE = "not_applicable"  # such a service has no such case

    run = models.ForeignKey(ConformanceRun, on_delete=models.CASCADE, related_name="tries")
    # `sandbox.conformance.catalogue`'s id, and its place in the run.
    case = models.CharField(max_length=48)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    # What the service did; null where that isn't known.
    accepted = models.BooleanField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    # A code of `sandbox.conformance.judging.Why`.
    why = models.CharField(max_length=32, blank=True)
    hand_off = models.UUIDField(null=True)
    # The faults that are armed (references), and how often each struck: {name: hits}.
    faults = models.JSONField(default=list)
    hits = models.JSONField(default=dict)
    # What the browser saw: {"status", "url"} of the service's last page.
    seen = models.JSONField(default=dict)
    armed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("run", "position")
        constraints = [models.UniqueConstraint(fields=["run", "case"], name="a_case_once_a_run")]

    def __str__(self) -> str:
        return f"{self.case} {self.state}"
