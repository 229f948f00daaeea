"""The site's tasks: Celery looks for them here; each lives with its subject."""

from portal.notices.tasks import sweep_notices
from portal.review.tasks import sweep_review

__all__ = ["sweep_notices", "sweep_review"]
