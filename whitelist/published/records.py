"""The history of an entry: what was published of it, when, and where that stands in the journal.

What officers did, with their names, stands in the journal's entries beside it, which nobody outside is shown.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from ca import journal, messages
from ca.journal import Happening
from ca.models import JournalEntry, JournalHead, Realm
from whitelist.models import RegisterRecord, RelyingParty
from whitelist.published import contents

KIND = "register.entry"
VEIL = "register.veil"
Event, State = RegisterRecord.Event, RelyingParty.State
# The arrows of an entry (`cases.states.ENTRY_ARROWS`), as the public reads them.
EVENTS = {
    "register": Event.REGISTERED,
    "suspend": Event.SUSPENDED,
    "lift": Event.LIFTED,
    "expire": Event.EXPIRED,
    "remove": Event.REMOVED,
}
# How an entry came into a state, where nobody told.
_INTO = {State.SUSPENDED: Event.SUSPENDED, State.EXPIRED: Event.EXPIRED, State.REMOVED: Event.REMOVED}


@dataclass(frozen=True)
class Change:
    """One part of an entry that another stands in the place of; None where there was or is none."""

    part: str  # a name of `contents.shape`
    before: Any
    after: Any


@dataclass(frozen=True)
class Step:
    """One record, with what it changed."""

    record: RegisterRecord
    changes: tuple[Change, ...]


def note(entry: RelyingParty, event: str) -> RegisterRecord:
    """Write into the journal, and keep, what the register says of `entry` from now on.

    Called in the transaction of the deed, after the entry's rows are written. The signed register follows.
    """
    with transaction.atomic():
        journal.take(entry.realm)
        written = contents.text(contents.rows().get(pk=entry.pk))
        before = RegisterRecord.objects.filter(relying_party=entry).order_by("-sequence").first()
        changed = [change.part for change in _changes(before, written)]
        record = _record(entry, str(event), written, changed)
        transaction.on_commit(lambda: messages.send("whitelist.sign_register", entry.realm_id))
    return record


def catch_up(realm: Realm) -> int:
    """Note what changed in the realm's entries without being noted; return how many. Safe to repeat."""
    newest = {one.relying_party_id: one for one in RegisterRecord.objects.filter(relying_party__realm=realm)}
    noted = 0
    for row in contents.rows(realm=realm):
        before = newest.get(row.pk)
        if before is None and row.state not in (State.REGISTERED, State.SUSPENDED):
            continue  # never was in the register
        if before is None or before.digest != contents.digest(contents.text(row)):
            noted += _catch_up(row)
    return noted


def history(entry: RelyingParty) -> list[Step]:
    """Return what happened to an entry, the newest first."""
    steps, before = [], None
    for record in RegisterRecord.objects.filter(relying_party=entry).order_by("sequence"):
        steps.append(Step(record, tuple(_changes(before, record.content))))
        before = record
    return steps[::-1]


def _catch_up(row: RelyingParty) -> bool:
    with transaction.atomic():
        journal.take(row.realm)
        before = RegisterRecord.objects.filter(relying_party=row).order_by("-sequence").first()
        now = contents.rows().get(pk=row.pk)
        if before is not None and before.digest == contents.digest(contents.text(now)):
            return False
        was = json.loads(before.content)["state"] if before else ""
        event = Event.CHANGED
        if now.state != was:
            lifted = was == State.SUSPENDED and now.state == State.REGISTERED
            event = Event.LIFTED if lifted else _INTO.get(State(now.state), Event.REGISTERED)
        note(now, event)
    return True


def _record(entry: RelyingParty, event: str, written: str, changed: list[str]) -> RegisterRecord:
    digest = contents.digest(written)
    said = {"event": event, "entry_sha256": digest, "changed": changed}
    # Whoever is shown an entry knows its hash, which is part of what the next one's hash covers, and could try out what
    # that says. So the next one is something that nobody can guess.
    veil = {"nonce": secrets.token_hex(32)}
    journal.record_all(entry.realm, [Happening(KIND, entry.client_id, said), Happening(VEIL, entry.client_id, veil)])
    sequence = JournalHead.objects.get(realm=entry.realm).sequence - 1
    at: datetime = JournalEntry.objects.values_list("at", flat=True).get(realm=entry.realm, sequence=sequence)
    return RegisterRecord.objects.create(
        relying_party=entry, event=event, at=at, sequence=sequence, content=written, digest=digest
    )


def _changes(before: RegisterRecord | None, written: str) -> Iterable[Change]:
    if before is None:
        return
    was, now = json.loads(before.content), json.loads(written)
    for part in sorted(was.keys() | now.keys()):
        if part != "state" and was.get(part) != now.get(part):
            yield Change(part, was.get(part), now.get(part))
