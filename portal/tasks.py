"""The site's tasks: Celery looks for them here; each lives with its subject."""

from portal.notices.tasks import sweep_notices
from portal.onboarding.tasks import tell_of_case_messages

__all__ = ["sweep_notices", "tell_of_case_messages"]
