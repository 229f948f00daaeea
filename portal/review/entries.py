"""The screens of the register's entries: suspend at once, confirm, propose to lift or remove, decide."""

import uuid

from django.conf import settings
from django.db.models import Count
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ca import journal
from portal import downloads, problems
from portal.accounts import access, signing_in
from portal.accounts.access import Right, StaffRequest, requires
from portal.accounts.errors import AccountError
from portal.accounts.views import sentence
from portal.documents import DocumentUnavailable
from portal.review import letters, officers, showing, words
from portal.review.cases import over
from portal.review.errors import EntryUnknown, LetterUnknown, ReviewError
from whitelist.cases.officers import Officer
from whitelist.errors import WhitelistError
from whitelist.models import EntryProposal, RelyingParty, Suspension
from whitelist.review import endings, suspensions
from whitelist.review.errors import ProposalOver, SuspensionOver

State = RelyingParty.State
LIVE_FIRST = (State.SUSPENDED, State.REGISTERED, State.EXPIRED, State.REMOVED, State.DRAFT)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def entries(request: StaffRequest) -> HttpResponseBase:
    """List the register's entries, the suspended first."""
    rows = RelyingParty.objects.filter(realm=request.staff.realm).select_related("organisation")
    found = sorted(rows.annotate(cases_count=Count("cases")), key=lambda row: LIVE_FIRST.index(State(row.state)))
    shown = [{"entry": row, "state": words.ENTRIES[row.state]} for row in found]
    return render(request, "review/entries.html", {"rows": shown})


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def entry(request: StaffRequest, client_id: str) -> HttpResponseBase:
    """Show one entry; the look is in the journal."""
    try:
        found = _find(request, client_id)
    except EntryUnknown as error:
        return over(request, error.code)
    if request.method == "GET":
        journal.record(found.realm, "review.looked_at", found.client_id, by=request.staff.name)
    return _page(request, found)


@requires(Right.SUSPEND)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, client_id: str) -> HttpResponseBase:
    """Do one thing with an entry. All but a proposal, and taking it back, ask for the authenticator's code."""
    if request.method != "POST":
        return redirect("review:entry", client_id=client_id)
    try:
        found = _find(request, client_id)
    except EntryUnknown as error:
        return over(request, error.code)
    verb, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    try:
        if verb in CONFIRMED:
            signing_in.confirm(request.staff, request.POST.get("code", ""))
        _do(found, verb, reason, request.POST.get("seen", ""), officers.of(request.staff))
    except (AccountError, WhitelistError) as error:
        told = sentence(error) if isinstance(error, AccountError) else problems.sentence(error.code)
        wrong = {} if isinstance(error, AccountError) else words.wrong(error.data.get("fields", {}))
        status = problems.CATALOGUE[error.code].status
        found = _find(request, client_id)
        return _page(request, found, problem=told, wrong=wrong, verb=verb, reason=reason, status=status)
    return redirect("review:entry", client_id=client_id)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def letter(request: StaffRequest, client_id: str, reference: uuid.UUID) -> HttpResponseBase:
    """Give the letter of a suspension, PDF."""
    try:
        found = _find(request, client_id)
        if found.organisation is None:
            raise LetterUnknown("nobody to write to")
        suspension = letters.suspension(found.organisation, reference)
        if suspension.entry_id != found.pk:
            raise LetterUnknown("another entry's")
        made = letters.suspension_pdf(suspension, by=request.staff.name)
    except (ReviewError, DocumentUnavailable) as error:
        return over(request, error.code)
    return downloads.response(made, media_type="application/pdf", name=f"{reference}.pdf")


CONFIRMED = frozenset({"suspend", "confirm", "approve"})


def _do(found: RelyingParty, verb: str, reason: str, seen: str, officer: Officer) -> None:
    """Do it, to what the page showed: `seen` is the reference of the suspension or the proposal that stood on it."""
    if verb == "suspend":
        suspensions.suspend(found, by=officer, reason=reason)
    elif verb == "confirm":
        standing = suspensions.of(found)
        if standing is None or str(standing.reference) != seen:
            raise SuspensionOver("another than the page showed")
        standing.entry = found
        suspensions.confirm(standing, by=officer)
    elif verb in EntryProposal.Kind.values:
        suspensions.propose(found, verb, by=officer, reason=reason)
    else:
        proposal = suspensions.proposed(found)
        if proposal is None or str(proposal.reference) != seen:
            raise ProposalOver("another than the page showed")
        proposal.entry = found
        if verb == "approve":
            suspensions.approve(proposal, by=officer)
        elif verb == "retract":
            suspensions.retract(proposal, by=officer)
        else:
            suspensions.decline(proposal, by=officer, reason=reason)


def _find(request: StaffRequest, client_id: str) -> RelyingParty:
    rows = RelyingParty.objects.select_related("realm", "organisation__realm", "logo").defer("logo__content")
    found = rows.filter(realm=request.staff.realm, client_id=client_id.replace("\0", "")).first()
    if found is None:
        raise EntryUnknown("no such entry")
    return found


def _page(
    request: StaffRequest,
    found: RelyingParty,
    *,
    problem: str = "",
    wrong: dict[str, str] | None = None,
    verb: str = "",
    reason: str = "",
    status: int = 200,
) -> HttpResponseBase:
    officer = officers.of(request.staff)
    standing, proposal = suspensions.of(found), suspensions.proposed(found)
    involved = found.organisation_id in officer.organisations
    may = access.allowed(request.staff, Right.SUSPEND) and not involved
    kinds = [kind for kind, states in suspensions.POSSIBLE.items() if found.state in states]
    past = Suspension.objects.filter(entry=found).order_by("-pk")
    context = {
        "entry": found,
        "state": words.ENTRIES[found.state],
        "basis": showing.choice("basis", "item", found.basis),
        "purposes": list(found.purposes.all()),
        "applications": [
            {"row": one, "kind": showing.choice("applications", "kind", one.kind)} for one in found.applications.all()
        ],
        "certifications": list(found.ministerial_certifications.all()),
        "cases": [showing.row(case) for case in showing.named(found.cases.select_related("organisation__realm"))],
        "suspension": standing,
        "suspensions": [{"suspension": one, "state": words.SUSPENSIONS[one.state]} for one in past],
        "proposal": proposal,
        "proposal_kind": words.ENTRY_KINDS[proposal.kind] if proposal else "",
        "own_suspension": standing is not None and standing.by == officer.name,
        "own_proposal": proposal is not None and proposal.proposed_by == officer.name,
        "may": may,
        "involved": involved,
        "may_suspend": may and found.state == State.REGISTERED,
        "kinds": [(kind, words.ENTRY_KINDS[kind]) for kind in kinds] if may and proposal is None else [],
        "hours": f"{settings.REVIEW_SUSPENSION_HOURS:g}",
        "endings": [
            {"ending": one, "kind": words.ENDINGS[one.kind]}
            for one in (endings.upcoming(found.realm, organisation=found.organisation) if found.organisation else ())
            if one.entry.pk == found.pk
        ],
        "history": showing.history(found.realm_id, found.client_id),
        "longest": suspensions.LONGEST,
        "problem": problem,
        "wrong": wrong or {},
        "verb": verb,
        "reason": reason,
    }
    return render(request, "review/entry.html", context, status=status)
