"""The sections of a case, and their fields: what is asked, as data.

The real forms aren't public (jpki-facts 5.2): this follows the briefing of 2022-06, article 17 of the Act, and what the
register keeps. A section is merged and versioned as a whole; its pages are what is asked at a time.
"""

from collections.abc import Mapping

from whitelist.cases.fields import Field
from whitelist.cases.pages import (
    ATTRIBUTES,
    OPERATOR,
    SIGNATURE,
    USER_AUTHENTICATION,
    Page,
    Section,
    needs_certification,
)
from whitelist.cases.questions import applications, contacts, organisation, security, service
from whitelist.register import Text

__all__ = [
    "ATTRIBUTES",
    "NAMES",
    "OPERATOR",
    "PAGES",
    "SECTIONS",
    "SIGNATURE",
    "USER_AUTHENTICATION",
    "Page",
    "Section",
    "field_of",
    "fields",
    "find",
    "label",
    "needs_certification",
]

SECTIONS: tuple[Section, ...] = (
    organisation.ORGANISATION,
    organisation.BASIS,
    organisation.CERTIFICATION,
    service.SERVICE,
    service.PURPOSES,
    applications.APPLICATIONS,
    applications.HANDOFF,
    security.SECURITY,
    contacts.CONTACTS,
    contacts.SURVEY,
)
NAMES = tuple(section.name for section in SECTIONS)
_BY_NAME = {section.name: section for section in SECTIONS}
PAGES: Mapping[str, tuple[Section, Page]] = {
    page.name: (section, page) for section in SECTIONS for page in section.pages
}


def find(name: str) -> Section | None:
    """Return the section of that name."""
    return _BY_NAME.get(name)


def fields(section: Section) -> tuple[Field, ...]:
    """Return every field of a section; of the applications', those that each has."""
    return tuple(field for page in section.pages for field in page.fields)


def label(section: str, field: str) -> Text:
    """Return what a field is called, by its path; for one that there is no more, the path itself."""
    found = _BY_NAME.get(section)
    name = field.partition(".")[2] if section == "applications" else field
    for one in fields(found) if found else ():
        if one.name == name:
            return one.label
    return Text(field, field)


def field_of(section: Section, path: str) -> Field | None:
    """Return the field that a path of the section's answers leads to: `kind`, `business.name`, `<block>.origin`."""
    if section.name == "applications":
        block, _, path = path.partition(".")
        if not block or not all(one in "0123456789abcdef" for one in block) or len(block) != 8:
            return None
    return next((one for one in fields(section) if one.name == path), None)
