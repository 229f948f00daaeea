"""What the notes of one piece of work are about, said once for all of them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class About:
    """The references that a note gets where it names none itself."""

    hand_off: uuid.UUID | str | None = None
    enrolment: uuid.UUID | str | None = None
    phone: uuid.UUID | str | None = None
    by: str = ""  # in whose hands the chip is: "page", "tsm", "driver", …


_NOTHING = About()
_ABOUT: ContextVar[About | None] = ContextVar("about", default=None)


def current() -> About:
    """Return what is said now."""
    return _ABOUT.get() or _NOTHING


@contextmanager
def about(
    *,
    hand_off: uuid.UUID | str | None = None,
    enrolment: uuid.UUID | str | None = None,
    phone: uuid.UUID | str | None = None,
    by: str = "",
) -> Iterator[None]:
    """Let every note within belong to these, unless it says otherwise; within another `about`, add to it."""
    given = {name: value for name, value in locals().items() if value}
    token = _ABOUT.set(replace(current(), **given))
    try:
        yield
    finally:
        _ABOUT.reset(token)
