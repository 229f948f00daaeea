"""The APIs' tasks: safe to run twice."""

from celery import shared_task

from portal.api import creating


@shared_task(name="portal.sweep_api")
def sweep_api() -> int:
    """Forget the answers that were kept for long enough."""
    return creating.forget()
