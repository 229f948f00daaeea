"""A card reader on the counter, as a service uses it: a challenge out, a signature back, and everything verified here.

The terminal beside the reader (`sandbox/terminal`) has the card or the phone sign the challenge after the PIN, which we
never see. What comes is no better than what comes of a hand-off: chain, status and medium are looked at just the same.
"""

import hmac
import secrets
import time
import urllib.parse
from typing import Any

import httpx
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from jpki_client import USER_AUTHENTICATION, Expected, Original, Unreachable, Verdict, verify

from sandbox.relying_parties.asking import Service, forget, keep, recall
from sandbox.relying_parties.environment import SAMPLES_URL, TERMINAL_URL
from sandbox.relying_parties.language import current
from sandbox.relying_parties.pages import client, outcome

READING = "reading"
GOOD_FOR = 300.0  # seconds
# The terminal stands on this machine, or beside it: it answers at once, or isn't there.
TIMEOUT = 2.0


def is_there() -> bool:
    """Return whether a terminal answers."""
    try:
        return "terminal" in httpx.get(f"{TERMINAL_URL}/health", timeout=TIMEOUT, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False


def send(request: HttpRequest, service: Service) -> HttpResponse:
    """Send the visitor to the terminal, with a challenge of our own that nobody knew before."""
    asked = {
        "challenge": secrets.token_urlsafe(32),
        "state": secrets.token_urlsafe(16),
        "until": time.time() + GOOD_FOR,
    }
    keep(request, service, READING, asked)
    query = {name: asked[name] for name in ("challenge", "state")}
    query |= {"return_url": _return_url(service), "lang": current()}
    return redirect(f"{TERMINAL_URL}/?{urllib.parse.urlencode(query)}")


def come_back(request: HttpRequest, service: Service) -> Verdict | HttpResponse:
    """Return the verdict on what the terminal read; or the page that says why there is none."""
    asked = recall(request, service, READING)
    given = request.GET.get("state", "")
    if not asked or asked["until"] < time.time() or not hmac.compare_digest(given.encode(), asked["state"].encode()):
        return outcome(request, service.name, "foreign", status=409)
    forget(request, service, READING)  # a challenge is good once, whatever comes of it
    if "code" not in request.GET:
        return outcome(request, service.name, "unread", status=403)
    text = f"JPKI-READER-1\n{_return_url(service)}\n{asked['challenge']}\n"
    expected = Expected(USER_AUTHENTICATION, Original.of(text), media=service.media)
    trust = client(service.client_id).trust()
    # The trust list's time, because a sandbox's clock can be moved. In earnest it is `datetime.now(UTC)`.
    return verify(_answer(request.GET["code"]), expected, trust=trust, now=trust.time)


def _return_url(service: Service) -> str:
    return SAMPLES_URL + reverse(f"{service.name}_read")


def _answer(code: str) -> dict[str, Any]:
    """Return what the terminal has for the code: certificate and signature, as it says; nothing where it has none."""
    try:
        answer = httpx.post(f"{TERMINAL_URL}/answers", json={"code": code}, timeout=TIMEOUT, trust_env=False).json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unreachable(f"the terminal: {error}") from error
    return answer if isinstance(answer, dict) else {}
