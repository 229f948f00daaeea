"""Mynaportal's pages: parse, one call, render."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ca import clock
from portal import problems
from portal.documents import DocumentUnavailable
from portal.mynaportal import applications, procedures, records, visit
from portal.mynaportal.errors import ApplicationNotOpen, NoSignatureCertificate, ServiceNotRegistered
from portal.mynaportal.models import Application
from portal.mynaportal.procedures import Procedure
from portal.mynaportal.visit import Visitor, signed_in
from portal.notices import texts
from portal.notices.models import Happening
from whitelist.register import Text

State = Application.State
PAGE = 50  # of each list: newest first
# What one sees of an application after it was sent to be signed.
STANDING = {
    State.DRAFT: "mynaportal/sent_back.html",
    State.SIGNING: "mynaportal/waiting.html",
    State.FILED: "mynaportal/filed.html",
}


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the way in, or what one can do."""
    who = visit.visitor(request)
    if who is None:
        ended = request.session.pop(visit.ENDED, "")
        return render(request, "mynaportal/welcome.html", {"ended": ended})
    told = _applicant(who)
    context = {
        "visitor": who,
        "name": told["name"] if told else "",
        "unread": Happening.objects.filter(holder=who.holder, read_at=None).count(),
        "drafts": _listed(who).exclude(state=State.FILED).count(),
    }
    return render(request, "mynaportal/home.html", context)


@never_cache
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Find a procedure by words or category; anybody may."""
    words, category = request.GET.get("q", "")[:100], request.GET.get("category", "")
    if category not in procedures.CATEGORIES:
        category = ""
    language = get_language()
    context = {
        "visitor": visit.visitor(request),
        "words": words,
        "category": category,
        "categories": [(code, name.in_language(language)) for code, name in procedures.CATEGORIES.items()],
        "found": [_shown(one) for one in procedures.search(words, category)],
    }
    return render(request, "mynaportal/find.html", context)


@never_cache
@require_safe
def procedure(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a procedure is for, and the button that begins it."""
    found = _procedure(code)
    language = get_language()
    context = {
        "visitor": visit.visitor(request),
        "procedure": _shown(found),
        "needs": [need.in_language(language) for need in found.needs],
        "questions": [field.label.in_language(language) for field in found.fields],
    }
    return render(request, "mynaportal/procedure.html", context)


@signed_in
@require_POST
def begin(request: HttpRequest, who: Visitor, code: str) -> HttpResponse:
    """Begin an application, or go on with the draft that was left."""
    return redirect("mynaportal:application", applications.begin(who.holder, _procedure(code)).reference)


@signed_in
@require_safe
def listed(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Show one's applications, drafts and filed."""
    language = get_language()
    rows = [
        {"row": row, "name": found.name.in_language(language) if (found := procedures.find(row.procedure)) else ""}
        for row in _listed(who).defer("receipt")[:PAGE]
    ]
    return render(request, "mynaportal/applications.html", {"visitor": who, "applications": rows})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, who: Visitor, reference: uuid.UUID) -> HttpResponse:
    """Fill in a draft; or see where an application stands that was sent to be signed."""
    row = _own(who, reference)
    if row.state != State.DRAFT:
        return _standing(request, who, row)
    found = _procedure(row.procedure)
    told = _applicant(who)
    if told is None:
        return render(request, "mynaportal/no_certificate.html", {"visitor": who, "procedure": _shown(found)})
    answers: dict[str, str] = row.answers
    wrong: dict[str, Text] = {}
    saved = False
    if request.method == "POST":
        today = timezone.localdate(clock.now(row.realm))
        posted = {field.code: request.POST.get(field.code, "") for field in found.fields}
        answers, wrong = procedures.check(found, posted, today=today)
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
        "procedure": _shown(found),
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
    found = _procedure(row.procedure)
    told = _applicant(who)
    today = timezone.localdate(clock.now(row.realm))
    answers, wrong = procedures.check(found, row.answers, today=today)
    if row.state != State.DRAFT or told is None or wrong:
        return redirect("mynaportal:application", reference)
    problem = ""
    if request.method == "POST":
        state = visit.new_state()
        try:
            asked = applications.send(row, state=state, language=get_language())
        except ApplicationNotOpen:
            return redirect("mynaportal:application", reference)
        except (ServiceNotRegistered, NoSignatureCertificate, DocumentUnavailable) as error:
            problem = problems.sentence(error.code)
        else:
            visit.note_ask(request, str(asked.hand_off.id), state=state, application=str(reference))
            return redirect(asked.address)
    language = get_language()
    context = {
        "visitor": who,
        "application": row,
        "procedure": _shown(found),
        "applicant": told,
        "rows": [
            (field.label.in_language(language), procedures.shown(field, answers[field.code], language))
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


@signed_in
@require_safe
def own(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Show what is known of oneself."""
    return render(request, "mynaportal/records.html", {"visitor": who, "records": records.of(who.holder)})


@signed_in
@require_safe
def notices(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Show one's notices, newest first."""
    language = get_language()
    rows = [
        {"row": row, "title": texts.TITLES[row.kind].in_language(language)}
        for row in Happening.objects.filter(holder=who.holder).order_by("-at", "-pk")[:PAGE]
    ]
    return render(request, "mynaportal/notices.html", {"visitor": who, "notices": rows})


@signed_in
@require_safe
def notice(request: HttpRequest, who: Visitor, number: int) -> HttpResponse:
    """Show one notice; it is read from then on."""
    row = get_object_or_404(Happening, pk=number, holder=who.holder)
    Happening.objects.filter(pk=row.pk, read_at=None).update(read_at=clock.now(who.realm))
    letter = texts.of(row)
    language = get_language()
    context = {
        "visitor": who,
        "title": letter.title.in_language(language),
        "what": letter.what.in_language(language),
        "why": letter.why.in_language(language),
        "when": letter.when.in_language(language),
        "facts": [(label.in_language(language), value.in_language(language)) for label, value in letter.facts],
        "advice": [one.in_language(language) for one in letter.advice],
    }
    return render(request, "mynaportal/notice.html", context)


def _standing(request: HttpRequest, who: Visitor, row: Application) -> HttpResponse:
    reason = applications.settle(row)
    context = {
        "visitor": who,
        "application": row,
        "procedure": _shown(_procedure(row.procedure)),
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


def _listed(who: Visitor) -> QuerySet[Application]:
    return Application.objects.filter(holder=who.holder).order_by("-changed_at")


def _own(who: Visitor, reference: uuid.UUID) -> Application:
    return get_object_or_404(
        Application.objects.select_related("holder__realm", "realm"), reference=reference, holder=who.holder
    )


def _applicant(who: Visitor) -> dict[str, str] | None:
    """Return what the forms are filled in with, or None where the holder has no signature certificate."""
    try:
        told = applications.applicant(who.holder)
    except NoSignatureCertificate:
        return None
    language = get_language()
    born = texts.moment_day(told.born_on).in_language(language) if told.born_on else ""
    return {"name": told.name, "address": told.address, "born": born}


def _procedure(code: str) -> Procedure:
    found = procedures.find(code)
    if found is None:
        raise Http404("no such procedure")
    return found


def _shown(found: Procedure) -> dict[str, str]:
    language = get_language()
    return {
        "code": found.code,
        "name": found.name.in_language(language),
        "summary": found.summary.in_language(language),
        "office": found.office.in_language(language),
        "category": procedures.CATEGORIES[found.category].in_language(language),
    }


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
