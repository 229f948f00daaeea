"""Sections and pages, of which a case consists, and the conditions on which something is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whitelist.access import CERTIFIED_BY_MINISTERS
from whitelist.cases.fields import NO_TEXT, Answers, Condition, Field, always
from whitelist.register import Text

OPERATOR = "operator"  # no verifier itself: under a platform operator, who is one
USER_AUTHENTICATION, SIGNATURE, ATTRIBUTES = "user_authentication", "signature", "attributes"


@dataclass(frozen=True)
class Page:
    """What is asked at a time. `preview`: what the citizen will see stands beside it."""

    name: str
    title: Text
    fields: tuple[Field, ...]
    lead: Text = NO_TEXT
    asked: Condition = always
    preview: bool = False
    # The page of the applications, whose fields are asked for each.
    blocks: bool = False


@dataclass(frozen=True)
class Section:
    """One section of a case."""

    name: str
    title: Text
    pages: tuple[Page, ...]


def needs_certification(answers: Answers, block: Mapping[str, Any] | None = None) -> bool:
    """Tell whether the legal basis is one by the ministers' certification (article 17(1) items 5 and 6)."""
    return of(answers, "basis").get("item") in CERTIFIED_BY_MINISTERS


def asks(what: str) -> Condition:
    """Return whether the service asks for it: a purpose, or attributes."""
    return lambda answers, block: what in (of(answers, "purposes").get("asks") or [])


def under_operator(answers: Answers, block: Mapping[str, Any]) -> bool:
    return of(answers, "basis").get("item") == OPERATOR


def kind(*kinds: str) -> Condition:
    return lambda answers, block: block.get("kind") in kinds


def way(way: str) -> Condition:
    return lambda answers, block: way in (of(answers, "handoff").get("ways") or [])


def of(answers: Answers, section: str) -> Mapping[str, Any]:
    found = answers.get(section)
    return found if isinstance(found, Mapping) else {}
