"""What may be shown as it is: a text that a reader sees whole, and sees as it will be signed."""

import unicodedata

from portal.handoff.errors import DocumentUnacceptable

LONGEST_DOCUMENT = 100_000
LONGEST_NAME = 100

# Characters that make a text look other than it is: controls, and those that turn the direction of writing (UAX #9).
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn"})
_SEEN_CONTROLS = frozenset("\t\n\r")
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check(text: str, member: str, *, longest: int, one_line: bool = False) -> None:
    """Raise `DocumentUnacceptable` unless the citizen will see all of `text`, and see it as it is."""
    if not text.strip():
        raise DocumentUnacceptable(f"{member} is empty", member=member)
    if len(text) > longest:
        raise DocumentUnacceptable(f"{member} is longer than {longest} characters", member=member)
    seen = frozenset() if one_line else _SEEN_CONTROLS
    for position, character in enumerate(text):
        if character in seen:
            continue
        if unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _DIRECTION:
            raise DocumentUnacceptable(
                f"{member} has U+{ord(character):04X} at {position}: a reader wouldn't see it as it is", member=member
            )
