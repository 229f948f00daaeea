"""Who calls: a holder by what a caller can say, and never a list of the population.

A birth date or a name must be among at least two items, because these two have an index: of a hundred million holders,
some thousands share a birthday or the commonest name, and a few both. What the index leaves is read once and compared
here with what else was said; only of those that still fit it is looked up whether they have a phone.
"""

from dataclasses import dataclass
from datetime import date

from ca import journal
from ca.models import Holder
from portal.accounts.models import Account
from portal.helpdesk import names
from portal.helpdesk.errors import SearchTooVague, SearchTooWide
from tsm.models import Enrolment

SHOWN = 5
# More than share any birthday or any name among all of Japan's card holders.
READ = 10_000
# For so many it is looked up whether they have a phone, and which: with more, what was said says too little.
COMPARED = 500


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
    few = found if found is not None and len(found) <= SHOWN else None
    journal.record(agent.realm, "helpdesk.searched", agent.name, items=items, found=-1 if few is None else len(few))
    if few is None:
        raise SearchTooWide("more fit than may be shown")
    return few


def _fitting(agent: Account, said: Said) -> list[Holder] | None:
    """Return who fits; None when so many share what was said that they aren't even compared."""
    name, address, model = names.name_key(said.name), names.address_key(said.address), names.plain(said.model)
    read = _by_index(agent, said)
    fit = {
        holder.pk: holder
        for holder in read
        if (not name or names.name_key(holder.name) == name)
        and (not address or address in names.address_key(holder.address))
    }
    if len(read) > READ or len(fit) > COMPARED:
        return None
    phones = Enrolment.objects.filter(realm=agent.realm, holder__in=list(fit)).values_list("holder_id", "phone__name")
    having = {holder for holder, phone in phones if model in names.plain(phone)}
    return [holder for pk, holder in fit.items() if pk in having]


def _by_index(agent: Account, said: Said) -> list[Holder]:
    """Return who shares what has an index: more than READ of them when there are more."""
    holders = (
        Holder.objects.filter(realm=agent.realm).only("pk", "reference", "name", "address", "born_on").order_by("pk")
    )
    named = holders.filter(name__in=names.written_forms(said.name))
    if said.born_on is None:
        return list(named[: READ + 1])
    # A name that the register writes in a form that isn't made here is still found among those born on that day.
    born = holders.filter(born_on=said.born_on)
    return list(named.filter(born_on=said.born_on)[: READ + 1]) or list(born[: READ + 1])
