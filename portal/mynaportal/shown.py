"""What several pages show: a procedure in words, who applies, whose applications there are."""

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import get_language

from portal.mynaportal import applications, procedures
from portal.mynaportal.errors import NoSignatureCertificate
from portal.mynaportal.models import Application
from portal.mynaportal.procedures import Procedure
from portal.mynaportal.visit import Visitor
from portal.notices import texts

PAGE = 50  # of each list: newest first


def listed(who: Visitor) -> QuerySet[Application]:
    """Return the visitor's applications, the last changed first."""
    return Application.objects.filter(holder=who.holder).order_by("-changed_at")


def applicant(who: Visitor) -> dict[str, str] | None:
    """Return what the forms are filled in with, or None where the holder has no signature certificate."""
    try:
        told = applications.applicant(who.holder)
    except NoSignatureCertificate:
        return None
    language = get_language()
    born = texts.moment_day(told.born_on).in_language(language) if told.born_on else ""
    return {"name": told.name, "address": told.address, "born": born}


def procedure(code: str) -> Procedure:
    """Return the procedure of that code. Raises Http404."""
    found = procedures.find(code)
    if found is None:
        raise Http404("no such procedure")
    return found


def in_words(found: Procedure) -> dict[str, str]:
    """Return what a procedure is, in the page's language."""
    language = get_language()
    return {
        "code": found.code,
        "name": found.name.in_language(language),
        "summary": found.summary.in_language(language),
        "office": found.office.in_language(language),
        "category": procedures.CATEGORIES[found.category].in_language(language),
    }
