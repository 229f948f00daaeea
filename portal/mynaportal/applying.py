"""An application's pages, from the draft to the receipt: parse, one call, render."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ca import clock
from portal import problems
from portal.documents import DocumentUnavailable
from portal.handoff import delivery
from portal.mynaportal import answering, applications, procedures, shown, visit
from portal.mynaportal.errors import ApplicationNotOpen, NoSignatureCertificate, ServiceNotRegistered
from portal.mynaportal.models import Application
from portal.mynaportal.visit import Visitor, signed_in
from whitelist.register import Text

State = Application.State
# What one sees of an application after it was sent to be signed.
STANDING = {
    State.DRAFT: "mynaportal/sent_back.html",
    State.SIGNING: "mynaportal/waiting.html",
    State.FILED: "mynaportal/filed.html",
}


@signed_in
@require_POST
def begin(request: HttpRequest, who: Visitor, code: str) -> HttpResponse:
    """Begin an application, or go on with the draft that was left."""
    return redirect("mynaportal:application", applications.begin(who.holder, shown.procedure(code)).reference)


@signed_in
@require_safe
def listed(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Show one's applications, drafts and filed."""
    language = get_language()
    rows = [
        {"row": row, "name": found.name.in_language(language) if (found := procedures.find(row.procedure)) else ""}
        for row in shown.listed(who).defer("receipt")[: shown.PAGE]
    ]
    return render(request, "mynaportal/applications.html", {"visitor": who, "applications": rows})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, who: Visitor, reference: uuid.UUID) -> HttpResponse:
    """Fill in a draft; or see where an application stands that was sent to be signed."""
    row = _own(who, reference)
    if row.state != State.DRAFT:
        return _standing(request, who, row)
    found = shown.procedure(row.procedure)
    told = shown.applicant(who)
    if told is None:
        return render(request, "mynaportal/no_certificate.html", {"visitor": who, "procedure": shown.in_words(found)})
    answers: dict[str, str] = row.answers
    wrong: dict[str, Text] = {}
    saved = False
    if request.method == "POST":
        today = clock.today(row.realm)
        posted = {field.code: request.POST.get(field.code, "") for field in found.fields}
        answers, wrong = answering.check(found, posted, today=today)
        try:
            applications.save(row, answers)
        except ApplicationNotOpen:
            return redirect("mynaportal:application", reference)
        if "later" in request.POST:
            wrong, saved = {}, True
        elif not wrong:
            return redirect("mynaportal:confirm", reference)
    language = get_language()
    context = {
        "visitor": who,
        "application": row,
        "procedure": shown.in_words(found),
        "applicant": told,
        "fields": [_field(field, answers.get(field.code, ""), wrong.get(field.code)) for field in found.fields],
        "wrong": [(code, sentence.in_language(language)) for code, sentence in wrong.items()],
        "saved": saved,
    }
    return render(request, "mynaportal/form.html", context, status=400 if wrong else 200)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, who: Visitor, reference: uuid.UUID) -> HttpResponse:
    """Show once more what will be signed, and ask the phone."""
    row = _own(who, reference)
    found = shown.procedure(row.procedure)
    told = shown.applicant(who)
    today = clock.today(row.realm)
    answers, wrong = answering.check(found, row.answers, today=today)
    if row.state != State.DRAFT or told is None or wrong:
        return redirect("mynaportal:application", reference)
    problem = ""
    if request.method == "POST":
        state, verifier = visit.new_state(), visit.new_state()
        challenge = delivery.challenge(verifier)
        try:
            asked = applications.send(row, state=state, code_challenge=challenge, language=get_language())
        except ApplicationNotOpen:
            return redirect("mynaportal:application", reference)
        except (ServiceNotRegistered, NoSignatureCertificate, DocumentUnavailable) as error:
            problem = problems.sentence(error.code)
        else:
            about = {"state": state, "verifier": verifier, "application": str(reference)}
            visit.note_ask(request, str(asked.hand_off.id), **about)
            return redirect(asked.address)
    language = get_language()
    context = {
        "visitor": who,
        "application": row,
        "procedure": shown.in_words(found),
        "applicant": told,
        "rows": [
            (field.label.in_language(language), answering.shown(field, answers[field.code], language))
            for field in found.fields
        ],
        "problem": problem,
    }
    return render(request, "mynaportal/confirm.html", context, status=503 if problem else 200)


@signed_in
@require_POST
def withdraw(request: HttpRequest, who: Visitor, reference: uuid.UUID) -> HttpResponse:
    """Take an application back to be changed, while its signature is waited for."""
    applications.withdraw(_own(who, reference))
    return redirect("mynaportal:application", reference)


@signed_in
@require_POST
def discard(request: HttpRequest, who: Visitor, reference: uuid.UUID) -> HttpResponse:
    """Throw a draft away."""
    applications.discard(_own(who, reference))
    return redirect("mynaportal:applications")


@signed_in
@require_safe
def receipt(request: HttpRequest, who: Visitor, reference: uuid.UUID) -> HttpResponse:
    """Hand out the receipt: the application as it was signed and received."""
    row = _own(who, reference)
    if row.receipt is None:
        raise Http404("not filed")
    disposition = f'attachment; filename="{row.number}.pdf"'
    return HttpResponse(
        bytes(row.receipt), content_type="application/pdf", headers={"Content-Disposition": disposition}
    )


def _standing(request: HttpRequest, who: Visitor, row: Application) -> HttpResponse:
    reason = applications.settle(row)
    context = {
        "visitor": who,
        "application": row,
        "procedure": shown.in_words(shown.procedure(row.procedure)),
        "sentence": _outcome(reason),
    }
    return render(request, STANDING[State(row.state)], context)


def _outcome(reason: str) -> str:
    return {
        "declined": _("電子署名を断ったため、申請していません。"),
        "expired": _("時間内に電子署名がなかったため、申請していません。"),
        "another_person": _("サインインしている人と、電子署名をした人が違うため、受け付けられません。"),
        "attributes_changed": _(
            "電子証明書の氏名や住所が申請と違うため、受け付けられません。内容を確かめて、もう一度署名してください。"
        ),
        "wrong_browser": _("別のブラウザで答えられたため、受け付けられません。もう一度署名してください。"),
        "wrong_number": _("確認の番号が合わなかったため、申請していません。"),
    }.get(reason, _("電子署名を受け取れなかったため、申請していません。"))


def _own(who: Visitor, reference: uuid.UUID) -> Application:
    return get_object_or_404(
        Application.objects.select_related("holder__realm", "realm"), reference=reference, holder=who.holder
    )


def _field(field: procedures.Field, value: str, wrong: Any) -> dict[str, Any]:
    language = get_language()
    described = [f"{field.code}-hint"] if field.hint.ja else []
    described += [f"{field.code}-error"] if wrong is not None else []
    return {
        "code": field.code,
        "kind": field.kind.value,
        "label": field.label.in_language(language),
        "hint": field.hint.in_language(language),
        "required": field.required,
        "value": value,
        "error": wrong.in_language(language) if wrong is not None else "",
        "described": " ".join(described),
        "most": field.most,
        "autocomplete": field.autocomplete,
        "choices": [(code, label.in_language(language)) for code, label in field.choices],
    }
