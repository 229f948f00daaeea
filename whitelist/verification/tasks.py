"""Tasks of the verification: safe to run twice."""

from celery import shared_task

from whitelist.verification import log


@shared_task(name="whitelist.sweep_verification")
def sweep_verification() -> int:
    """Forget the answers that were kept for long enough."""
    return log.forget()
