"""The officers' desk: what waits for whom, what is due, what ends."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from ca import clock
from portal.accounts.access import Right, StaffRequest, requires
from portal.review import officers, showing, words
from whitelist.models import Case, EntryProposal, Proposal
from whitelist.review import endings, pace, suspensions

NEWEST = 20
State = Case.State


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def desk(request: StaffRequest) -> HttpResponseBase:
    """Show what waits: for this authority and for others, proposals, suspensions, and what ends soon."""
    pace.begin_all()
    officer, realm = officers.of(request.staff), request.staff.realm
    rows = showing.named(Case.objects.filter(organisation__realm=realm))
    rows = rows.select_related("organisation__realm", "relying_party")
    open_ = [
        {
            **showing.row(case),
            "own": case.authority == officer.authority,
            "involved": case.organisation_id in officer.organisations,
        }
        for case in rows.filter(state__in=[State.SUBMITTED, State.IN_REVIEW]).order_by("due_on", "moved_at", "pk")
    ]
    away = rows.filter(state=State.RETURNED).order_by("moved_at", "pk")
    over = rows.filter(state__in=[State.APPROVED, State.REFUSED]).order_by("-moved_at", "-pk")[:NEWEST]
    context = {
        "authority": words.AUTHORITIES[officer.authority],
        "ours": [one for one in open_ if one["own"]],
        "theirs": [one for one in open_ if not one["own"]],
        "proposals": _proposals(officer.name, officer.authority, realm.pk),
        "returned": [showing.row(case) for case in away],
        "decided": [showing.row(case) for case in over],
        "unconfirmed": [{"suspension": one, "own": one.by == officer.name} for one in suspensions.unconfirmed(realm)],
        "entry_proposals": [
            {"proposal": one, "kind": words.ENTRY_KINDS[one.kind], "own": one.proposed_by == officer.name}
            for one in EntryProposal.objects.filter(
                entry__realm=realm, state=EntryProposal.State.PROPOSED
            ).select_related("entry")
        ],
        "endings": [
            {"ending": one, "kind": words.ENDINGS[one.kind], "tone": _tone(one.days)}
            for one in endings.upcoming(realm)[:NEWEST]
        ],
        "now": clock.now(realm),
    }
    return render(request, "review/desk.html", context)


def _proposals(name: str, authority: str, realm: int) -> list[dict[str, Any]]:
    rows = Proposal.objects.filter(
        review__case__organisation__realm=realm,
        review__authority=authority,
        review__case__state=State.IN_REVIEW,
        state=Proposal.State.PROPOSED,
    ).select_related("review__case__organisation", "review__version")
    return [
        {
            "proposal": one,
            "service": showing.service(one.review.version),
            "kind": words.KINDS[one.kind],
            "own": one.proposed_by == name,
        }
        for one in rows
    ]


def _tone(days: int) -> str:
    return "error" if days <= 30 else "warning" if days <= 60 else "quiet"
