"""Working days in Japan: Monday to Friday, without national holidays and the turn of the year.

The holidays follow from the Act on National Holidays (昭和23年法律第178号, articles 2, 3) as it reads since 2022; the
equinoxes from the almanac's formula, good until 2099. Offices of the state are closed from 29 December to 3 January
(行政機関の休日に関する法律, article 1). Days are Japan's calendar days.
"""

from datetime import date, timedelta
from functools import lru_cache

FIRST_YEAR, LAST_YEAR = 2022, 2099  # of the rules, and of the formula

_DAY = timedelta(days=1)
_MONDAY, _SUNDAY = 0, 6
# (month, day): always that day.
_FIXED = ((1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23))
# (month, which Monday of it).
_MONDAYS = ((1, 2), (7, 3), (9, 3), (10, 2))


@lru_cache
def holidays(year: int) -> frozenset[date]:
    """Return the national holidays of a year, with substitute holidays and days between. Raise ValueError outside."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the rules are known for {FIRST_YEAR} to {LAST_YEAR}, not for {year}")
    named = {date(year, month, day) for month, day in _FIXED}
    named |= {_monday(year, month, number) for month, number in _MONDAYS}
    named |= {_equinox(year, 3, 20.8431), _equinox(year, 9, 23.2488)}
    found = set(named)
    for day in named:
        # Article 3(2): for one on a Sunday, the next day that is no holiday.
        if day.weekday() == _SUNDAY:
            other = day + _DAY
            while other in named:
                other += _DAY
            found.add(other)
        # Article 3(3): a day between two holidays. The next holiday's neighbours are those of the same year.
        if day + 2 * _DAY in named and day + _DAY not in named:
            found.add(day + _DAY)
    return frozenset(found)


def is_working(day: date) -> bool:
    """Tell whether the state's offices work on a day."""
    if day.weekday() >= 5 or (day.month, day.day) in ((12, 29), (12, 30), (12, 31), (1, 2), (1, 3)):
        return False
    return day not in holidays(day.year)


def after(day: date, number: int) -> date:
    """Return the `number`th working day after a day, which itself doesn't count (民法140条); 0: the day itself."""
    for _ in range(number):
        day += _DAY
        while not is_working(day):
            day += _DAY
    return day


def between(first: date, last: date) -> int:
    """Return how many working days there are after `first` up to and with `last`; below zero when it lies before."""
    if last < first:
        return -between(last, first)
    return sum(is_working(first + number * _DAY) for number in range(1, (last - first).days + 1))


def _monday(year: int, month: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(_MONDAY - first.weekday()) % 7 + 7 * (number - 1))


def _equinox(year: int, month: int, base: float) -> date:
    # The usual approximation for 1980 to 2099; the almanac (暦要項) of the year before makes it official.
    return date(year, month, int(base + 0.242194 * (year - 1980)) - (year - 1980) // 4)
