"""Probes: what was seen of a service from outside, each a row with its evidence."""

from django.db import models

from whitelist.models.case import Case
from whitelist.models.relying_party import RelyingParty


class ProbeRun(models.Model):
    """One going round: why it was asked for, and how far it is. All times are the machine's.

    It is about a case (what is typed in it now), or about an entry of the register.
    """

    class Trigger(models.TextChoices):
        SAVE = "save"
        DEMAND = "demand"
        NIGHT = "night"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, blank=True, related_name="probe_runs")
    entry = models.ForeignKey(RelyingParty, on_delete=models.CASCADE, null=True, blank=True, related_name="probe_runs")
    trigger = models.CharField(max_length=8, choices=Trigger.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    # Not before: several savings in a row make one run.
    due_at = models.DateTimeField()
    # Whoever runs it has it until then; after that another may.
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(case__isnull=False) | models.Q(entry__isnull=False), name="a_run_is_about_something"
            ),
            # Whoever asks while one waits gets that one.
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="waiting"), name="one_waiting_probe_run_a_case"
            ),
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(state="waiting", case=None), name="one_waiting_probe_run_an_entry"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=~models.Q(state="done"), name="whitelist_probe_run_open"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id or self.entry_id} {self.trigger} {self.state}"


class ProbeResult(models.Model):
    """What one probe saw, and when. Nothing changes it; the newest run's rows are how things stand."""

    class Kind(models.TextChoices):
        NAME = "name"
        TLS = "tls"
        ASSET_LINKS = "asset_links"
        APP_SITE_ASSOCIATION = "app_site_association"
        KEY_SET = "key_set"

    class Outcome(models.TextChoices):
        PASSED = "passed"
        FAILED = "failed"  # it answered, and what it answered won't do
        UNREACHABLE = "unreachable"
        REFUSED = "refused"  # we don't go there: its address isn't public, or isn't an address for this

    run = models.ForeignKey(ProbeRun, on_delete=models.CASCADE, related_name="results")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, blank=True, related_name="probe_results")
    entry = models.ForeignKey(
        RelyingParty, on_delete=models.CASCADE, null=True, blank=True, related_name="probe_results"
    )
    kind = models.CharField(max_length=24, choices=Kind.choices)
    target = models.CharField(max_length=2000)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    # The one word for why not (whitelist.probes.findings); empty when passed.
    finding = models.CharField(max_length=32, blank=True, default="")
    # What was seen, as plain JSON: status, size, names and end of a certificate. Never what a page said.
    evidence = models.JSONField(default=dict)
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.outcome}"
