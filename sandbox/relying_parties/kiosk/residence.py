"""The certificate of residence, and the resident it is about, who is invented.

A municipality's register of residents knows its residents' cards: so we are asked with the number of the card's user
authentication certificate. Ours has no residents; whoever comes is given a household, the same for the same number.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

FAMILIES = ("見本", "試験", "例示", "仮名")
GIVEN = ("一郎", "花", "葉月", "大和", "光", "桜子")
TOWNS = ("若葉町", "桜台", "丘の上", "川端町")


@dataclass(frozen=True)
class Person:
    """One person of a household. `relation` is to its head (住民票の続柄)."""

    name: str
    born_on: date
    relation: str


@dataclass(frozen=True)
class Household:
    """Where, since when, and who lives there: the one who asked first, as its head."""

    address: str
    since: date
    persons: tuple[Person, ...]


def household(card_number: str) -> Household:
    """Return the invented household of whose card has the number (hex)."""
    seed = hashlib.sha256(card_number.encode()).digest()
    family = FAMILIES[seed[0] % len(FAMILIES)]
    born = 1950 + seed[1] % 50
    head = Person(f"{family}　{GIVEN[seed[2] % len(GIVEN)]}", date(born, 1 + seed[3] % 12, 1 + seed[4] % 28), "世帯主")
    child = Person(f"{family}　{GIVEN[(seed[2] + 1) % len(GIVEN)]}", date(born + 30, 1 + seed[5] % 12, 15), "子")
    address = f"東京都草薙市{TOWNS[seed[6] % len(TOWNS)]}{1 + seed[7] % 9}番地{1 + seed[8] % 30}".translate(WIDE)
    return Household(address, date(2010 + seed[9] % 14, 4, 1), (head, child))


@dataclass(frozen=True)
class Order:
    """What is to stand on the paper: the whole household or one person, and whether relations do."""

    number: str
    date: str
    whole: bool
    relations: bool


WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_ERAS = ((date(2019, 5, 1), "令和"), (date(1989, 1, 8), "平成"), (date(1926, 12, 25), "昭和"))


def era(day: date) -> str:
    """Return a day by the Japanese calendar: 令和8年4月1日."""
    begin, name = next(((begin, name) for begin, name in _ERAS if day >= begin), _ERAS[-1])
    year = day.year - begin.year + 1
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日".translate(WIDE)
