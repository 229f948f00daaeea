"""Ends of validity, by birthdays and anniversaries in Japan."""

from datetime import UTC, date, datetime, timedelta, timezone

from ca import clock, profiles

JST = timezone(timedelta(hours=9), "JST")
# First day of Reiwa, Heisei, Showa, Taisho; before them is Meiji.
_ERAS = ((date(2019, 5, 1), "5"), (date(1989, 1, 8), "4"), (date(1926, 12, 25), "3"), (date(1912, 7, 30), "2"))


def birthday(born_on: date, year: int) -> date:
    """Return the birthday in a year. Born on 29 February counts as the 28th, as for the card itself [L]."""
    day = 28 if (born_on.month, born_on.day) == (2, 29) else born_on.day
    return date(year, born_on.month, day)


def end_of_card_life(issued_at: datetime, born_on: date) -> datetime:
    """Return 23:59:59 in Japan on the fifth birthday after the day of issue (facts 1.4), in UTC."""
    issued_on = clock.day(issued_at)
    first = issued_on.year if birthday(born_on, issued_on.year) > issued_on else issued_on.year + 1
    return end_of_day(birthday(born_on, first + profiles.BIRTHDAYS - 1))


def end_of_authority_life(issued_at: datetime) -> datetime:
    """Return 23:59:59 in Japan on the day before the tenth anniversary (facts 1.1), in UTC."""
    issued_on = clock.day(issued_at)
    anniversary = birthday(issued_on, issued_on.year + profiles.AUTHORITY_YEARS)
    return end_of_day(anniversary - timedelta(days=1))


def end_of_day(day: date) -> datetime:
    """Return 23:59:59 in Japan of a day, in UTC."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=JST).astimezone(UTC)


def era_date(day: date) -> str:
    """Return EYYYYMMDD of a day: era's digit, then the Gregorian date (facts 1.3)."""
    era = next((digit for start, digit in _ERAS if day >= start), "1")
    return era + day.strftime("%Y%m%d")
