"""Working days: the holidays by rule are those that the government published."""

from datetime import date, timedelta

import pytest

from whitelist.review import working_days

# 国民の祝日 of the Cabinet Office's list, with 休日 by article 3.
PUBLISHED = {
    2024: "01-01 01-08 02-11 02-12 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-22 09-23 10-14 "
    "11-03 11-04 11-23",
    2025: "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-23 "
    "11-24",
    2026: "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23",
    2027: "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_holidays_are_the_published_ones(year: int) -> None:
    assert sorted(f"{day:%m-%d}" for day in working_days.holidays(year)) == PUBLISHED[year].split()


def test_a_day_between_two_holidays_is_one() -> None:
    assert date(2032, 9, 21) in working_days.holidays(2032)  # between the aged's day and the equinox
    assert date(2026, 9, 22) in working_days.holidays(2026)


def test_outside_its_years_it_says_so() -> None:
    for year in (2021, 2100):
        with pytest.raises(ValueError, match="rules"):
            working_days.holidays(year)


def test_the_turn_of_the_year_is_no_time_to_work() -> None:
    closed = [date(2026, 12, 29) + timedelta(days=number) for number in range(6)]
    assert not any(map(working_days.is_working, closed))
    assert working_days.is_working(date(2026, 12, 28))
    assert working_days.is_working(date(2027, 1, 4))


@pytest.mark.parametrize(
    ("start", "number", "end"),
    [
        ("2026-11-27", 0, "2026-11-27"),
        ("2026-11-27", 1, "2026-11-30"),  # a Friday
        ("2026-12-28", 1, "2027-01-04"),
        ("2026-04-28", 1, "2026-04-30"),
        ("2026-05-01", 1, "2026-05-07"),  # golden week, with the substitute for the 3rd
        ("2026-09-18", 2, "2026-09-25"),
    ],
)
def test_days_are_counted_from_the_next_working_day(start: str, number: int, end: str) -> None:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    assert working_days.after(first, number) == last
    assert working_days.between(first, last) == number
    assert working_days.between(last, first) == -number
