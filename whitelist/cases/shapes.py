"""A section's answers in two shapes: nested, as everybody reads them, and flat, {path: answer}, as they are merged.

`{"business": {"name": "…"}}` is `{"business.name": "…"}`; the applications, `[{"id": "0a1b2c3d", "kind": "browser"}]`,
are `{"0a1b2c3d.kind": "browser"}`. What is no field is left out, and a field that was never answered stands for none.
"""

from collections.abc import Mapping
from typing import Any

from whitelist.cases import sections
from whitelist.cases.sections import ATTRIBUTES, SIGNATURE, USER_AUTHENTICATION, Section

APPLICATIONS = "applications"


def blocks(answers: Any) -> list[Mapping[str, Any]]:
    """Return the applications that a section's answers hold."""
    return [one for one in answers if isinstance(one, Mapping) and one.get("id")] if isinstance(answers, list) else []


def flat(section: Section, answers: Any) -> dict[str, Any]:
    """Return nested answers as {path: answer}, every field of the section among them."""
    if section.name == APPLICATIONS:
        return {
            f"{block['id']}.{field.name}": block.get(field.name, field.empty)
            for block in blocks(answers)
            for field in sections.fields(section)
        }
    found = {}
    for field in sections.fields(section):
        value = answers
        for part in field.name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        found[field.name] = field.empty if value is None else value
    return found


def nested(section: Section, answers: Mapping[str, Any]) -> Any:
    """Return flat answers in the shape that everybody reads."""
    if section.name == APPLICATIONS:
        found: dict[str, dict[str, Any]] = {}
        for path, value in answers.items():
            block, _, name = path.partition(".")
            found.setdefault(block, {"id": block})[name] = value
        return list(found.values())
    tree: dict[str, Any] = {}
    for path, value in answers.items():
        *parents, name = path.split(".")
        at = tree
        for part in parents:
            at = at.setdefault(part, {})
        at[name] = value
    return tree


def submitted(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return a draft's answers as a version keeps them: nothing that isn't asked, and no purpose that isn't wanted.

    {section: answers}; of an application the fields of its kind, of the purposes null for one that isn't asked for.
    """
    kept: dict[str, Any] = {}
    for section in sections.SECTIONS:
        given = answers.get(section.name)
        pages = [page for page in section.pages if page.asked(answers, {})]
        if section.name == APPLICATIONS:
            kept[section.name] = [
                {"id": block["id"]}
                | {
                    field.name: block.get(field.name, field.empty)
                    for field in sections.fields(section)
                    if field.asked(answers, block)
                }
                for block in blocks(given)
            ]
            continue
        asked = {field.name for page in pages for field in page.fields if field.asked(answers, {})}
        kept[section.name] = nested(
            section, {path: value for path, value in flat(section, given).items() if path in asked}
        )
    purposes = kept["purposes"]
    wanted = purposes.pop("asks", [])
    for purpose in (USER_AUTHENTICATION, SIGNATURE):
        purposes[purpose] = purposes.get(purpose) if purpose in wanted else None
    purposes.setdefault("attributes", [])
    purposes.setdefault("attributes_why", "")
    return kept


def as_draft(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return a version's answers as a draft has them: the purposes say which are asked for."""
    purposes = dict(answers.get("purposes") or {})
    wanted = [one for one in (USER_AUTHENTICATION, SIGNATURE) if purposes.get(one)]
    wanted += [ATTRIBUTES] if purposes.get("attributes") else []
    return {**answers, "purposes": {**purposes, "asks": wanted}}
