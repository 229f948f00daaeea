"""Sessions of the site's own areas: a cookie of their own, short, ended by silence, by time, or with the account."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.utils.crypto import constant_time_compare

from ca import clock, journal
from portal import cookies
from portal.accounts.models import Account, StaffSession, keyed

COOKIE = "jpki_staff"
# Kept by a browser in which somebody has signed in: its tries are counted apart, or any stranger could use them up.
KNOWN = "jpki_staff_known"
KNOWN_FOR = timedelta(days=90)
# A session's row is written at most so often.
NOTED_EVERY = timedelta(seconds=20)


def begin(request: HttpRequest, response: HttpResponseBase, account: Account) -> None:
    """Begin a session under a new token; one that this browser had ends."""
    now, token = clock.machine(), secrets.token_urlsafe(32)
    with transaction.atomic():
        _rows(request).update(ended_at=now)
        StaffSession.objects.create(account=account, token_digest=_digest(token), began_at=now, seen_at=now)
    rotate_token(request)
    for name, value, lives in ((COOKIE, token, None), (KNOWN, _mark(account.name), KNOWN_FOR)):
        cookies.keep(response, name, value, same_site="Strict", lives=lives)


def of(request: HttpRequest) -> StaffSession | None:
    """Return the session that the request comes in, or None when there is none or it is over."""
    found = _rows(request).filter(account__state=Account.State.ACTIVE)
    session = found.select_related("account__user", "account__realm").first()
    if session is None:
        return None
    now = clock.machine()
    silent, old = now - session.seen_at, now - session.began_at
    if silent >= timedelta(seconds=settings.STAFF_IDLE_SECONDS) or old >= timedelta(
        seconds=settings.STAFF_SESSION_SECONDS
    ):
        StaffSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=now)
        return None
    if silent >= NOTED_EVERY:
        StaffSession.objects.filter(pk=session.pk).update(seen_at=now)
    return session


def knows(request: HttpRequest, name: str) -> bool:
    """Tell whether the account of that name was the last to sign in with the request's browser."""
    return constant_time_compare(cookies.of(request, KNOWN), _mark(name))


def end(request: HttpRequest, response: HttpResponseBase) -> None:
    """End the request's session."""
    session = of(request)
    if session is not None:
        with transaction.atomic():
            if StaffSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=clock.machine()):
                journal.record(session.account.realm, "staff.signed_out", session.account.name)
    cookies.forget(response, COOKIE)
    response["Clear-Site-Data"] = cookies.CLEARED


def end_all(account: Account) -> int:
    """End every session of an account; return how many."""
    return StaffSession.objects.filter(account=account, ended_at=None).update(ended_at=clock.machine())


def running(account: Account) -> list[StaffSession]:
    """Return the sessions of an account that aren't over, the newest first."""
    now = clock.machine()
    return list(
        StaffSession.objects.filter(
            account=account,
            ended_at=None,
            seen_at__gt=now - timedelta(seconds=settings.STAFF_IDLE_SECONDS),
            began_at__gt=now - timedelta(seconds=settings.STAFF_SESSION_SECONDS),
        ).order_by("-began_at")
    )


def end_others(account: Account, here: StaffSession | None) -> int:
    """End every session of an account but this one; return how many."""
    with transaction.atomic():
        rows = StaffSession.objects.filter(account=account, ended_at=None)
        if here is not None:
            rows = rows.exclude(pk=here.pk)
        ended = rows.update(ended_at=clock.machine())
        journal.record(account.realm, "staff.sessions_ended", account.name, by=account.name, sessions=ended)
    return ended


def _rows(request: HttpRequest) -> QuerySet[StaffSession]:
    return StaffSession.objects.filter(token_digest=_digest(cookies.of(request, COOKIE)), ended_at=None)


def _mark(name: str) -> str:
    return keyed("portal.accounts.known", name.encode()).hex()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
