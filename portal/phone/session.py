"""Which phone this browser stands in for: the session's present one, and those that it used before."""

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest

from ca.models import Realm
from tsm import enrolment as enrolments
from tsm.authentication import of_session
from tsm.errors import EnrolmentUnknown
from tsm.models import Enrolment, Phone

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


def enrolment_or_404(request: HttpRequest, reference: uuid.UUID) -> tuple[Phone, Enrolment]:
    """Return the session's phone and its enrolment of that reference; another phone's doesn't exist here."""
    phone = phone_or_404(request)
    try:
        return phone, enrolments.find(phone, reference)
    except EnrolmentUnknown:
        raise Http404("no such enrolment on this phone") from None


def active_enrolment(phone: Phone) -> Enrolment | None:
    """Return the phone's newest enrolment where it is in use, or None."""
    found = enrolments.current(phone)
    return found if found is not None and found.state == Enrolment.State.ACTIVE else None


def realm_of(request: HttpRequest) -> Realm | None:
    """Return the realm of the session's phone, in which its holder's other phones and cards are; else the site's own.

    None where the site has no realm yet.
    """
    phone = phone_of(request)
    return phone.realm if phone is not None else Realm.objects.filter(slug=settings.DEFAULT_REALM).first()


def other_phones(request: HttpRequest) -> list[Phone]:
    """Return the phones that this browser used before, without the present one."""
    used = [reference for reference in request.session.get(USED, []) if reference != request.session.get(PRESENT)]
    return list(Phone.objects.filter(reference__in=used)) if used else []


def take_up(request: HttpRequest, phone: Phone) -> None:
    """Make a phone the session's present one, under another name: who knew the session before has no phone by it."""
    reference = str(phone.reference)
    if request.session.session_key:
        request.session.cycle_key()
    request.session[PRESENT] = reference
    used = request.session.get(USED, [])
    if reference not in used:
        request.session[USED] = [*used, reference]
