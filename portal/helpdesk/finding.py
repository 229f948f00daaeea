"""Who calls: a holder by what a caller can say, and never a list of the population.

A birth date or a name must be among at least two items, because these two have an index: of ten million holders, some
four hundred share a birthday and some hundreds the commonest name. What the index leaves is read once, and compared
here with what else was said.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from ca import journal
from ca.models import Holder
from portal.accounts.models import Account
from portal.helpdesk import names
from portal.helpdesk.errors import SearchTooVague, SearchTooWide
from tsm.models import Enrolment

SHOWN = 5
# More than share any birthday among all of Japan's card holders.
READ = 5_000
# For so many phones are compared; beyond, the other items say too little.
COMPARED = 200


@dataclass(frozen=True)
class Said:
    """What the caller said, each item empty when they said nothing of it."""

    name: str = ""
    born_on: date | None = None
    address: str = ""
    model: str = ""

    @property
    def items(self) -> list[str]:
        """Return the names of the items that were said."""
        given = {
            "name": bool(names.name_key(self.name)),
            "born_on": self.born_on is not None,
            "address": len(names.address_key(self.address)) > 1,  # one character says nothing
            "model": bool(names.plain(self.model)),
        }
        return [item for item, was_said in given.items() if was_said]


def find(agent: Account, said: Said) -> list[Holder]:
    """Return the few holders of the agent's realm that fit, who have or had a phone enrolled; journaled.

    Raises SearchTooVague, SearchTooWide. The journal has which items were used and how many fit, not what was said.
    """
    items = said.items
    if len(items) < 2 or not {"name", "born_on"} & set(items):
        raise SearchTooVague("two items at least, one of them name or birth date")
    found = _fitting(agent, said)
    journal.record(
        agent.realm, "helpdesk.searched", agent.name, items=items, found=len(found) if len(found) <= SHOWN else -1
    )
    if len(found) > SHOWN:
        raise SearchTooWide("more fit than may be shown")
    return found


def _fitting(agent: Account, said: Said) -> list[Holder]:
    name, address, model = names.name_key(said.name), names.address_key(said.address), names.plain(said.model)
    candidates = [
        holder
        for holder in _by_index(agent, said)[:READ]
        if (not name or names.name_key(holder.name) == name)
        and (not address or address in names.address_key(holder.address))
    ]
    if not model or len(candidates) > COMPARED:
        return candidates
    phones = Enrolment.objects.filter(realm=agent.realm, holder__in=candidates).values_list("holder_id", "phone__name")
    having = {holder for holder, phone in phones if model in names.plain(phone)}
    return [holder for holder in candidates if holder.pk in having]


def _by_index(agent: Account, said: Said) -> QuerySet[Holder]:
    holders = Holder.objects.filter(realm=agent.realm)
    if said.born_on is not None:
        holders = holders.filter(born_on=said.born_on)
    else:
        holders = holders.filter(name__in=names.written_forms(said.name))
    enrolled = Enrolment.objects.filter(holder=OuterRef("pk"))
    return holders.filter(Exists(enrolled)).only("pk", "reference", "name", "address", "born_on").order_by("pk")
