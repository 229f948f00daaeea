"""うっかり商店: deliberately careless. Everything that a service must look at, it doesn't. NOT TO BE COPIED.

It is there so that the conformance run has somebody to catch, and so that everybody can see what an omission looks like
from outside: like nothing at all, everything works. `OMISSIONS` names each, with what somebody could do because of it.
"""

import base64
from typing import Any

from cryptography import x509
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from jpki_client import SIGNATURE, USER_AUTHENTICATION, JpkiError
from jpki_client.handoffs import challenge

from sandbox.relying_parties import papers
from sandbox.relying_parties.environment import SAMPLES_URL
from sandbox.relying_parties.language import say
from sandbox.relying_parties.pages import client, reporting

CLIENT_ID = "careless-shop"
VERIFIER = "careless-careless-careless-careless-careless"
SIGN_IN, TEXT, PDF = "sign_in", "text", "pdf"
ORDER = "注文書\n\n品名　見本　1個\n\nこれは試験用の見本であり、効力をもちません。\n"

# What isn't looked at, in the order in which a careful service does. Each has its texts: `careless_<name>`.
OMISSIONS = (
    "no_session",
    "no_state",
    "no_issuer",
    "no_verifier",
    "no_answer",
    "no_signature",
    "no_nonce",
    "no_document",
    "no_algorithm",
    "no_chain",
    "no_time",
    "no_purpose",
    "no_status",
    "no_medium",
)


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Say what this is, and what it leaves out."""
    omissions = [(name, say(f"careless_{name}"), say(f"careless_{name}_then")) for name in OMISSIONS]
    return render(request, "samples/careless/welcome.html", {"service": "careless", "omissions": omissions})


@never_cache
@require_safe
@reporting("careless")
def start(request: HttpRequest) -> HttpResponse:
    """Ask for a sign-in, or for a signature on a text or a PDF. Nothing of it is remembered, and a GET begins it."""
    kind = request.GET.get("what", SIGN_IN)
    asked: dict[str, Any] = {"purpose": USER_AUTHENTICATION if kind == SIGN_IN else SIGNATURE}
    made = papers.pdf(f"<pre>{ORDER}</pre>") if kind == PDF else None
    if made is not None:
        asked |= {"pdf": base64.b64encode(made).decode(), "document_name": "注文書"}
    elif kind != SIGN_IN:
        asked |= {"document": ORDER, "document_name": "注文書"}
        asked |= {"format": request.GET["format"]} if "format" in request.GET else {}
    # The same for everybody: whoever's code it is, it is redeemed.
    asked["code_challenge"] = challenge(VERIFIER)
    back = {"return_url": SAMPLES_URL + reverse("careless_return"), "media": ["phone"]}
    return redirect(client(CLIENT_ID).call("POST", "/api/v1/handoffs", json=asked | back)["link"])


@never_cache
@require_safe
def come_back(request: HttpRequest) -> HttpResponse:
    """Welcome whoever comes: whichever hand-off the address names, whatever came of it."""
    result = _anything(request.GET.get("handoff", ""), request.GET.get("code", ""))
    context = {"service": "careless", "number": _number(result)}
    return render(request, "samples/careless/welcomed.html", context)


def _anything(hand_off: str, code: str) -> dict[str, Any]:
    """Return whatever the API has for it; nothing is as good."""
    api, path = client(CLIENT_ID), f"/api/v1/handoffs/{hand_off}"
    for method, address, body in (
        ("POST", f"{path}/redeem", {"json": {"code": code, "code_verifier": VERIFIER}}),
        ("GET", path, {}),
    ):
        try:
            return api.call(method, address, **body)["result"] or {}
        except (JpkiError, KeyError, TypeError):
            continue
    return {}


def _number(result: dict[str, Any]) -> str:
    """Return the certificate's number, of whomever and whyever."""
    try:
        number = f"{x509.load_der_x509_certificate(base64.b64decode(result['certificate'])).serial_number:X}"
    except (KeyError, TypeError, ValueError):
        return ""
    return number.zfill(len(number) + len(number) % 2)
