"""Citizens' objections at the help desk: which wait, and that somebody looked. The answer is `portal.certificates`'."""

import uuid

from django.db.models import QuerySet

from ca import journal
from portal.accounts.models import Account
from portal.certificates import objections
from portal.certificates.models import Objection
from portal.helpdesk.errors import ObjectionUnknown


def waiting(agent: Account) -> QuerySet[Objection]:
    """Return the objections of the agent's realm that wait for an answer, oldest first."""
    return objections.open_ones(agent.realm)


def look(agent: Account, reference: uuid.UUID) -> Objection:
    """Return an objection to somebody who is to answer it; the look is journaled. Raises ObjectionUnknown."""
    found = find(agent, reference)
    journal.record(
        agent.realm,
        "helpdesk.objection_looked_at",
        str(found.holder.reference),
        staff=agent.name,
        objection=str(found.reference),
        reason="objection",
    )
    return found


def find(agent: Account, reference: uuid.UUID) -> Objection:
    """Return an objection of the agent's realm, answered or not. Raises ObjectionUnknown."""
    found = (
        Objection.objects.filter(realm=agent.realm, reference=reference)
        .select_related("realm", "holder", "phone", "hand_off__relying_party")
        .first()
    )
    if found is None:
        raise ObjectionUnknown("no such objection")
    return found
