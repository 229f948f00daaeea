"""みらい銀行: sign in with the phone, sign the contract, see the verdict.

The session holds what was asked (ids, nonces, the contract's terms), never what came back: each page fetches the
result and verifies it anew, so a certificate that was revoked since is refused at the next step. The result is ours
once we have redeemed the code that this customer's own browser brings: it must name the hand-off and the state that
this very session asked with.
"""

import base64
import secrets
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from jpki_client import SIGNATURE, USER_AUTHENTICATION, Check, NotOurs, Pending, Verdict, holder

from sandbox.relying_parties.contract import Terms, pdf
from sandbox.relying_parties.environment import SAMPLES_URL
from sandbox.relying_parties.language import current, say
from sandbox.relying_parties.pages import client, in_words, outcome, reporting

CLIENT_ID = "mirai-bank"
PENDING = "pending"
# In what the session keeps: what was asked for.
ASKED = "asked"
WAY = "way"
WAYS = ("browser", "qr")
# The bank opens accounts by phone; a card would be refused by its own check.
MEDIA = ("phone",)
# What a hand-off can come to without an answer, each with a page of its own.
ENDS = ("declined", "expired", "refused", "wrong_number", "wrong_browser")
# Where the citizen lands once an answer of each purpose is there.
RESULT_PAGES = {USER_AUTHENTICATION: "bank_signed_in", SIGNATURE: "bank_opened"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show all samples."""
    return render(request, "samples/index.html", {"service": "samples"})


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Show what the bank offers."""
    return render(request, "samples/bank.html", {"service": "bank"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("bank")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask the phone for an authentication, and send the customer there."""
    if request.method != "POST":  # What told of an error here was loaded again, or in the other language.
        return redirect("bank")
    request.session.flush()
    way = request.POST.get("way", "")
    request.session[WAY] = way if way in WAYS else WAYS[0]
    return _ask(request, USER_AUTHENTICATION)


@never_cache
@require_safe
@reporting("bank")
def come_back(request: HttpRequest) -> HttpResponse:
    """Receive the customer from the hand-off. The address proves nothing: what came of it, the code's redemption says.

    Before a code is redeemed it must be this session's: whose id, state and issuer we asked with. Otherwise somebody
    else's result could be slipped into this session, or this customer's into somebody else's.
    """
    kept = request.session.get(PENDING)
    if not kept:
        return outcome(request, "bank", "foreign", status=409)
    pending = Pending.read(kept[ASKED])
    try:
        hand_off = client(CLIENT_ID).come_back(pending, request.GET)
    except NotOurs:
        return outcome(request, "bank", "foreign", status=409)
    if hand_off.result is not None:
        request.session[pending.purpose] = request.session.pop(PENDING)
        return redirect(RESULT_PAGES[pending.purpose])
    if hand_off.state in ENDS:
        del request.session[PENDING]
        return outcome(request, "bank", hand_off.state, status=403, reason=hand_off.reason)
    return outcome(request, "bank", "error", status=502, reason=hand_off.state)


@never_cache
@require_safe
@reporting("bank")
def signed_in(request: HttpRequest) -> HttpResponse:
    """Show how the sign-in was verified."""
    verdict = _verdict(request, USER_AUTHENTICATION)
    if verdict is None:
        return redirect("bank")
    return _show(request, verdict, "sign_in")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("bank")
def contract(request: HttpRequest) -> HttpResponse:
    """Show the contract; on POST ask the phone to sign it. Either way the sign-in must hold at this moment."""
    verdict = _verdict(request, USER_AUTHENTICATION)
    if verdict is None:
        return redirect("bank")
    if not verdict.accepted:
        return _show(request, verdict, "sign_in")
    if request.method != "POST" or "contract" not in request.session:
        terms = Terms(secrets.token_hex(4).upper(), f"{timezone.localdate():%Y-%m-%d}", current())
        request.session["contract"] = terms.kept()
        return render(request, "samples/contract.html", {"service": "bank", "text": terms.text})
    terms = Terms(**request.session["contract"])
    made = pdf(terms)
    what = {"pdf": made} if made is not None else {"document": terms.text}
    kept = {"contract": terms.kept(), "is_pdf": made is not None}
    return _ask(request, SIGNATURE, asked={**what, "document_name": say("contract_name")}, kept=kept)


@never_cache
@require_safe
@reporting("bank")
def signed_contract(request: HttpRequest) -> HttpResponse:
    """Give the customer the contract as it was signed."""
    asked = request.session.get(SIGNATURE)
    result = client(CLIENT_ID).fetch(Pending.read(asked[ASKED]).id).result if asked else None
    if not result or not result["pdf"]:
        return redirect("bank")
    headers = {"Content-Disposition": 'attachment; filename="contract.pdf"'}
    return HttpResponse(base64.b64decode(result["pdf"]), content_type="application/pdf", headers=headers)


@never_cache
@require_safe
@reporting("bank")
def opened(request: HttpRequest) -> HttpResponse:
    """Show how the signature on the contract was verified, and whose it is."""
    verdict = _verdict(request, SIGNATURE)
    if verdict is None:
        return redirect("bank")
    asked = request.session[SIGNATURE]
    signer = holder(verdict.certificate) if verdict.accepted and verdict.certificate else None
    text = Terms(**asked["contract"]).text
    return _show(request, verdict, "contract", text=text, holder=signer, signed_pdf=asked["is_pdf"])


def _ask(
    request: HttpRequest,
    purpose: str,
    *,
    asked: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Ask by the API, remember in the session what for, and send the customer to the link."""
    made = client(CLIENT_ID).ask(
        purpose,
        return_url=SAMPLES_URL + reverse("bank_return"),
        way=request.session.get(WAY, WAYS[0]),
        media=MEDIA,
        **(asked or {}),
    )
    request.session[PENDING] = {ASKED: made.pending.kept(), **(kept or {})}
    return redirect(made.link)


def _verdict(request: HttpRequest, purpose: str) -> Verdict | None:
    """Fetch the answered hand-off of `purpose` and verify it now; `None` when this customer has none."""
    kept = request.session.get(purpose)
    if not kept:
        return None
    pending = Pending.read(kept[ASKED])
    api = client(CLIENT_ID)
    return api.verify(api.fetch(pending.id), pending)


def _show(request: HttpRequest, verdict: Verdict, what: str, **more: Any) -> HttpResponse:
    status = verdict.line(Check.STATUS)
    context = {
        "service": "bank",
        "what": what,
        "accepted": verdict.accepted,
        "title": say(f"{what}_good") if verdict.accepted else say("refused"),
        "lead": say(f"{what}_good_text") if verdict.accepted else say("refused_text"),
        "heading": say(f"{what}_result"),
        "revoked": status.why in {"revoked", "on_hold"},
        "lines": in_words(verdict),
        **more,
    }
    return render(request, "samples/verdict.html", context, status=200 if verdict.accepted else 403)
