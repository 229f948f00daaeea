"""The Celery application: its queues, and the `ca` queue's workers alone hold signing keys."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("jpki")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
