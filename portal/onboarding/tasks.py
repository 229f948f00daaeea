"""Tasks of the `notices` queue about cases: safe to run twice and at once."""

from celery import shared_task

from portal.onboarding import notices


@shared_task(name="portal.tell_of_case_messages")
def tell_of_case_messages() -> int:
    """Tell the other side of new messages."""
    return notices.tell_waiting()
