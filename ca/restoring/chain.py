"""The journal's lost entries: put back into the chain, or declared where it has gone on without them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ca import journal
from ca.models import JournalEntry, JournalHead, JournalSeal, Realm
from ca.restoring.lost import Lost
from ca.transcript import Line, Mark

LOST = "records.lost"


def replay(realm: Realm, lost: Lost) -> None:
    """Put lost entries and seals back into the chain, octet for octet."""
    rows = []
    for line in lost.chain:
        entry = line.entry
        assert entry is not None  # noqa: S101  (places to go on from are not in a chain)
        rows.append(
            JournalEntry(
                realm=realm,
                sequence=entry["sequence"],
                at=datetime.fromisoformat(entry["at"]),
                kind=entry["kind"],
                subject=entry["subject"],
                data=entry["data"],
                previous_hash=entry["previous"],
                hash=line.mark.hash,
            )
        )
    JournalEntry.objects.bulk_create(rows, batch_size=500)
    JournalSeal.objects.bulk_create([_seal(realm, line.seal) for line in lost.chain if line.seal is not None])
    head = lost.chain[-1].mark
    JournalHead.objects.update_or_create(realm=realm, defaults={"sequence": head.sequence, "hash": head.hash})
    journal.retake(realm)


def _seal(realm: Realm, told: Mapping[str, Any]) -> JournalSeal:
    return JournalSeal(
        realm=realm,
        sequence=told["sequence"],
        hash=told["hash"],
        at=datetime.fromisoformat(told["at"]),
        root=told["root"],
        public_key=bytes.fromhex(told["public_key"]),
        signature=bytes.fromhex(told["signature"]),
    )


def declare(realm: Realm, lost: Lost) -> None:
    """Say of each lost entry that it was there, where the journal has gone on without them."""
    journal.record_all(realm, [_declared(line) for line in lost.lines])


def _declared(line: Line) -> journal.Happening:
    assert line.entry is not None  # noqa: S101  (`Lost.lines` are entries)
    data = {"sequence": line.mark.sequence, "hash": line.mark.hash, "kind": line.entry["kind"], "at": line.entry["at"]}
    return journal.Happening(LOST, line.entry["subject"], data)


def head(realm: Realm) -> Mark:
    """Return where the realm's journal stands."""
    row = JournalHead.objects.get(realm=realm)
    return Mark(row.sequence, row.hash)
