"""Codes that a person copies from paper or a screen: to enrol with, and for the day the authenticator is lost."""

import secrets
import unicodedata

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that reads like something else; 5 bits each


def new(length: int) -> str:
    """Return a new code, as it is kept."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def written(code: str, group: int = 5) -> str:
    """Return a code as a person reads it: in groups of so many characters."""
    return "-".join(code[at : at + group] for at in range(0, len(code), group))


def plain(typed: str) -> str:
    """Return a code as it is kept, however it was typed."""
    return "".join(one for one in unicodedata.normalize("NFKC", typed).upper() if one.isalnum())
