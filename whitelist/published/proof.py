"""The proof that a record of the register stands in the sealed journal, for somebody who is shown no other entry."""

import base64
from typing import Any

from ca import journal, seals, tree
from ca.models import JournalEntry, JournalSeal
from whitelist.models import RegisterRecord
from whitelist.published import statement

FORMAT = "jpki-register-proof-1"


def of(record: RegisterRecord) -> dict[str, Any] | None:
    """Return the proof of a record by the first seal after it; None before there is one.

    `entry.text` hashes to the leaf, the leaf with `path` to `seal.root`, and `seal.signature` is over
    `seal.statement`. `content` hashes to `entry_sha256` in the text.
    """
    realm = record.relying_party.realm
    seal = (
        JournalSeal.objects.select_related("realm")
        .filter(realm=realm, sequence__gte=record.sequence)
        .exclude(root="")
        .order_by("sequence")
        .first()
    )
    if seal is None:
        return None
    entry = JournalEntry.objects.get(realm=realm, sequence=record.sequence)
    path = tree.path(realm, record.sequence, seal.sequence)
    return {
        "format": FORMAT,
        "client_id": record.relying_party.client_id,
        "content": record.content,
        "entry": {"sequence": record.sequence, "text": journal.text(entry, realm.slug)},
        "path": [one.hex() for one in path],
        "seal": {
            "sequence": seal.sequence,
            "root": seal.root,
            "statement": seals.statement(seal).decode(),
            "signature": base64.b64encode(bytes(seal.signature)).decode(),
            "kid": statement.jwk(bytes(seal.public_key))["kid"],
        },
    }
