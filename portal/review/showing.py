"""A case as officers see it: answers with what changed, signs to look at, the check list, the history."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT

from ca.models import JournalEntry
from portal.accounts.models import Account
from portal.review import words
from portal.review.errors import CaseUnknown
from portal.review.words import said
from whitelist.cases import lookalikes, sections, shapes, versions
from whitelist.cases.fields import Kind
from whitelist.models import Attachment, Case, CaseVersion, Proposal, Review
from whitelist.review import check_list, courses, pace

NEWEST = 60  # lines of history
SUBMITTED = Case.State.values[1:]  # all but the draft


@dataclass
class Answer:
    """One field: its path, what it is called, what was answered, and what stood there before where that differs."""

    path: str
    label: str
    value: str
    changed: bool = False
    before: str = ""
    file: uuid.UUID | None = None


@dataclass
class Section:
    """One section, with its answers in groups: the applications are a group each."""

    name: str
    title: str
    groups: list[list[Answer]] = field(default_factory=list)
    gone: list[Answer] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Return how many of its fields differ from what is compared with."""
        return sum(answer.changed for group in self.groups for answer in group) + len(self.gone)


@dataclass(frozen=True)
class Event:
    """One line of the history."""

    at: datetime
    what: str
    who: str
    more: str


def find(account: Account, reference: uuid.UUID) -> Case:
    """Return a submitted case of the officer's realm. Raises CaseUnknown."""
    rows = Case.objects.select_related("organisation__realm", "relying_party__realm")
    found = rows.filter(reference=reference, organisation__realm=account.realm).first()
    # Withdrawn as a draft, nothing of it was ever the officers' to see.
    if found is None or not found.versions.filter(number__gt=0).exists():
        raise CaseUnknown("no such case")
    return found


def compared(case: Case, version: CaseVersion) -> tuple[CaseVersion | None, str]:
    """Return what a version is compared with, and which that is: last (the version before), entry, or nothing."""
    earlier = case.versions.filter(number__lt=version.number, number__gt=0).order_by("-number").first()
    if earlier is not None:
        return earlier, "last"
    live = courses.entered(case)
    return live, "entry" if live is not None else ""


def answers(case: Case, version: CaseVersion, before: CaseVersion | None) -> list[Section]:
    """Return a version's sections; what differs from `before` says what stood there."""
    differing = {}
    if before is not None:
        differing = {(one.section, one.field): one for one in versions.compare(before.answers, version.answers)}
    files = {str(one.reference): one for one in Attachment.objects.filter(case=case).defer("content")}
    found = []
    for section in sections.SECTIONS:
        flat = shapes.flat(section, version.answers.get(section.name))
        shown = Section(section.name, said(section.title))
        groups: dict[str, list[Answer]] = {}
        for path, value in flat.items():
            difference = differing.pop((section.name, path), None)
            if not value and difference is None:
                continue
            block = path.partition(".")[0] if section.name == shapes.APPLICATIONS else ""
            answer = Answer(path, said(sections.label(section.name, path)), _told(section, path, value, files))
            file = files.get(value) if isinstance(value, str) else None
            answer.file = file.reference if file else None
            if difference is not None:
                answer.changed, answer.before = True, _told(section, path, difference.before, files)
            groups.setdefault(block, []).append(answer)
        shown.groups = list(groups.values())
        for (name, path), one in list(differing.items()):
            if name == section.name and one.before:
                told = _told(section, path, one.before, files)
                shown.gone.append(Answer(path, said(sections.label(name, path)), told))
        found.append(shown)
    return found


