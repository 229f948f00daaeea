"""The spellings of a birthday that a PIN or a password must not be."""

from datetime import date

import pytest

from portal.phone.guessable import spellings


@pytest.mark.parametrize(
    ("born_on", "spelt"),
    [
        # Gregorian: month and day either way, year, year and month; Heisei 2.
        (
            date(1990, 4, 12),
            {"0412", "1204", "1990", "9004", "0490", "0204", "19900412", "900412", "H020412", "020412"},
        ),
        (date(1955, 7, 21), {"0721", "2107", "1955", "5507", "3007", "S300721", "300721"}),
        (date(2003, 12, 31), {"1231", "3112", "2003", "0312", "1512", "H151231", "20031231"}),
        (date(2001, 2, 28), {"0228", "2802", "0102", "H130228", "2001228"}),
        # The first day of an era is its own; the day before isn't.
        (date(2019, 5, 1), {"R010501", "0105"}),
        (date(2019, 4, 30), {"H310430", "3104"}),
    ],
)
def test_the_usual_spellings_are_among_them(born_on: date, spelt: set[str]) -> None:
    assert spelt <= set(spellings(born_on))


@pytest.mark.parametrize("born_on", [date(1990, 4, 12), date(1955, 7, 21), date(1908, 1, 1), date(2024, 2, 29)])
def test_they_are_few_so_that_hardly_a_pin_is_lost_and_of_the_two_lengths(born_on: date) -> None:
    found = spellings(born_on)
    assert len([one for one in found if len(one) == 4]) < 25
    assert all(len(one) == 4 or 6 <= len(one) <= 10 for one in found)
    assert found == sorted(set(found))
