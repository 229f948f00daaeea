"""Versions: what was submitted and when, and the difference between any two, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whitelist.cases import sections, shapes
from whitelist.models import Case, CaseVersion


@dataclass(frozen=True)
class Difference:
    """One field that differs. `added` and `removed`: the whole application, of which this is a field, came or went."""

    section: str
    field: str
    before: Any
    after: Any
    added: bool = False
    removed: bool = False


def of(case: Case) -> list[CaseVersion]:
    """Return the versions that were submitted, oldest first."""
    return list(case.versions.exclude(number=0))


def find(case: Case, number: int) -> CaseVersion | None:
    """Return a version by its number; 0 is what the entry had when a change of it was begun."""
    return case.versions.filter(number=number).first()


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return what differs between two versions' answers, in the order of the fields."""
    found = []
    for section in sections.SECTIONS:
        old, new = _flat(section, before), _flat(section, after)
        gone, come = _blocks(old) - _blocks(new), _blocks(new) - _blocks(old)
        for path in dict.fromkeys([*old, *new]):
            one, other = old.get(path), new.get(path)
            if (one or None) == (other or None):
                continue
            block = path.partition(".")[0] if section.name == shapes.APPLICATIONS else ""
            found.append(Difference(section.name, path, one, other, added=block in come, removed=block in gone))
    return found


def changed_sections(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """Return which sections differ: what the review of a change has to look at."""
    return frozenset(one.section for one in compare(before, after))


def baseline(case: Case) -> CaseVersion | None:
    """Return what a case is to be compared with: of a change, what the entry has; else nothing."""
    return find(case, 0) if case.changes_entry else None


def _flat(section: sections.Section, answers: Mapping[str, Any]) -> dict[str, Any]:
    given = answers.get(section.name)
    found = shapes.flat(section, given)
    if section.name == "purposes":
        # A version says null for a purpose that isn't asked for; what the draft calls `asks` follows from the rest.
        found.pop("asks", None)
    return found


def _blocks(flat: Mapping[str, Any]) -> set[str]:
    return {path.partition(".")[0] for path in flat}
