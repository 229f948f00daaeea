"""What people type, as it is kept."""

import unicodedata


def kept(typed: str) -> str:
    """Return a text without what no database keeps (NUL, halves of characters), and without space around it."""
    return "".join(one for one in typed if one != "\0" and unicodedata.category(one) != "Cs").strip()
