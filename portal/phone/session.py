"""Which phone this browser stands in for: the session's present one, and those that it used before."""

from django.http import Http404, HttpRequest

from tsm.authentication import of_session
from tsm.models import Phone

PRESENT = "phone"
USED = "phones"


def phone_of(request: HttpRequest) -> Phone | None:
    """Return the session's phone, or None when none was chosen."""
    return of_session(request)


def phone_or_404(request: HttpRequest) -> Phone:
    """Return the session's phone; a page that belongs to a phone doesn't exist without one."""
    phone = phone_of(request)
    if phone is None:
        raise Http404("no phone chosen in this session")
    return phone


def other_phones(request: HttpRequest) -> list[Phone]:
    """Return the phones that this browser used before, without the present one."""
    used = [reference for reference in request.session.get(USED, []) if reference != request.session.get(PRESENT)]
    return list(Phone.objects.filter(reference__in=used)) if used else []


def take_up(request: HttpRequest, phone: Phone) -> None:
    """Make a phone the session's present one."""
    reference = str(phone.reference)
    request.session[PRESENT] = reference
    used = request.session.get(USED, [])
    if reference not in used:
        request.session[USED] = [*used, reference]
