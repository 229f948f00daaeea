"""An entry as the public pages show it, in the reader's language."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ca import clock
from whitelist import access
from whitelist.models import MinisterialCertification, RelyingParty
from whitelist.published import contents, records, words
from whitelist.register import Text

State = RelyingParty.State


@dataclass(frozen=True)
class Shown:
    """What a page says of an entry."""

    row: RelyingParty
    name: str
    state: str
    state_text: str
    # Why a phone refuses it; empty while it doesn't.
    meaning: str
    basis_name: str
    basis_text: str
    kind_text: str
    operator: dict[str, str] | None
    purposes: list[dict[str, str]]
    # Which of the citizen's attributes it receives, in a row, and in its own words what for; empty where none.
    attributes: str
    attributes_why: str
    certifications: list[dict[str, Any]]
    since: datetime | None
    steps: list[dict[str, Any]]


def find(client_id: str, language: str | None) -> Shown | None:
    """Return the entry of `client_id` when it is, or was, in the register."""
    row = contents.rows(client_id=client_id.replace("\0", "")).first()
    if row is None:
        return None
    history = records.history(row)
    if not history and row.state not in (State.REGISTERED, State.SUSPENDED):
        return None  # never was
    now = clock.now(row.realm)
    state = State(row.state)
    if state == State.REGISTERED and access.is_over(row.valid_until, now):
        state = State.EXPIRED
    if state == State.DRAFT:
        state = State.REMOVED
    return Shown(
        row=row,
        name=Text(row.name_ja, row.name_en).in_language(language),
        state=state,
        state_text=words.STATES[state].in_language(language),
        meaning=words.MEANING[state].in_language(language) if state in words.MEANING else "",
        basis_name=words.basis_name(row.basis).in_language(language),
        basis_text=words.BASIS[row.basis].in_language(language),
        kind_text=words.KINDS[row.kind].in_language(language),
        operator=_operator(row, language),
        purposes=[
            {
                "label": words.PURPOSES[use.purpose].in_language(language),
                "text": Text(use.text_ja, use.text_en).in_language(language),
            }
            for use in row.purposes.all()
        ],
        attributes=words.attribute_names(row.attributes, language),
        attributes_why=row.attributes_why if row.attributes else "",
        certifications=[_certification(one, now) for one in row.ministerial_certifications.all()],
        since=history[-1].record.at if history else None,
        steps=[_step(one, language) for one in history],
    )


def _operator(row: RelyingParty, language: str | None) -> dict[str, str] | None:
    if row.operator is None:
        return None
    name = Text(row.operator.name_ja, row.operator.name_en).in_language(language)
    return {"client_id": row.operator.client_id, "name": name}


def _certification(one: MinisterialCertification, now: datetime) -> dict[str, Any]:
    holds = access.certification_holds(access.Certification(one.granted_on, one.valid_until, one.withdrawn_at), now=now)
    return {"row": one, "holds": holds, "withdrawn": one.withdrawn_at is not None and one.withdrawn_at <= now}


def _step(step: records.Step, language: str | None) -> dict[str, Any]:
    record = step.record
    return {
        "record": record,
        "event": words.EVENTS[record.event].in_language(language),
        "changes": [
            {
                "part": words.PARTS[one.part].in_language(language) if one.part in words.PARTS else one.part,
                "before": words.lines(one.part, one.before, language),
                "after": words.lines(one.part, one.after, language),
            }
            for one in step.changes
        ],
        "content": json.loads(record.content),
    }
