"""みらい銀行: sign in with the phone, sign the contract, see the verdict. The smallest service that does it all."""

import base64
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from jpki_client import SIGNATURE, USER_AUTHENTICATION, Check, Verdict, holder

from sandbox.relying_parties import asking
from sandbox.relying_parties.asking import Service
from sandbox.relying_parties.contract import Terms, pdf
from sandbox.relying_parties.language import current, say
from sandbox.relying_parties.pages import in_words, reporting

# The bank opens accounts by phone; a card would be refused by its own check.
BANK = Service("bank", "mirai-bank", ("phone",))
CONTRACT = "contract"
# Where the customer lands once an answer of each purpose is there.
PAGES = {USER_AUTHENTICATION: "bank_signed_in", SIGNATURE: "bank_opened"}


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
    asking.begin(request)
    way = asking.way(request)
    return asking.ask(request, BANK, USER_AUTHENTICATION, way=way, kept={"way": way})


@never_cache
@require_safe
@reporting("bank")
def come_back(request: HttpRequest) -> HttpResponse:
    """Receive the customer from the hand-off."""
    came = asking.come_back(request, BANK)
    return came if isinstance(came, HttpResponse) else redirect(PAGES[came])


@never_cache
@require_safe
@reporting("bank")
def signed_in(request: HttpRequest) -> HttpResponse:
    """Show how the sign-in was verified."""
    verdict = asking.verdict(request, BANK, USER_AUTHENTICATION)
    return redirect("bank") if verdict is None else _show(request, verdict, "sign_in")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("bank")
def contract(request: HttpRequest) -> HttpResponse:
    """Show the contract; on POST ask the phone to sign it. Either way the sign-in must hold at this moment."""
    verdict = asking.verdict(request, BANK, USER_AUTHENTICATION)
    if verdict is None:
        return redirect("bank")
    if not verdict.accepted:
        return _show(request, verdict, "sign_in")
    kept = asking.recall(request, BANK, CONTRACT)
    if request.method != "POST" or kept is None:
        terms = Terms(secrets.token_hex(4).upper(), f"{timezone.localdate():%Y-%m-%d}", current())
        asking.keep(request, BANK, CONTRACT, terms.kept())
        return render(request, "samples/contract.html", {"service": "bank", "text": terms.text})
    terms = Terms(**kept)
    made = pdf(terms)
    document: dict[str, Any] = {"document": terms.text} if made is None else {"pdf": made}
    return asking.ask(
        request,
        BANK,
        SIGNATURE,
        way=asking.recall(request, BANK, USER_AUTHENTICATION)["way"],
        kept={"contract": terms.kept(), "is_pdf": made is not None},
        document_name=say("contract_name"),
        **document,
    )


@never_cache
@require_safe
@reporting("bank")
def signed_contract(request: HttpRequest) -> HttpResponse:
    """Give the customer the contract as it was signed."""
    result = asking.result(request, BANK, SIGNATURE)
    if not result or not result["pdf"]:
        return redirect("bank")
    headers = {"Content-Disposition": 'attachment; filename="contract.pdf"'}
    return HttpResponse(base64.b64decode(result["pdf"]), content_type="application/pdf", headers=headers)


@never_cache
@require_safe
@reporting("bank")
def opened(request: HttpRequest) -> HttpResponse:
    """Show how the signature on the contract was verified, and whose it is."""
    verdict = asking.verdict(request, BANK, SIGNATURE)
    if verdict is None:
        return redirect("bank")
    signed = asking.recall(request, BANK, SIGNATURE)
    signer = holder(verdict.certificate) if verdict.accepted and verdict.certificate else None
    text = Terms(**signed["contract"]).text
    return _show(request, verdict, "contract", text=text, holder=signer, signed_pdf=signed["is_pdf"])


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
        "lines": in_words(verdict.lines),
        **more,
    }
    return render(request, "samples/verdict.html", context, status=200 if verdict.accepted else 403)
