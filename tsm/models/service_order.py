"""What the service provider has yet to do on an element that is in use: a durable order, resumed on any connection."""

from django.db import models

from tsm.models.enrolment import Enrolment


class ServiceOrder(models.Model):
    """One order for one enrolment's element. It stands until a report proves it done, or the enrolment ends."""

    class Function(models.TextChoices):
        SUSPEND = "suspend"
        RESUME = "resume"
        UNBLOCK_SIGNATURE = "unblock_signature"
        UNBLOCK_AUTHENTICATION = "unblock_authentication"
        CHECK_IN = "check_in"
        ROTATE_ISSUER_KEYS = "rotate_issuer_keys"
        ROTATE_DOMAIN_KEYS = "rotate_domain_keys"

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="orders")
    function = models.CharField(max_length=32, choices=Function.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "function"], condition=models.Q(state="open"), name="one_open_order_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.function} {self.state}"
