"""Between whom an event went: the lanes of the time line, from left to right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from sandbox.models import TraceEvent

Lane = TraceEvent.Lane
T = TypeVar("T")
# From left to right: who asks, the system, the citizen's things, the issuer's side.
LANES: tuple[str, ...] = (
    Lane.SERVICE,
    Lane.API,
    Lane.WEB,
    Lane.PHONE,
    Lane.ELEMENT,
    Lane.TSM,
    Lane.CA,
    Lane.OCSP,
    Lane.WEBHOOK,
)


@dataclass(frozen=True)
class Way:
    """From one lane to another; `both`: asked and answered. The same lane: it happened there."""

    start: str
    end: str
    both: bool = False


WAYS: Mapping[str, Way] = {
    "handoff.asked": Way(Lane.SERVICE, Lane.API, both=True),
    "handoff.refused": Way(Lane.API, Lane.SERVICE),
    "handoff.shown": Way(Lane.WEB, Lane.PHONE),
    "handoff.scanned": Way(Lane.PHONE, Lane.WEB),
    "handoff.matched": Way(Lane.PHONE, Lane.WEB),
    "handoff.mismatched": Way(Lane.PHONE, Lane.WEB),
    "handoff.answered": Way(Lane.PHONE, Lane.API),
    "handoff.declined": Way(Lane.PHONE, Lane.API),
    "handoff.delivered": Way(Lane.API, Lane.SERVICE),
    "callback": Way(Lane.WEB, Lane.SERVICE),
    "page.phone": Way(Lane.PHONE, Lane.WEB, both=True),
    "apdus": Way(Lane.PHONE, Lane.ELEMENT, both=True),
    "phone.woken": Way(Lane.TSM, Lane.PHONE),
    "seram.handshake": Way(Lane.PHONE, Lane.TSM, both=True),
    "seram.report": Way(Lane.PHONE, Lane.TSM),
    "seram.order": Way(Lane.TSM, Lane.PHONE),
    "seram.failed": Way(Lane.PHONE, Lane.TSM),
    "enrolment.verified": Way(Lane.PHONE, Lane.TSM),
    "enrolment.refused": Way(Lane.TSM, Lane.PHONE),
    "enrolment.keyed": Way(Lane.TSM, Lane.CA),
    "enrolment.certified": Way(Lane.CA, Lane.TSM),
    "enrolment.active": Way(Lane.PHONE, Lane.TSM),
    "ocsp.asked": Way(Lane.SERVICE, Lane.OCSP, both=True),
    "fetched": Way(Lane.SERVICE, Lane.CA, both=True),
    "api": Way(Lane.SERVICE, Lane.API, both=True),
    "webhook.delivered": Way(Lane.WEBHOOK, Lane.SERVICE),
    "webhook.failed": Way(Lane.WEBHOOK, Lane.SERVICE),
}


def way_of(event: TraceEvent) -> Way:
    """Return between which lanes an event went; its own lane twice where it went nowhere."""
    found = nearest(WAYS, event.what)
    return found or Way(event.lane, event.lane)


def nearest(table: Mapping[str, T], what: str) -> T | None:
    """Return what a table has for a dotted word, or for the longest beginning of it that it knows."""
    while what:
        if what in table:
            return table[what]
        what = what.rpartition(".")[0]
    return None
