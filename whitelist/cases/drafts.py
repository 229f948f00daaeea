"""Drafts: a case is opened and written in, field by field, by several people at once.

Whoever saves says at which edition they read each field. A field that nobody else has changed since is saved; one
that somebody has isn't: both values stand until somebody who has seen both decides. Nothing that was typed is lost.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from ca import clock, journal
from whitelist.cases import fields, sections, shapes
from whitelist.cases.errors import (
    CaseNotEditable,
    CaseOpenAlready,
    EntryNotChangeable,
    FieldUnknown,
    TooManyApplications,
)
from whitelist.cases.sections import Section
from whitelist.cases.states import EDITABLE, OPEN
from whitelist.models import Case, CaseSection, CaseVersion, Organisation, RelyingParty

MOST_APPLICATIONS = 20
CHANGEABLE = frozenset({RelyingParty.State.REGISTERED, RelyingParty.State.SUSPENDED, RelyingParty.State.EXPIRED})


@dataclass(frozen=True)
class Conflict:
    """A field that was changed by somebody else since it was read: what each has."""

    field: str
    mine: Any
    theirs: Any
    by: str


@dataclass(frozen=True)
class Saved:
    """How a section stands after a saving. `others`: fields that somebody else has changed since, and their values."""

    edition: int
    conflicts: tuple[Conflict, ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)
    # Whether anything of the draft is other than before.
    changed: bool = False


def open(organisation: Organisation, by: str) -> Case:
    """Open a case for a new entry. What is known of the organisation stands in it."""
    known = {
        "name_ja": organisation.name_ja,
        "name_en": organisation.name_en,
        "corporate_number": organisation.corporate_number,
    }
    with transaction.atomic():
        return _open(organisation, by, {"organisation": known}, entry=None)


def open_change(entry: RelyingParty, by: str) -> Case:
    """Open a case that changes an entry, with what the entry has now. The entry stays as it is meanwhile.

    Raise `EntryNotChangeable`, `CaseOpenAlready`.
    """
    from whitelist.cases import entries

    organisation = entry.organisation
    if organisation is None or entry.realm_id != organisation.realm_id or entry.state not in CHANGEABLE:
        raise EntryNotChangeable("the entry isn't in the register, or is nobody's or a workspace's")
    try:
        with transaction.atomic():
            case = _open(organisation, by, {}, entry=entry)
            answers = entries.answers(entry, case, by)
            CaseVersion.objects.create(
                case=case, number=0, answers=answers, submitted_by=by, submitted_at=case.opened_at
            )
            for row in case.sections.all():
                CaseSection.objects.filter(pk=row.pk).update(answers=shapes.as_draft(answers).get(row.name, {}))
            return case
    except IntegrityError:
        standing = Case.objects.get(relying_party=entry, state__in=OPEN)
        raise CaseOpenAlready("a change is under way", reference=str(standing.reference)) from None


def answers(case: Case) -> dict[str, Any]:
    """Return the draft's answers, {section: nested answers}, as they stand in the database."""
    standing = dict(CaseSection.objects.filter(case=case).values_list("name", "answers"))
    return {name: standing.get(name, {}) for name in sections.NAMES}


def save(
    case: Case,
    section: str,
    edition: int,
    changes: Mapping[str, Any],
    by: str,
    *,
    bases: Mapping[str, int] | None = None,
    settled: Collection[str] = (),
) -> Saved:
    """Save changed fields, {path: answer}, that were read at `edition`, or each at what `bases` says of it.

    `settled` are those where the writer has seen what others typed, and has decided: the others' is forgotten. Raise
    `CaseNotEditable`, `FieldUnknown`, `AnswerTooLong`; then nothing is saved.
    """
    found = _section(section)
    plain = {path: _tidy(found, path, value) for path, value in changes.items()}
    with transaction.atomic():
        row, now = _claim(case, section)
        flat = shapes.flat(found, row.answers)
        conflicts, applied = [], {}
        for path, value in plain.items():
            base = (bases or {}).get(path, edition)
            if path not in flat:
                _revive(row, flat, path, base)
            touched, who = row.touched.get(path, [0, ""])
            if flat[path] != value and touched > base:
                row.disputed.setdefault(path, {})[by] = value
                conflicts.append(Conflict(path, value, flat[path], who))
                continue
            if flat[path] != value:
                applied[path] = value
            _settle(row, path, by, others=path in settled)
        # Only what is really changed makes an edition.
        if applied:
            row.edition += 1
            flat |= applied
            row.touched |= {path: [row.edition, by] for path in applied}
        _write(row, shapes.nested(found, flat), by, now)
    others = {
        path: flat[path]
        for path, (touched, _) in row.touched.items()
        if path in flat and path not in plain and touched > edition
    }
    return Saved(row.edition, tuple(conflicts), others, changed=bool(applied))


