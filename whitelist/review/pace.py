"""The clock of a review: working days that an authority has, standing still while a case is returned.

What each authority takes in earnest isn't public (certification is said to take half a year to a year in all), so the
days are settings: REVIEW_MINISTRY_DAYS, REVIEW_REGISTRAR_DAYS.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from ca import clock
from whitelist.models import Case, Review
from whitelist.review import courses, working_days

# From so many working days before the last one, a case is shown as urgent.
SOON = 5


@dataclass(frozen=True)
class Due:
    """The last day of a review, and how many working days are left until then; below zero: overdue."""

    on: date
    left: int

    @property
    def late(self) -> int:
        """Return how many working days it is overdue."""
        return max(-self.left, 0)

    @property
    def standing(self) -> str:
        """Return overdue, soon or in_time: for words and colours."""
        if self.left < 0:
            return "overdue"
        return "soon" if self.left <= SOON else "in_time"


def allowed(authority: str) -> int:
    """Return how many working days an authority has for a case."""
    return settings.REVIEW_MINISTRY_DAYS if authority == Case.Authority.MINISTRY else settings.REVIEW_REGISTRAR_DAYS


def used(case: Case, authority: str) -> int:
    """Return how many working days an authority has had the case in earlier turns; the applicant's don't count."""
    over = Review.objects.filter(case=case, authority=authority, ended_at__isnull=False)
    return sum(working_days.between(clock.day(one.arrived_at), clock.day(one.ended_at)) for one in over if one.ended_at)


def due_on(case: Case, authority: str, *, arrived: datetime) -> date:
    """Return the last day for an authority's review of a case that came to it at `arrived`."""
    return working_days.after(clock.day(arrived), max(allowed(authority) - used(case, authority), 1))


def due(case: Case) -> Due | None:
    """Return what is due, for both sides' screens; None while it is the applicant's turn, or over."""
    if case.state not in (Case.State.SUBMITTED, Case.State.IN_REVIEW):
        return None
    on = case.due_on or due_on(case, courses.turn(case), arrived=case.moved_at)
    return Due(on, working_days.between(clock.today(case.organisation.realm), on))


def begin(case: Case) -> None:
    """Note whose turn a case is and until when, as soon as it is submitted; without an effect on any other.

    The submission calls it in its own transaction; the sweep does so for any that came without.
    """
    if case.state != Case.State.SUBMITTED:
        return
    authority = courses.turn(case)
    on = due_on(case, authority, arrived=case.moved_at)
    mine = Case.objects.filter(pk=case.pk, state=Case.State.SUBMITTED, moved_at=case.moved_at)
    if mine.update(authority=authority, due_on=on):
        case.authority, case.due_on = authority, on


def begin_all() -> int:
    """Note what is due for submitted cases that came without; return how many."""
    found = Case.objects.filter(state=Case.State.SUBMITTED, due_on__isnull=True, versions__isnull=False).distinct()
    cases = list(found.select_related("organisation__realm"))
    for case in cases:
        begin(case)
    return len(cases)
