"""The phone's pages about notices, one thing a page; and in the pretend world, the mails that nobody sent."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ca.models import Holder
from portal.documents import DocumentUnavailable
from portal.notices import contacts, letters, outbox, texts
from portal.notices.errors import CodeOver, NoticesError
from portal.notices.models import Happening, KeptMail, Notice
from portal.phone.session import active_enrolment, phone_of
from portal.problems import CATALOGUE
from tsm.models import Phone

SHOWN = 20  # of each in the list of the pretend world
RECENT = 5


@never_cache
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Show where notices go, and the last ones."""
    found = _holder(request)
    if found is None:
        return redirect("phone:home")
    phone, holder = found
    language = get_language()
    rows = Happening.objects.filter(holder=holder).order_by("-at", "-pk")[:RECENT]
    context = {
        "phone": phone,
        "contact": contacts.of(holder),
        "mails": outbox.mails(),
        "recent": [{"at": row.at, "title": texts.TITLES[row.kind].in_language(language)} for row in rows],
    }
    return render(request, "notices/notices.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """Ask for a mail address, and send a code to it."""
    found = _holder(request)
    if found is None:
        return redirect("phone:home")
    phone, holder = found
    problem, typed = "", request.POST.get("address", "")
    if request.method == "POST":
        try:
            contacts.send_code(holder, typed)
        except NoticesError as error:
            problem = contacts.sentence(error)
        else:
            return redirect("notices:code")
    context = {"phone": phone, "typed": typed, "problem": problem, "contact": contacts.of(holder)}
    return render(request, "notices/address.html", context, status=400 if problem else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was sent."""
    found = _holder(request)
    if found is None:
        return redirect("phone:home")
    phone, holder = found
    pending = contacts.pending(holder)
    problem, over = "", pending is None
    if request.method == "POST":
        try:
            contacts.confirm(holder, request.POST.get("code", ""))
        except NoticesError as error:
            problem, over = contacts.sentence(error), isinstance(error, CodeOver)
        else:
            return redirect("notices:notices")
    elif pending is None:
        return redirect("notices:address")
    context = {"phone": phone, "pending": pending, "problem": problem, "over": over}
    return render(request, "notices/code.html", context, status=400 if problem else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Ask whether mails shall stop; letters come instead."""
    found = _holder(request)
    if found is None:
        return redirect("phone:home")
    phone, holder = found
    contact = contacts.of(holder)
    if request.method == "POST":
        contacts.remove(holder)
    if request.method == "POST" or contact is None:
        return redirect("notices:notices")
    return render(request, "notices/stop.html", {"phone": phone, "contact": contact})


@never_cache
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Show what was told in the pretend world: mails that a server would have sent, letters that would be printed."""
    rows = Notice.objects.filter(
        channel=Notice.Channel.LETTER, happening__realm__slug=settings.DEFAULT_REALM
    ).select_related("happening", "holder")
    told: list[dict[str, Any]] = [
        {"notice": row, "title": texts.TITLES[row.happening.kind]} for row in rows.order_by("-pk")[:SHOWN]
    ]
    return render(request, "notices/kept.html", {"mails": KeptMail.objects.all()[:SHOWN], "letters": told})


@never_cache
@require_safe
def letter(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a letter of the pretend world as it would be printed."""
    notice = get_object_or_404(
        Notice.objects.select_related("happening", "holder"),
        reference=reference,
        channel=Notice.Channel.LETTER,
        happening__realm__slug=settings.DEFAULT_REALM,
    )
    try:
        made = letters.document(notice)
    except DocumentUnavailable as error:
        raise Http404(CATALOGUE[error.code].title) from None
    return HttpResponse(made, content_type="application/pdf")


def _holder(request: HttpRequest) -> tuple[Phone, Holder] | None:
    """Return the phone in hand and whose certificates it has in use; None when there are none."""
    phone = phone_of(request)
    enrolment = active_enrolment(phone) if phone is not None else None
    return (phone, enrolment.holder) if phone is not None and enrolment is not None else None
