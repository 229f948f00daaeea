"""The review's sweep, on the `notices` queue: safe to run twice and at once."""

from celery import shared_task

from ca.models import Realm
from portal.review import telling
from whitelist.review import endings, pace, suspensions


@shared_task(name="portal.sweep_review")
def sweep_review() -> int:
    """Do what time does in every realm: lapses, expiries, days due, notices; return how many notices were sent."""
    pace.begin_all()
    for realm in Realm.objects.order_by("pk"):
        suspensions.lapse(realm)
        endings.expire(realm)
        endings.notice(realm)
    return telling.send_waiting()
