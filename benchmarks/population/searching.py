"""The officers' searches among the population, by each thing that they can search by: what is there, and what isn't."""

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

# Two items at least, one of them name or birth date (portal.helpdesk.finding).
PAIRS = (
    ("name", "born_on"),
    ("name", "address"),
    ("name", "model"),
    ("born_on", "address"),
    ("born_on", "model"),
    ("name", "born_on", "address", "model"),
)
NOBODY = {
    "name": "不在　無子",
    "born_on": date(1901, 1, 1).isoformat(),
    "address": "どこにもない町９９",
    "model": "x-phone",
}


def measure(book: Any, everybody: Any) -> None:
    """Measure the help desk's searches and calls, and the console's finding."""
    some = _holders()
    _searches(book, everybody.browsers["sakura"], some)
    _finding(book, everybody.browsers["kaede"], some)


def _holders() -> Iterator[Any]:
    """Give enrolments of the population, again and again."""
    from tsm.models import Enrolment

    chosen = Enrolment.objects.filter(pk__gte=10_001, state="active").order_by("pk")
    return iter(list(chosen.select_related("holder", "phone", "element")[:50]) * 100)


def _searches(book: Any, agent: Any, some: Iterator[Any]) -> None:
    from django.urls import reverse

    def search(fields: tuple[str, ...], missing: str = "") -> None:
        one = next(some)
        values = {
            "name": one.holder.name,
            "born_on": one.holder.born_on.isoformat(),
            "address": one.holder.address[-8:],
            "model": one.phone.name,
        }
        if missing:
            values[missing] = NOBODY[missing]
        _answered(agent.post(reverse("helpdesk:search"), {field: values[field] for field in fields}))

    for fields in PAIRS:
        name = " and ".join(fields)
        book.measure("officer", f"help desk, by {name}", lambda fields=fields: search(fields))
        for missing in fields:
            book.measure(
                "officer",
                f"help desk, by {name}, nobody with that {missing}",
                lambda fields=fields, missing=missing: search(fields, missing),
            )
    book.measure("officer", "help desk, by too little", lambda: search(("address", "model")))

    def open_(reference: uuid.UUID) -> None:
        _answered(agent.post(reverse("helpdesk:open"), {"holder": str(reference), "reason": "question"}))

    book.measure("officer", "help desk, a call about a holder by reference", lambda: open_(next(some).holder.reference))
    book.measure("officer", "help desk, a call about nobody", lambda: open_(uuid.uuid4()))


def _finding(book: Any, operator: Any, some: Iterator[Any]) -> None:
    from django.urls import reverse

    from tsm.models import Conversation

    def find(what: str, status: int = 302) -> None:
        answer = operator.get(reverse("console:find"), {"what": what})
        if answer.status_code != status:
            raise SystemExit(f"console:find answered {answer.status_code} to {what}")

    def session() -> str:
        return str(Conversation.objects.filter(element=next(some).element).values_list("reference", flat=True)[0])

    there = {
        "an enrolment's number": lambda: str(next(some).reference),
        "a phone's number": lambda: str(next(some).phone.reference),
        "a session's number": session,
        "an element's number": lambda: next(some).element.identifier,
    }
    for name, number in there.items():
        book.measure("officer", f"console, find by {name}", lambda number=number: find(number()))
    book.measure("officer", "console, find a number that nobody has", lambda: find(str(uuid.uuid4()), 404))
    book.measure("officer", "console, find an element that isn't there", lambda: find("4200" + "00" * 8, 404))
    book.measure("officer", "console, find what is no number", lambda: find("no number", 404))


def _answered(response: Any) -> None:
    if response.status_code not in (200, 302, 400, 404, 409, 422):
        raise SystemExit(f"the help desk answered {response.status_code}")