def add_application(case: Case, kind: str, by: str) -> str:
    """Add an application of a kind; return its block's name. Raise `TooManyApplications`, `CaseNotEditable`."""
    found = _section(shapes.APPLICATIONS)
    block = secrets.token_hex(4)
    kinds = next(one for one in sections.fields(found) if one.name == "kind")
    if kind not in dict(kinds.choices):
        raise FieldUnknown("no such kind of application", field="kind")
    with transaction.atomic():
        row, now = _claim(case, shapes.APPLICATIONS)
        flat = shapes.flat(found, row.answers)
        if len(shapes.blocks(row.answers)) >= MOST_APPLICATIONS:
            raise TooManyApplications("as many applications as a case may have", most=MOST_APPLICATIONS)
        flat |= {f"{block}.{one.name}": one.empty for one in sections.fields(found)} | {f"{block}.kind": kind}
        row.edition += 1
        _write(row, shapes.nested(found, flat), by, now)
    return block


def remove_application(case: Case, block: str, by: str) -> None:
    """Take an application out. Should somebody still write in it who hasn't seen this, it comes back whole."""
    found = _section(shapes.APPLICATIONS)
    with transaction.atomic():
        row, now = _claim(case, shapes.APPLICATIONS)
        flat = shapes.flat(found, row.answers)
        gone = {path: value for path, value in flat.items() if path.startswith(f"{block}.")}
        if not gone:
            return
        row.edition += 1
        row.removed[block] = [row.edition, gone]
        row.disputed = {path: told for path, told in row.disputed.items() if path not in gone}
        left = {path: value for path, value in flat.items() if path not in gone}
        _write(row, shapes.nested(found, left), by, now)


def _open(organisation: Organisation, by: str, known: Mapping[str, Any], *, entry: RelyingParty | None) -> Case:
    now = clock.now(organisation.realm)
    journal.take(organisation.realm)
    case = Case.objects.create(
        organisation=organisation,
        relying_party=entry,
        changes_entry=entry is not None,
        opened_by=by,
        opened_at=now,
        moved_at=now,
    )
    empty = {section.name: shapes.nested(section, shapes.flat(section, known.get(section.name))) for section in
             sections.SECTIONS}  # fmt: skip
    CaseSection.objects.bulk_create(CaseSection(case=case, name=name, answers=each) for name, each in empty.items())
    told = {"entry": entry.client_id} if entry else {}
    journal.record(organisation.realm, "case.opened", str(case.reference), by=by, **told)
    return case


def _section(name: str) -> Section:
    found = sections.find(name)
    if found is None:
        raise FieldUnknown("no such section", section=name)
    return found


def _tidy(section: Section, path: str, value: Any) -> Any:
    asked = sections.field_of(section, path)
    if asked is None:
        raise FieldUnknown("no such field", section=section.name, field=path)
    return fields.tidy(asked, value)


def _claim(case: Case, section: str) -> tuple[CaseSection, datetime]:
    """Return the section, to be written by nobody else and in no submitted case until the transaction ends."""
    if not Case.objects.filter(pk=case.pk, state__in=EDITABLE).update(state=F("state")):
        raise CaseNotEditable("the case isn't a draft any more")
    return CaseSection.objects.get(case=case, name=section), clock.now(case.organisation.realm)


def _revive(row: CaseSection, flat: dict[str, Any], path: str, base: int) -> None:
    """Bring back an application that was taken out after the writer read it."""
    block = path.partition(".")[0]
    edition, gone = row.removed.get(block, [0, {}])
    if edition <= base:
        raise FieldUnknown("that application was taken out", section=row.name, field=path)
    flat |= gone
    del row.removed[block]


def _settle(row: CaseSection, path: str, by: str, *, others: bool) -> None:
    """Forget what the writer had typed against the value that stands, and what others had where that is decided."""
    told = row.disputed.get(path, {})
    told.pop(by, None)
    if others or not told:
        row.disputed.pop(path, None)


def _write(row: CaseSection, nested: Any, by: str, now: datetime) -> None:
    row.answers, row.edited_by, row.edited_at = nested, by, now
    row.save(update_fields=["answers", "edition", "edited_by", "edited_at", "touched", "disputed", "removed"])
