"""The site's tasks: Celery looks for them here; each lives with its subject."""

from portal.notices.tasks import sweep_notices

__all__ = ["sweep_notices"]
