"""What the insurer says of an insured person. There is no insurer here: the answer is made of the number and the age.

In earnest the online qualification system is asked, with the user authentication certificate as the proof of consent.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

# Symbol and number of the insured person, as they stand on the insurer's notice: 記号・番号.
_INSURED = re.compile(r"[0-9]{1,8}-[0-9]{1,8}")
# A number that the sample's insurer doesn't insure any more.
LAPSED = "0-0"


@dataclass(frozen=True)
class Insurance:
    """Whether somebody is insured today, and the share in tenths that they pay themselves."""

    valid: bool
    share: int


def tidy(insured: str) -> str:
    """Return symbol and number as they are kept; empty where they are none."""
    plain = unicodedata.normalize("NFKC", insured).replace("・", "-").replace("ー", "-").replace(" ", "")
    return plain if _INSURED.fullmatch(plain) else ""


def check(insured: str, born_on: date, today: date) -> Insurance:
    """Return the answer of today: children under school age and people over 70 pay less."""
    age = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    share = 1 if age >= 75 else 2 if age >= 70 or age < 6 else 3
    return Insurance(insured != LAPSED, share)
