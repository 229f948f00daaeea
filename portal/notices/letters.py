"""Letters: a notice as a PDF to the holder's address, and the run that prints those that wait.

Each is written whole, under a name that stays the same however often it is written, before its row says so: a run that
is broken off is simply started again.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction

from ca import journal
from ca.models import Certificate, Holder, Realm
from ca.profiles import Purpose
from portal import attributes, documents
from portal.notices import outbox, texts
from portal.notices.models import Notice

PRINTED = "letters.printed"


def document(notice: Notice) -> bytes:
    """Return the letter of a notice, PDF. Raise `DocumentUnavailable` where none can be made."""
    name, address = addressee(notice.holder)
    context = {
        "letter": texts.of(notice.happening),
        "name": name,
        "address": address,
        "reference": str(notice.reference),
        "made": texts.moment(notice.made_at),
        "desk": settings.HELP_DESK_NUMBER,
    }
    return documents.pdf("notices/letter.html", context)


def addressee(holder: Holder) -> tuple[str, str]:
    """Return name and address: as the newest signature certificate has them, phone's or card's."""
    issued = Certificate.objects.filter(holder=holder, purpose=Purpose.SIGNATURE).order_by("-not_before", "-pk")
    # The phone's names what the card's named when it was issued; of one day's, the phone's is the newer.
    newest = issued.first()
    found = attributes.of(newest) if newest is not None else None
    return (found.name, found.address) if found else (holder.name, holder.address)


def print_waiting(folder: Path, *, realm: Realm, limit: int | None = None) -> Iterator[tuple[Notice, Path]]:
    """Write the realm's letters that wait into `folder`, one after the other; yield each once it is written and noted.

    Raise `DocumentUnavailable` where none can be made, OSError where none can be written: what was in hand then waits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    printed = 0
    while limit is None or printed < limit:
        notice = outbox.take(Notice.Channel.LETTER, realm=realm)
        if notice is None:
            return
        try:
            made = document(notice)
            path = _write(folder / f"{notice.made_at:%Y%m%d}-{notice.reference}.pdf", made)
        except Exception:
            outbox.put_back(notice, "not printed", later=False)
            raise
        digest = hashlib.sha256(made).hexdigest()
        with transaction.atomic():
            if outbox.finish(notice, digest=digest):
                journal.record(realm, PRINTED, str(notice.reference), digest=digest)
        printed += 1
        yield notice, path


def _write(path: Path, content: bytes) -> Path:
    """Write a file that is there whole or not at all, also after a power cut."""
    draft = path.with_suffix(".part")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return path
