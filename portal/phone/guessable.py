"""What somebody who knows a holder's birthday tries first: its usual spellings.

The page needs them to refuse them, because a password never leaves the phone. They go only into a page of the phone's
own session, which may see the holder's birthday anyway, as its certificate's basic information; and no answer comes
back, so the server never learns whether one was tried. A digest of them would hide nothing: there are 10,000 PINs.
"""

from datetime import date

# First day, letter and year before the first of each era that a living holder may be born in.
ERAS = (
    (date(2019, 5, 1), "R", 2018),
    (date(1989, 1, 8), "H", 1988),
    (date(1926, 12, 25), "S", 1925),
    (date(1912, 7, 30), "T", 1911),
)


def spellings(born_on: date) -> list[str]:
    """Return the ways to write a birthday that a PIN (4 digits) or a password (6 to 10 characters) may have, sorted."""
    month, day = f"{born_on.month:02}", f"{born_on.day:02}"
    bare = f"{born_on.month}{born_on.day}"
    year = f"{born_on.year:04}"
    years = {year[2:]}
    found = {year, month + day, day + month, bare, year + month + day, day + month + year, month + day + year}
    found.add(year + bare)
    era = next(((letter, born_on.year - before) for first, letter, before in ERAS if born_on >= first), None)
    if era is not None:
        letter, number = era
        years |= {f"{number:02}", f"{number}"}
        found |= {f"{letter}{number:02}{month}{day}", f"{letter}{number}{bare}", f"{letter}{year}"}
    for short in years:
        found |= {short + month, month + short, short + day, short + bare, bare + short}
        found |= {short + month + day, month + day + short, day + month + short}
    return sorted(one for one in found if len(one) == 4 or 6 <= len(one) <= 10)
