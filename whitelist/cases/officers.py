"""Who reviews: an officer of one authority, as the domain knows them."""

from dataclasses import dataclass, field

from whitelist.models import Case


@dataclass(frozen=True)
class Officer:
    """An officer, by account name, with the organisations that they belong to: on these they decide nothing."""

    name: str
    authority: Case.Authority
    organisations: frozenset[int] = field(default_factory=frozenset)
