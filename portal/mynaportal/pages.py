"""Mynaportal's pages but those of an application: parse, one call, render."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ca import clock
from portal.mynaportal import procedures, records, shown, visit
from portal.mynaportal.models import Application
from portal.mynaportal.visit import Visitor, signed_in
from portal.notices import texts
from portal.notices.models import Happening

State = Application.State


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the way in, or what one can do."""
    who = visit.visitor(request)
    if who is None:
        ended = request.session.pop(visit.ENDED, "")
        return render(request, "mynaportal/welcome.html", {"ended": ended})
    told = shown.applicant(who)
    context = {
        "visitor": who,
        "name": told["name"] if told else "",
        "unread": Happening.objects.filter(holder=who.holder, read_at=None).count(),
        "drafts": shown.listed(who).exclude(state=State.FILED).count(),
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
        "found": [shown.in_words(one) for one in procedures.search(words, category)],
    }
    return render(request, "mynaportal/find.html", context)


@never_cache
@require_safe
def procedure(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a procedure is for, and the button that begins it."""
    found = shown.procedure(code)
    language = get_language()
    context = {
        "visitor": visit.visitor(request),
        "procedure": shown.in_words(found),
        "needs": [need.in_language(language) for need in found.needs],
        "questions": [field.label.in_language(language) for field in found.fields],
    }
    return render(request, "mynaportal/procedure.html", context)


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
        for row in Happening.objects.filter(holder=who.holder).order_by("-at", "-pk")[: shown.PAGE]
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
