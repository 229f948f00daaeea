"""What the sample services' pages share: who calls the API, what comes of it, and the four lines in words."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from jpki_client import Client, JpkiError
from jpki_client.verdict import Line

from sandbox.relying_parties.environment import JPKI_URL, SAMPLES_KEYS_DIR
from sandbox.relying_parties.language import say


@functools.cache
def client(client_id: str) -> Client:
    """Return the API as the relying party `client_id` reaches it: one for all requests, so that its token is kept.

    A sandbox realm's clock may have been moved, so we go by the trust list's time; in earnest it is our own clock.
    """
    return Client(JPKI_URL, client_id, SAMPLES_KEYS_DIR / f"{client_id}.pem", realm_time=True)


def outcome(request: HttpRequest, service: str, what: str, *, status: int = 200, **facts: Any) -> HttpResponse:
    """Show what came of something that has no page of its own: most often a hand-off that wasn't answered."""
    title, text = say(f"outcome_{what}"), say(f"outcome_{what}_text", **facts)
    context = {"service": service, "title": title, "text": text, "good": status == 200}
    return render(request, "samples/outcome.html", context, status=status)


def reporting(service: str) -> Callable[[Callable[[HttpRequest], HttpResponse]], Callable[[HttpRequest], HttpResponse]]:
    """Show a page with the code where the API says no or can't be reached."""

    def decorate(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        @functools.wraps(view)
        def reported(request: HttpRequest) -> HttpResponse:
            try:
                return view(request)
            except JpkiError as error:
                return outcome(request, service, "error", status=502, reason=error.code)

        return reported

    return decorate


def in_words(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return the four lines of a verdict as the pages show them."""
    return [_line(line) for line in lines]


def _line(line: Line) -> dict[str, Any]:
    return {
        "check": line.check.value,
        "question": say(f"check_{line.check}"),
        "outcome": line.outcome.value,
        "mark": say(f"outcome_{line.outcome}"),
        "answer": say(f"why_{line.why}"),
        "how": say(f"how_{line.check}"),
        "facts": [(say(f"fact_{name}"), value) for name, value in line.facts.items() if value],
    }
