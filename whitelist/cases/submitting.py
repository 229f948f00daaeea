"""Submitting: what is missing or wrong, by section and field; then one version for one submission."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from ca import clock
from whitelist.cases import conformance, drafts, fields, sections, shapes, states
from whitelist.cases.errors import CaseChanged, CaseIncomplete
from whitelist.cases.sections import OPERATOR, Page, Section
from whitelist.models import Attachment, Case, CaseRemark, CaseVersion, RelyingParty
from whitelist.register import Text
from whitelist.review import pace


@dataclass(frozen=True)
class Missing:
    """One field that isn't as it must be, the page it is on, and a sentence that says what is wrong with it."""

    section: str
    page: str
    field: str
    sentence: Text


def check(case: Case) -> list[Missing]:
    """Return what is missing or wrong in the draft; nothing where it may be submitted."""
    return missing(case, drafts.answers(case))


def missing(case: Case, answers: Mapping[str, Any]) -> list[Missing]:
    """Return what is missing or wrong in answers of the draft's shape."""
    found = [one for section in sections.SECTIONS for page in section.pages for one in _page(section, page, answers)]
    known = {(one.section, one.field) for one in found}
    return found + [one for one in _together(case, answers) if (one.section, one.field) not in known]


def digest(answers: Mapping[str, Any]) -> str:
    """Return what a page keeps of the answers that were checked on it: SHA-256, in hex."""
    text = json.dumps(shapes.submitted(answers), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def submit(case: Case, by: str, *, seen: str | None = None) -> CaseVersion:
    """Submit the draft: one version, whoever asks however often. `seen` is the digest of the answers that were checked.

    Raise `CaseIncomplete`; `CaseChanged` when somebody has written since; `ArrowGone` when it was submitted meanwhile.
    """
    with transaction.atomic():
        # The arrow first: from here on nobody writes, and whoever submits at the same time finds it gone.
        states.move(case, "submit", by=by, changes={"due_on": None, "authority": ""})
        answers = drafts.answers(case)
        wrong = missing(case, answers)
        if wrong:
            raise CaseIncomplete("something is missing or wrong", missing=len(wrong))
        if seen is not None and seen != digest(answers):
            raise CaseChanged("the answers have changed since they were checked")
        now = case.moved_at
        last = case.versions.order_by("number").last()
        version = CaseVersion.objects.create(
            case=case,
            number=last.number + 1 if last else 1,
            answers=shapes.submitted(answers),
            submitted_by=by,
            submitted_at=now,
            conformance=conformance.latest(case.organisation),
        )
        CaseRemark.objects.filter(case=case, settled_at=None).update(settled_at=now)
        pace.begin(case)
    return version


def _page(section: Section, page: Page, answers: Mapping[str, Any]) -> Iterator[Missing]:
    if not page.asked(answers, {}):
        return
    given = answers.get(section.name)
    if page.blocks:
        yield from _blocks(section, page, answers, given)
        return
    flat = shapes.flat(section, given)
    for field in page.fields:
        if field.asked(answers, {}):
            sentence = fields.problem(field, flat[field.name], answers, {})
            if sentence is not None:
                yield Missing(section.name, page.name, field.name, sentence)


def _blocks(section: Section, page: Page, answers: Mapping[str, Any], given: Any) -> Iterator[Missing]:
    blocks = shapes.blocks(given)
    if not blocks:
        told = Text("アプリかブラウザを、1つ以上加えてください。", "Please add an app or a browser, one at least.")
        yield Missing(section.name, page.name, "", told)
    seen: set[Any] = set()
    for block in blocks:
        for field in page.fields:
            if field.asked(answers, block):
                sentence = fields.problem(field, block.get(field.name, field.empty), answers, block)
                if sentence is not None:
                    yield Missing(section.name, page.name, f"{block['id']}.{field.name}", sentence)
        kind = str(block.get("kind"))
        name = {"browser": "origin", "android": "package", "ios": "bundle_id"}.get(kind, "kind")
        address = (kind, block.get(name))
        if address[1] and address in seen:
            told = Text(
                "同じものが、もうあります。どちらかを外してください。",
                "It is there already. Please take one of them out.",
            )
            yield Missing(section.name, page.name, f"{block['id']}.{name}", told)
        seen.add(address)


def _together(case: Case, answers: Mapping[str, Any]) -> Iterator[Missing]:
    """Return what is wrong only when answers are seen together, or beside the register and the files."""
    today = clock.today(case.organisation.realm)
    certification = answers.get("certification") or {}
    if sections.needs_certification(answers):
        granted, until = _day(certification.get("granted_on")), _day(certification.get("valid_until"))
        if granted and granted > today:
            told = Text("認定の日が、今日より先の日になっています。", "The day it was granted on is still to come.")
            yield Missing("certification", "certification", "granted_on", told)
        if until and (until < today or (granted and until < granted)):
            told = Text(
                "有効期間が終わっています。新しい認定を入力してください。",
                "Its period is over. Please enter the new certification.",
            )
            yield Missing("certification", "certification", "valid_until", told)
        yield from _file(case, "certification", "certification", "document", certification.get("document"))
    yield from _file(case, "service", "logo", "logo", (answers.get("service") or {}).get("logo"))
    yield from _register(case, answers)


def _register(case: Case, answers: Mapping[str, Any]) -> Iterator[Missing]:
    basis, service = answers.get("basis") or {}, answers.get("service") or {}
    if basis.get("item") == OPERATOR and not _is_operator(case, basis.get("operator_client_id")):
        told = Text(
            "その識別名のプラットフォーム事業者は、登録簿にありません。",
            "No platform operator of that client ID is in the register.",
        )
        yield Missing("basis", "basis", "operator_client_id", told)
    wish = service.get("client_id")
    entry = case.relying_party if case.changes_entry else None
    if entry is not None and wish and wish != entry.client_id:
        told = Text(
            f"登録された識別名（{entry.client_id}）は、変えられません。",
            f"The client ID ({entry.client_id}) can't be changed.",
        )
        yield Missing("service", "service", "client_id", told)
    # Unique over all realms, and a name that only differs in case would be taken for the other.
    elif wish and entry is None and RelyingParty.objects.filter(client_id__iexact=wish).exists():
        told = Text(
            "その識別名は、もう使われています。ほかの名前にしてください。",
            "That client ID is taken. Please choose another.",
        )
        yield Missing("service", "service", "client_id", told)


def _is_operator(case: Case, client_id: Any) -> bool:
    found = RelyingParty.objects.filter(
        realm=case.organisation.realm,
        client_id=str(client_id or ""),
        kind=RelyingParty.Kind.PLATFORM_OPERATOR,
        state=RelyingParty.State.REGISTERED,
    )
    return found.exists()


def _file(case: Case, section: str, page: str, field: str, reference: Any) -> Iterator[Missing]:
    asked = sections.PAGES[page][1].fields
    label = next(one.label for one in asked if one.name == field)
    told = Text(f"{label.ja}のファイルを選んでください。", f"Please choose a file: {label.en}.")
    if (
        reference
        and _is_reference(reference)
        and not Attachment.objects.filter(case=case, reference=reference).exists()
    ):
        yield Missing(section, page, field, told)


def _is_reference(value: Any) -> bool:
    file = next(one for one in sections.PAGES["logo"][1].fields)
    return isinstance(value, str) and fields.problem(file, value, {}, {}) is None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
