"""The pages of 草薙市's applications: sign in with phone or card, fill in, read, sign, receipt.

Who signs must be who signed in. The certificate that signs in names nobody, and the one that signs has another number;
that both belong to one person, the authorities say (the Act, article 18(5)), to a body that verifies both.
"""

import base64
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from jpki_client import SIGNATURE, SIGNATURE_VERIFICATION, USER_AUTHENTICATION, Check, Verdict, holder

from sandbox.relying_parties import asking
from sandbox.relying_parties.asking import Service
from sandbox.relying_parties.city.application import EXAMPLE, FIELDS, Application, read
from sandbox.relying_parties.language import current, say
from sandbox.relying_parties.pages import client, in_words, reporting

CITY = Service("city", "kusanagi-city", ("phone", "card"))
DRAFT = "draft"
PAGES = {USER_AUTHENTICATION: "city_signed_in", SIGNATURE: "city_received"}


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Show what can be applied for here."""
    return render(request, "samples/city/welcome.html", {"service": "city"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("city")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for an authentication, and send the applicant there."""
    if request.method != "POST":
        return redirect("city")
    asking.begin(request)
    return asking.ask(request, CITY, USER_AUTHENTICATION, way=asking.way(request), kept={"way": asking.way(request)})


@never_cache
@require_safe
@reporting("city")
def come_back(request: HttpRequest) -> HttpResponse:
    """Receive the applicant from the hand-off."""
    came = asking.come_back(request, CITY)
    return came if isinstance(came, HttpResponse) else redirect(PAGES[came])


@never_cache
@require_safe
@reporting("city")
def signed_in(request: HttpRequest) -> HttpResponse:
    """Show how the sign-in was verified."""
    verdict = asking.verdict(request, CITY, USER_AUTHENTICATION)
    return redirect("city") if verdict is None else _show(request, verdict, "city_sign_in")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("city")
def form(request: HttpRequest) -> HttpResponse:
    """Ask what the application needs; what was answered before is there again."""
    verdict = asking.verdict(request, CITY, USER_AUTHENTICATION)
    if verdict is None:
        return redirect("city")
    if not verdict.accepted:
        return _show(request, verdict, "city_sign_in")
    draft = asking.recall(request, CITY, DRAFT)
    answers: dict[str, str] = EXAMPLE if "example" in request.GET else draft["answers"] if draft else {}
    wrong: dict[str, str] = {}
    if request.method == "POST":
        answers, wrong = read(request.POST.dict(), timezone.localdate())
        if not wrong:
            number = f"{timezone.localdate():%Y%m%d}-{secrets.token_hex(3).upper()}"
            kept = {"number": number, "date": f"{timezone.localdate():%Y-%m-%d}", "language": current()}
            asking.keep(request, CITY, DRAFT, {**kept, "answers": answers})
            return redirect("city_confirm")
    fields = [_asked(field.name, field.kind, answers, wrong, field.choices, field.autocomplete) for field in FIELDS]
    context = {"service": "city", "fields": fields, "wrong": [field for field in fields if field["problem"]]}
    return render(request, "samples/city/form.html", context, status=400 if wrong else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("city")
def confirm(request: HttpRequest) -> HttpResponse:
    """Show the application as it will be signed; on POST ask for the signature."""
    draft = asking.recall(request, CITY, DRAFT)
    verdict = asking.verdict(request, CITY, USER_AUTHENTICATION)
    if draft is None or verdict is None:
        return redirect("city_form" if verdict else "city")
    if not verdict.accepted:
        return _show(request, verdict, "city_sign_in")
    text = Application(**draft).text
    if request.method != "POST":
        return render(request, "samples/city/confirm.html", {"service": "city", "text": text})
    way = asking.recall(request, CITY, USER_AUTHENTICATION)["way"]
    return asking.ask(
        request,
        CITY,
        SIGNATURE,
        way=way,
        document=text,
        document_name=say("application_name"),
        kept={"application": draft},
    )


@never_cache
@require_safe
@reporting("city")
def received(request: HttpRequest) -> HttpResponse:
    """Show the receipt: what was received, whose it is, and how the signature was verified."""
    entered = asking.verdict(request, CITY, USER_AUTHENTICATION)
    verdict = asking.verdict(request, CITY, SIGNATURE)
    if entered is None or verdict is None:
        return redirect("city")
    if not entered.accepted:
        return _show(request, entered, "city_sign_in")
    application = Application(**asking.recall(request, CITY, SIGNATURE)["application"])
    if verdict.accepted and not _is_one_person(entered, verdict):
        return _show(request, verdict, "city_application", problem=say("another_signed"), status=403)
    signer = holder(verdict.certificate) if verdict.accepted and verdict.certificate else None
    return _show(request, verdict, "city_application", text=application.text, holder=signer, number=application.number)


@never_cache
@require_safe
@reporting("city")
def document(request: HttpRequest) -> HttpResponse:
    """Give the applicant the text that was signed, to the octet."""
    kept = asking.recall(request, CITY, SIGNATURE)
    if kept is None:
        return redirect("city")
    return _file(Application(**kept["application"]).text.encode(), "application.txt", "text/plain; charset=utf-8")


@never_cache
@require_safe
@reporting("city")
def signature(request: HttpRequest) -> HttpResponse:
    """Give the applicant the signature: `openssl cms -verify -binary -inform DER -content application.txt` takes it."""
    result = asking.result(request, CITY, SIGNATURE)
    if not result or not result["cms"]:
        return redirect("city")
    return _file(base64.b64decode(result["cms"]), "application.p7s", "application/pkcs7-signature")


def _is_one_person(entered: Verdict, signed: Verdict) -> bool:
    """Return whether both certificates are one person's: on the same medium, or one's phone and the other's card."""
    api = client(CITY.client_id)
    entered_by, signed_by = (verdict.line(Check.CHAIN).facts["serial_number"] for verdict in (entered, signed))
    (own,) = api.counterparts(
        USER_AUTHENTICATION, [entered_by], counterpart="purpose", check_purpose=SIGNATURE_VERIFICATION
    )
    if own.counterpart in (None, signed_by):
        return own.counterpart is not None
    (other,) = api.counterparts(SIGNATURE, [signed_by], check_purpose=SIGNATURE_VERIFICATION)
    return other.counterpart == own.counterpart


def _asked(
    name: str, kind: str, answers: dict[str, str], wrong: dict[str, str], choices: tuple[str, ...], autocomplete: str
) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "autocomplete": autocomplete,
        "label": say(f"field_{name}"),
        "hint": say(f"field_{name}_hint"),
        "value": answers.get(name, ""),
        "choices": [(choice, say(f"relation_{choice}")) for choice in choices],
        "problem": say(wrong[name]) if name in wrong else "",
    }


def _show(request: HttpRequest, verdict: Verdict, what: str, *, status: int = 200, **more: Any) -> HttpResponse:
    accepted = verdict.accepted and status == 200
    context = {
        "service": "city",
        "what": what,
        "accepted": accepted,
        "title": say(f"{what}_good") if accepted else say("refused"),
        "lead": say(f"{what}_good_text") if accepted else more.pop("problem", say("refused_text")),
        "heading": say(f"{what}_result"),
        "revoked": verdict.line(Check.STATUS).why in {"revoked", "on_hold"},
        "lines": in_words(verdict.lines),
        **more,
    }
    return render(request, "samples/city/verdict.html", context, status=200 if accepted else 403)


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
