"""The way back to the service: its registered address is really called, and what it leads to is followed a little."""

import urllib.parse
from typing import Any

import httpx

from sandbox.driver.browser import Answer, Browser, is_ours
from sandbox.driver.links import without_query

MOST_HOPS = 5
# Of what comes back with the browser these may be told; the code is good for whoever has the service's key.
TELLABLE = ("handoff", "state", "iss")


def call(browser: Browser, address: str) -> tuple[dict[str, Any], Answer]:
    """Go back to the service; return what is told of it, and its last page.

    `status` and `location` are the callback's own answer; `final` is where it led on the service's own addresses.
    An app's address is one of the web, too (an App Link or Universal Link): it is called as by a browser without it.
    """
    told: dict[str, Any] = {
        "url": without_query(address),
        "given": _given(address),
        "status": None,
        "location": None,
        "finding": None,
        "final": None,
    }
    answer = browser.get(address)
    told |= {
        "status": answer.status or None,
        "location": without_query(answer.location) or None,
        "finding": answer.finding or None,
    }
    hops = 0
    while answer.is_redirect and not is_ours(httpx.URL(answer.location)) and hops < MOST_HOPS:
        hops += 1
        following = browser.get(answer.location)
        if following.finding:
            break
        answer = following
    told["final"] = {
        "url": without_query(answer.url),
        "status": answer.status or None,
        "media_type": answer.media_type or None,
    }
    return told, answer


def _given(address: str) -> dict[str, str]:
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query, keep_blank_values=True))
    return {name: query[name] for name in TELLABLE if name in query}
