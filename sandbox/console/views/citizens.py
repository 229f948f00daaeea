"""The workspace's citizens and their cards: ten personas that are alike everywhere, and own ones."""

import uuid
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from ca import messages
from ca.models import Certificate
from sandbox import cards, citizens
from sandbox.citizens import Wish
from sandbox.console import standing, words
from sandbox.console.access import ACTORS, WorkspaceRequest, page, shown, typed
from sandbox.errors import SandboxError
from sandbox.models import Citizen
from sandbox.personas import Card
from tsm.models import Enrolment

LONGEST = 60


@page()
def listing(request: WorkspaceRequest) -> HttpResponseBase:
    """Show everybody of the workspace, each with card and certificates."""
    return _listing(request, {})


@page("POST", acts=True)
@sensitive_variables("wish")
def make(request: WorkspaceRequest) -> HttpResponseBase:
    """Make a citizen of one's own, with a card that the authorities certify."""
    given = {name: typed(request, name, LONGEST) for name in ("name", "romaji", "card")}
    try:
        condition = Card(given["card"] or Card.GOOD)
    except ValueError:
        condition = Card.GOOD
    wish = Wish(name=given["name"] or None, romaji=given["romaji"] or None, card=condition)
    try:
        made = citizens.make(request.workspace.realm, wish)
    except SandboxError as error:
        context = {"typed": given, "problem": words.sentence(error.code), "problem_field": error.data.get("field", "")}
        return _listing(request, context, status=400)
    _card, asked = cards.make(made)
    messages.send("ca.issue", [one.pk for one in asked])
    return redirect("workspace:citizen", request.membership.organisation.reference, made.reference)


@page()
def one(request: WorkspaceRequest, citizen: uuid.UUID) -> HttpResponseBase:
    """Show one citizen: who, the card and its passwords, every certificate, the phones."""
    found = citizens.find(request.workspace.realm, citizen)
    if found is None:
        raise Http404("no such citizen in the workspace")
    rows = Certificate.objects.filter(realm=found.realm, holder=found.holder_id).select_related("realm", "linked_to")
    enrolments = Enrolment.objects.filter(holder=found.holder_id).select_related("phone").order_by("-pk")
    acts = request.membership.role in ACTORS
    context = {
        "citizen": found,
        "condition": words.CARDS[found.condition],
        "card": citizens.card_of(found),
        "secrets": citizens.secrets_of(found) if acts else None,
        "certificates": [standing.shown(each) for each in rows.order_by("-pk")],
        "enrolments": [{"row": each, "state": words.ENROLMENTS[each.state]} for each in enrolments],
    }
    return shown(request, "workspace/citizen.html", context)


def _listing(request: WorkspaceRequest, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    realm = request.workspace.realm
    found = list(citizens.of(realm))
    holders = [citizen.holder_id for citizen in found]
    of_cards = standing.of_holders(realm, holders, "card")
    active = dict(
        Enrolment.objects.filter(realm=realm, state=Enrolment.State.ACTIVE).values_list("holder_id", "phone__name")
    )

    def row(citizen: Citizen) -> dict[str, Any]:
        return {
            "citizen": citizen,
            "condition": words.CARDS[citizen.condition],
            "certificates": of_cards.get(citizen.holder_id, []),
            "phone": active.get(citizen.holder_id, ""),
        }

    rows = [row(citizen) for citizen in found]
    context = {
        "personas": [each for each in rows if each["citizen"].version],
        "own": [each for each in rows if not each["citizen"].version],
        "conditions": [(each.value, words.CARDS[each]) for each in citizens.CONDITIONS],
        **context,
    }
    return shown(request, "workspace/citizens.html", context, status=status)
