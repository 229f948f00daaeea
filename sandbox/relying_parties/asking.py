"""A hand-off in a visitor's session: asked, come back from, verified. What every sample does alike.

The session holds what was asked (ids, nonces, the document's mark), never what came back: each page that needs the
answer fetches it and verifies it anew, so a certificate that was revoked since is refused at the next step. The result
is ours once we have redeemed the code that this visitor's own browser brings: it must name the hand-off and the state
that this very session asked with.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from jpki_client import NotOurs, Pending, Verdict

from sandbox.relying_parties.environment import SAMPLES_URL
from sandbox.relying_parties.pages import client, outcome

PENDING = "pending"
# In what is kept of one hand-off: what was asked for.
ASKED = "asked"
# How the visitor reaches the phone: they are on it, or it reads a code on this screen.
WAYS = ("browser", "qr")
# What a hand-off can come to without an answer, each with a page of its own.
ENDS = ("declined", "expired", "refused", "wrong_number", "wrong_browser")


@dataclass(frozen=True)
class Service:
    """One service: its name in addresses (`<name>`, `<name>_return`) and in the session, and what may answer it."""

    name: str
    client_id: str
    media: tuple[str, ...]


def begin(request: HttpRequest) -> None:
    """Begin anew, with nothing of what was here before: a session id that somebody planted is worth nothing."""
    request.session.flush()


def way(request: HttpRequest) -> str:
    """Return the way that the visitor chose on the page before."""
    chosen = request.POST.get("way", "")
    return chosen if chosen in WAYS else WAYS[0]


def ask(
    request: HttpRequest,
    service: Service,
    purpose: str,
    *,
    way: str = WAYS[0],
    kept: dict[str, Any] | None = None,
    **what: Any,
) -> HttpResponse:
    """Ask by the API, remember in the session what for, and send the visitor to the link.

    `what` is the document of a signature; `kept` is what the page that shows the result needs to know again.
    """
    made = client(service.client_id).ask(
        purpose,
        return_url=SAMPLES_URL + reverse(f"{service.name}_return"),
        way=way,
        media=service.media,
        **what,
    )
    keep(request, service, PENDING, {ASKED: made.pending.kept(), **(kept or {})})
    return redirect(made.link)


def come_back(request: HttpRequest, service: Service) -> str | HttpResponse:
    """Return which purpose was answered; or the page that says what came instead.

    The address proves nothing: what came of it, the code's redemption says. And before a code is redeemed it must be
    this session's: otherwise somebody else's result could be slipped into this session, or this visitor's into somebody
    else's.
    """
    kept = recall(request, service, PENDING)
    if kept is None:
        return outcome(request, service.name, "foreign", status=409)
    pending = Pending.read(kept[ASKED])
    try:
        hand_off = client(service.client_id).come_back(pending, request.GET)
    except NotOurs:
        return outcome(request, service.name, "foreign", status=409)
    if hand_off.result is not None:
        forget(request, service, PENDING)
        keep(request, service, pending.purpose, kept)
        return pending.purpose
    if hand_off.state in ENDS:
        forget(request, service, PENDING)
        return outcome(request, service.name, hand_off.state, status=403, reason=hand_off.reason)
    return outcome(request, service.name, "undelivered", status=403)


def verdict(request: HttpRequest, service: Service, purpose: str) -> Verdict | None:
    """Fetch the answered hand-off of `purpose` and verify it now; `None` when this visitor has none."""
    kept = recall(request, service, purpose)
    if kept is None:
        return None
    pending = Pending.read(kept[ASKED])
    api = client(service.client_id)
    return api.verify(api.fetch(pending.id), pending)


def result(request: HttpRequest, service: Service, purpose: str) -> Any:
    """Return what the API gave for the answered hand-off of `purpose`, unverified; `None` when there is none."""
    kept = recall(request, service, purpose)
    return None if kept is None else client(service.client_id).fetch(Pending.read(kept[ASKED]).id).result


# --- What the session keeps for one service. The samples share one site, so each has a room of its own in it.
def keep(request: HttpRequest, service: Service, name: str, value: Any) -> None:
    request.session[service.name] = {**request.session.get(service.name, {}), name: value}


def recall(request: HttpRequest, service: Service, name: str) -> Any:
    return request.session.get(service.name, {}).get(name)


def forget(request: HttpRequest, service: Service, name: str) -> None:
    request.session[service.name] = {
        key: value for key, value in request.session.get(service.name, {}).items() if key != name
    }