def fields(version: CaseVersion) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return what a remark may be on: (section, its title, [(path, label)])."""
    found = []
    for section in sections.SECTIONS:
        flat = shapes.flat(section, version.answers.get(section.name))
        blocks: list[str] = []
        named = []
        for path, value in flat.items():
            label = said(sections.label(section.name, path))
            if section.name == shapes.APPLICATIONS:
                block = path.partition(".")[0]
                if block not in blocks:
                    blocks.append(block)
                if not value:
                    continue
                label = f"{blocks.index(block) + 1}: {label}"
            named.append((path, label))
        found.append((section.name, said(section.title), named))
    return found


def signs(case: Case, version: CaseVersion) -> dict[str, Any]:
    """Return what programs found: look-alikes in the register, the conformance report, probe results."""
    service = version.answers.get("service") or {}
    names = [str(service.get(name) or "") for name in ("name_ja", "name_en")]
    return {
        "imitated": lookalikes.imitated(case.organisation, *names),
        "conformance": version.conformance,
    }


def check_items(review: Review) -> list[dict[str, Any]]:
    """Return the check list as a form: each item that is asked, with the answer that stands."""
    standing = check_list.standing(review)
    return [
        {
            "code": item.code,
            "ask": said(item.ask),
            "how": said(item.how),
            "answer": standing.get(item.code),
            "fine": item.code in standing and standing[item.code].answer in check_list.FINE,
            "word": words.ANSWERS[standing[item.code].answer] if item.code in standing else None,
        }
        for item in check_list.asked(review)
    ]


def decisions(case: Case) -> list[Proposal]:
    """Return what was proposed for a case, oldest first."""
    return list(Proposal.objects.filter(review__case=case).select_related("review__version"))


def history(realm_id: int, *subjects: object) -> list[Event]:
    """Return what the journal says of a case or an entry, newest first."""
    rows = JournalEntry.objects.filter(
        realm_id=realm_id, subject__in=[str(one) for one in subjects], kind__in=words.HISTORY
    )
    found: list[Event] = []
    for one in rows.order_by("-sequence")[: 2 * NEWEST]:
        event = _event(one)
        # Somebody who looks again and again is one line.
        again = one.kind == "review.looked_at" and found and (found[-1].what, found[-1].who) == (event.what, event.who)
        if not again:
            found.append(event)
    return found[:NEWEST]


def choice(section: str, name: str, code: str) -> str:
    """Return what a code of the register is called where a case asks for it, in the reader's language."""
    found = sections.find(section)
    asked = [one for one in sections.fields(found) if one.name == name] if found else []
    return next((said(label) for one in asked for known, label in one.choices if known == code), code)


def named(rows: QuerySet[Case]) -> QuerySet[Case]:
    """Return the cases, each with its service's name by the newest version: an organisation may have several."""
    versions_ = CaseVersion.objects.filter(case=OuterRef("pk")).order_by("-number")
    return rows.annotate(service=Subquery(versions_.annotate(name=KT("answers__service__name_ja")).values("name")[:1]))


def service(version: CaseVersion) -> str:
    """Return what a version calls its service, in Japanese as the organisation's name is."""
    return str((version.answers.get("service") or {}).get("name_ja") or "")


def row(case: Case) -> dict[str, Any]:
    """Return a case as a line of a list; it asks the database nothing when it is noted what is due."""
    due = pace.due(case)
    return {
        "case": case,
        "service": getattr(case, "service", ""),  # of those that came by `named`
        "state": words.CASES[case.state],
        "authority": words.AUTHORITIES.get(case.authority, ""),
        "due": due,
        "due_word": words.DUE[due.standing] if due else None,
    }


def _event(entry: JournalEntry) -> Event:
    data: Mapping[str, Any] = entry.data
    more = data.get("reason") or data.get("reasons") or ""
    if entry.kind == "review.proposed":
        more = words.KINDS.get(str(data.get("what")), "")
    elif entry.kind == "register.lift" and data.get("cause") == "not_confirmed":
        more = words.SUSPENSIONS["lapsed"].label
    elif data.get("version"):
        more = more or f"v{data['version']}"
    return Event(entry.at, str(words.HISTORY[entry.kind]), str(data.get("by") or ""), str(more))


def _told(section: sections.Section, path: str, value: Any, files: Mapping[str, Attachment]) -> str:
    known = sections.field_of(section, path)
    choices = {code: said(text) for code, text in known.choices} if known else {}
    if isinstance(value, list):
        return "\n".join(choices.get(str(one), str(one)) for one in value)
    if known is not None and known.kind is Kind.FILE:
        file = files.get(str(value))
        return file.name if file else ""
    return choices.get(str(value), str(value)) if value else ""
