"""An attempt goes out, to the public network and nowhere else (`whitelist.probes`). No secret is needed here, or known.

Where the site itself is reached from its own machine alone (WEBHOOKS_LOOPBACK), that machine's services are told, too.
"""

import functools
import re
import time
from datetime import timedelta

from django.conf import settings

from sandbox.models import WebhookAttempt
from sandbox.webhooks import outbox
from sandbox.webhooks.outbox import Outcome
from whitelist.probes import urls
from whitelist.probes.errors import ProbeError
from whitelist.probes.fetching import Answer, Fetcher, trusted
from whitelist.probes.network import Limits

AGENT = "smartphone-jpki-webhooks/1"
KEPT_OCTETS = 1024  # of an answer


def fetcher() -> Fetcher:
    """Return what fetches within a webhook's limits."""
    limits = Limits(seconds=settings.WEBHOOKS_SECONDS, octets=KEPT_OCTETS, redirects=0)
    return Fetcher(limits, tls=_trusted, own=own())


# Reading the browsers' authorities takes a tenth of a second; a process reads them once.
_trusted = functools.cache(trusted)


def own() -> urls.Own:
    """Return which services of this machine itself are gone to."""
    return urls.is_loopback if settings.WEBHOOKS_LOOPBACK else urls.nobodys


def send(attempt_id: int, *, by: Fetcher | None = None) -> Outcome | None:
    """Send a signed attempt and note what came of it; None when it wasn't ours to send."""
    attempt = outbox.begin(attempt_id)
    if attempt is None:
        return None
    outcome = _sent(attempt, by or fetcher())
    outbox.note(attempt, outcome)
    return outcome


def headers(attempt: WebhookAttempt) -> dict[str, str]:
    """Return the headers of an attempt (Standard Webhooks 1.0)."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": AGENT,
        "webhook-id": outbox.message_id(attempt.delivery),
        "webhook-timestamp": str(int(attempt.at.timestamp())),
        "webhook-signature": attempt.signature,
    }


def _sent(attempt: WebhookAttempt, fetcher: Fetcher) -> Outcome:
    began = time.monotonic()
    try:
        answer = fetcher.post(attempt.url, attempt.delivery.event.body.encode(), headers(attempt))
    except ProbeError as error:
        return Outcome(_milliseconds(began), finding=error.finding)
    finding = "redirect" if 300 <= answer.status < 400 else ""
    return Outcome(_milliseconds(began), answer.status, finding, _text(answer), _wish(answer))


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace").replace("\0", "\ufffd")


def _wish(answer: Answer) -> timedelta | None:
    """Return the Retry-After of an answer that says it can't be taken now, where it is in seconds (RFC 9110 10.2.3)."""
    if answer.status not in (429, 503) or not re.fullmatch(r"[0-9]{1,6}", answer.retry_after):
        return None
    return timedelta(seconds=int(answer.retry_after))
