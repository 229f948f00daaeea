"""The site's tasks: Celery looks for them here; each lives with its subject."""

from portal.api.tasks import sweep_api
from portal.notices.tasks import sweep_notices
from portal.observing.outside import look_outside
from portal.onboarding.tasks import tell_of_case_messages
from portal.providers.tasks import make_workspace, make_workspace_keys, sweep_workspaces
from portal.review.tasks import sweep_review

__all__ = [
    "look_outside",
    "make_workspace",
    "make_workspace_keys",
    "sweep_api",
    "sweep_notices",
    "sweep_review",
    "sweep_workspaces",
    "tell_of_case_messages",
]
