"""The corporate number (法人番号): thirteen digits of which the first checks the others."""

import re
import unicodedata

_THIRTEEN = re.compile(r"[1-9][0-9]{12}")


def plain(typed: str) -> str:
    """Return a number as it is kept, however it was typed: half width, without spaces, hyphens or a leading T.

    The T stands before the number of a qualified invoice issuer, which is the corporate number otherwise.
    """
    value = re.sub(r"[\s‐-―−ー－-]", "", unicodedata.normalize("NFKC", typed))
    return value[1:] if re.fullmatch(r"[Tt][0-9]{13}", value) else value


def is_valid(number: str) -> bool:
    """Tell whether a number in its plain form has the check digit that belongs to it."""
    return _THIRTEEN.fullmatch(number) is not None and int(number[0]) == check_digit(number[1:])


def check_digit(digits: str) -> int:
    """Return the check digit of the twelve digits of a basic number.

    Order for the Designation of Corporate Numbers, article 2: 9 - (sum of P_n x Q_n) mod 9, where P_n is the n-th
    digit from the right, and Q_n is 1 for an odd n and 2 for an even one.
    """
    total = sum(int(digit) * (1 if n % 2 else 2) for n, digit in enumerate(reversed(digits), start=1))
    return 9 - total % 9
