"""The Celery application: its queues, and the `ca` queue's workers alone hold signing keys."""

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("jpki")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


# Says that a worker is ready; without METRICS_DIR, nowhere.
app.steps["consumer"].add("portal.observing.tasks:Ready")


@app.on_configure.connect
def _observe(**_: Any) -> None:
    # Not before the settings are there: what is counted depends on them.
    from portal.observing import tasks

    tasks.listen()
