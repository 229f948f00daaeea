"""Letters: what was decided, for the applicant, as PDF: certified, registered, returned, refused, suspended."""

import uuid
from typing import Any

from django.conf import settings

from ca import clock, journal
from portal import documents
from portal.review.errors import LetterUnknown
from whitelist.cases import sections
from whitelist.models import Case, Organisation, Proposal, RelyingParty, Suspension

# A decision's letter, by what was decided.
TEMPLATES = {
    Proposal.Kind.CERTIFY: "documents/review_certified.html",
    Proposal.Kind.REGISTER: "documents/review_registered.html",
    Proposal.Kind.RETURN: "documents/review_returned.html",
    Proposal.Kind.REFUSE: "documents/review_refused.html",
}
SUSPENDED = "documents/review_suspended.html"
SENDERS = {
    Case.Authority.MINISTRY: "主務大臣（デジタル庁・総務省）",
    Case.Authority.REGISTRAR: "地方公共団体情報システム機構",
}


def of(case: Case) -> list[Proposal]:
    """Return the decisions of a case that have a letter, oldest first."""
    return list(
        Proposal.objects.filter(review__case=case, state=Proposal.State.APPROVED).select_related("review__version")
    )


def decision(case: Case, reference: uuid.UUID) -> Proposal:
    """Return a decision of a case. Raises LetterUnknown."""
    rows = Proposal.objects.filter(reference=reference, review__case=case, state=Proposal.State.APPROVED)
    found = rows.select_related("review__version").first()
    if found is None:
        raise LetterUnknown("no such decision")
    return found


def suspension(organisation: Organisation, reference: uuid.UUID) -> Suspension:
    """Return a suspension of an organisation's entry. Raises LetterUnknown."""
    rows = Suspension.objects.filter(reference=reference, entry__organisation=organisation)
    found = rows.select_related("entry__organisation__realm").first()
    if found is None:
        raise LetterUnknown("no such suspension")
    return found


def suspensions(entry: RelyingParty) -> list[Suspension]:
    """Return the suspensions of an entry, newest first."""
    return list(Suspension.objects.filter(entry=entry).order_by("-pk"))


def pdf(case: Case, found: Proposal, *, by: str) -> bytes:
    """Return a decision's letter, and write down who had it. Raises `DocumentUnavailable`."""
    answers = found.review.version.answers
    remarks = [
        {**one, "label": sections.label(one["section"], one["field"]).ja, "title": _title(one["section"])}
        for one in found.remarks
    ]
    context = {
        **_common(case.organisation, found.decided_at, str(found.reference)),
        "sender": SENDERS[Case.Authority(found.review.authority)],
        "service": answers.get("service") or {},
        "case": case,
        "proposal": found,
        "remarks": remarks,
        "entry": case.relying_party,
    }
    made = documents.pdf(TEMPLATES[Proposal.Kind(found.kind)], context)
    told = {"proposal": str(found.reference), "by": by}
    journal.record(case.organisation.realm, "review.letter", str(case.reference), **told)
    return made


def suspension_pdf(found: Suspension, *, by: str) -> bytes:
    """Return the letter of a suspension, and write down who had it. Raises LetterUnknown for nobody's entry."""
    organisation = found.entry.organisation
    if organisation is None:
        raise LetterUnknown("nobody to write to")
    context = {
        **_common(organisation, found.at, str(found.reference)),
        "sender": SENDERS[Case.Authority.REGISTRAR],
        "service": {"name_ja": found.entry.name_ja, "name_en": found.entry.name_en},
        "suspension": found,
        "entry": found.entry,
        "hours": f"{settings.REVIEW_SUSPENSION_HOURS:g}",
    }
    made = documents.pdf(SUSPENDED, context)
    journal.record(found.entry.realm, "review.letter", found.entry.client_id, suspension=str(found.reference), by=by)
    return made


def _common(organisation: Organisation, at: Any, reference: str) -> dict[str, Any]:
    day = clock.day(at)
    return {
        "organisation": organisation,
        "day": day,
        "day_ja": f"{day.year}年{day.month}月{day.day}日",
        "reference": reference,
        "test": settings.SANDBOX,
    }


def _title(name: str) -> str:
    section = sections.find(name)
    return section.title.ja if section else name
