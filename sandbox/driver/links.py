"""Where a link leads: to a hand-off of ours, by which of its doors, or first to the service that sends one there."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import httpx
from django.urls import Resolver404, resolve

from ca.models import Realm
from portal.handoff import hand_offs
from portal.handoff.errors import HandOffUnknown
from portal.handoff.models import HandOff
from sandbox.driver.browser import Browser, is_ours
from sandbox.driver.errors import LinkLedNowhere, LinkUnknown
from whitelist.models import RegisteredApplication, RelyingParty

MOST_HOPS = 10
LONGEST = 4000


class Door(StrEnum):
    """By which address a hand-off is opened."""

    PAGE = "page"  # the phone's own link
    SCREEN = "screen"  # the other screen's, which shows a code
    SCAN = "scan"  # what stands in the code


@dataclass(frozen=True)
class Link:
    """A hand-off of the realm, and the path that opens it."""

    hand_off: HandOff
    door: Door
    path: str


def follow(realm: Realm, address: str, browser: Browser) -> tuple[Link, list[dict[str, object]]]:
    """Return where an address leads, and the hops of a service on the way there.

    Raises LinkUnknown, LinkLedNowhere.
    """
    hops: list[dict[str, object]] = []
    if not is_address(address):
        raise LinkUnknown("not an address of the web")
    url = httpx.URL(address)
    while True:
        found = find(realm, url)
        if found is not None:
            return found, hops
        if is_ours(url) and not hops:
            raise LinkUnknown("no hand-off's link")
        answer = browser.get(str(url))
        hops.append(
            {"url": without_query(str(url)), "status": answer.status or None, "finding": answer.finding or None}
        )
        if not answer.is_redirect or len(hops) > MOST_HOPS:
            raise LinkLedNowhere("the address led to no hand-off of this workspace", hops=hops)
        url = httpx.URL(answer.location)


def find(realm: Realm, url: httpx.URL) -> Link | None:
    """Return the hand-off that an address of ours opens; None for any other. Nothing happens to it.

    Raises LinkUnknown for a hand-off that isn't the realm's, as for one that isn't.
    """
    if not is_ours(url):
        return None
    try:
        match = resolve(url.path)
    except Resolver404:
        return None
    doors: dict[str, tuple[Door, Callable[[], HandOff]]] = {
        "handoff:page": (Door.PAGE, lambda: hand_offs.by_token(match.kwargs["token"])),
        "handoff:screen": (Door.SCREEN, lambda: hand_offs.by_screen(match.kwargs["token"])),
        "handoff:scan": (Door.SCAN, lambda: hand_offs.found(pk=match.kwargs["reference"])),
    }
    if match.view_name not in doors:
        return None
    door, read = doors[match.view_name]
    try:
        hand_off = read()
    except HandOffUnknown:
        raise LinkUnknown("no such hand-off in this workspace") from None
    if hand_off.realm_id != realm.pk:
        raise LinkUnknown("no such hand-off in this workspace")
    return Link(hand_off, door, url.raw_path.decode("ascii"))


def is_address(text: str) -> bool:
    """Tell whether a text is an address of the web."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError, ValueError):
        return False
    return len(text) <= LONGEST and url.scheme in ("http", "https") and bool(url.host)


def allowed_in(realm: Realm) -> Callable[[httpx.URL], bool]:
    """Return what says whether a citizen may be sent to an address: its origin stands in the realm's register."""
    origins: set[tuple[str, str, int]] = set()
    rows = RegisteredApplication.objects.filter(
        relying_party__realm=realm, relying_party__state=RelyingParty.State.REGISTERED
    )
    for row in rows:
        for address in (row.origin, *row.callback_urls):
            parts = urlsplit(address) if isinstance(address, str) else None
            if parts and parts.scheme in ("http", "https") and parts.hostname:
                origins.add(_origin(httpx.URL(address)))
    return lambda url: _origin(url) in origins


def without_query(address: str) -> str:
    """Return an address as it may be kept: what stands in its query may be a code."""
    return address.partition("?")[0].partition("#")[0]


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host.lower(), url.port or (443 if url.scheme == "https" else 80)
