"""みらい銀行: sign in with the phone, sign the contract, see the verdict.

The session holds what was asked (ids, nonces, the contract's number), never what came back: each page fetches the
result and verifies it anew, so a certificate that was revoked since is refused at the next step.
"""

import secrets
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sandbox.relying_parties import verify
from sandbox.relying_parties.chain import SIGNATURE, USER_AUTHENTICATION
from sandbox.relying_parties.environment import SAMPLES_URL
from sandbox.relying_parties.holder import holder
from sandbox.relying_parties.language import current, say
from sandbox.relying_parties.pages import client, in_words, outcome, reporting
from sandbox.relying_parties.texts import TEXTS
from sandbox.relying_parties.verdict import Check, Verdict

CLIENT_ID = "mirai-bank"
PENDING = "pending"
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
    asked = client(CLIENT_ID).ask(USER_AUTHENTICATION, return_url=_return_url())
    _remember(request, asked, USER_AUTHENTICATION)
    return redirect(asked["link"])


@never_cache
@require_safe
@reporting("bank")
def come_back(request: HttpRequest) -> HttpResponse:
    """Receive the customer from the phone. The address proves nothing: what came of it, the API says."""
    pending = request.session.get(PENDING)
    if not pending or request.GET.get("handoff") != pending["id"]:
        return outcome(request, "bank", "foreign", status=409)
    hand_off = client(CLIENT_ID).fetch(pending["id"])
    state = hand_off["state"]
    if state == "answered":
        request.session[pending["purpose"]] = request.session.pop(PENDING)
        return redirect(RESULT_PAGES[pending["purpose"]])
    if state in {"waiting", "shown"}:
        return outcome(request, "bank", "waiting", reload=True)
    return outcome(request, "bank", state, status=403, reason=hand_off["reason"])


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
        terms = {"number": secrets.token_hex(4).upper(), "date": f"{timezone.localdate():%Y-%m-%d}", "in": current()}
        request.session["contract"] = terms
        return render(request, "samples/contract.html", {"service": "bank", "text": _contract(terms)})
    terms = request.session["contract"]
    asked = client(CLIENT_ID).ask(
        SIGNATURE, return_url=_return_url(), document=_contract(terms), document_name=say("contract_name")
    )
    _remember(request, asked, SIGNATURE, contract=terms)
    return redirect(asked["link"])


@never_cache
@require_safe
@reporting("bank")
def opened(request: HttpRequest) -> HttpResponse:
    """Show how the signature on the contract was verified, and whose it is."""
    verdict = _verdict(request, SIGNATURE)
    if verdict is None:
        return redirect("bank")
    text = _contract(request.session[SIGNATURE]["contract"])
    signer = holder(verdict.certificate) if verdict.accepted and verdict.certificate else None
    return _show(request, verdict, "contract", text=text, holder=signer)


def _verdict(request: HttpRequest, purpose: str) -> Verdict | None:
    """Fetch the answered hand-off of `purpose` and verify it now; `None` when this customer has none."""
    asked = request.session.get(purpose)
    if not asked:
        return None
    api = client(CLIENT_ID)
    hand_off = api.fetch(asked["id"])
    trust = api.trust()
    if purpose == SIGNATURE:
        text = _contract(asked["contract"])
    else:
        text = verify.authentication_text(CLIENT_ID, asked["id"], asked["nonce"])
    # The trust list's time, because a sandbox realm's clock can be moved. In earnest it is `datetime.now(UTC)`.
    now = datetime.fromisoformat(trust["time"])
    return verify.verify(hand_off["result"] or {}, text=text, purpose=purpose, trust=trust, now=now)


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


def _remember(request: HttpRequest, asked: dict[str, Any], purpose: str, **more: Any) -> None:
    request.session[PENDING] = {"id": asked["id"], "nonce": asked["nonce"], "purpose": purpose, **more}


def _contract(terms: dict[str, str]) -> str:
    """Return the contract in full: the same terms always give the same text, to the letter."""
    return TEXTS["contract_text"][terms["in"] == "en"].format(number=terms["number"], date=terms["date"])


def _return_url() -> str:
    return SAMPLES_URL + reverse("bank_return")
