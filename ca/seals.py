"""Seals: the heads of the journal's chain, signed at intervals with a key of the realm's own.

The chain alone shows a careless change; who can write the whole database could compute it anew. A seal can't be made
anew without the journal's key, which lives in the authorities' key store. What a verifier keeps outside the database,
the key's fingerprint and the newest seal's line, also shows a journal that was cut back or replaced with all its seals.

A seal also signs the root of the tree over the entries (`ca.tree`), so that one can be shown without the others.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.db import IntegrityError, transaction

from ca import clock, journal, keys, transcript, tree
from ca.models import JournalEntry, JournalHead, JournalSeal, Realm

logger = logging.getLogger(__name__)

KEY_CREATED = "journal.key_created"
SEALED = "journal.sealed"


@dataclass(frozen=True)
class BrokenSeal:
    """The first seal of a realm that does not hold."""

    sequence: int
    # forged, key_unknown, key_unexpected, entry_missing, entry_differs, seal_missing, cut, root_differs
    problem: str


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a SubjectPublicKeyInfo, upper-case hex."""
    return hashlib.sha256(public_key).hexdigest().upper()


def seal(realm: Realm) -> JournalSeal | None:
    """Sign the head of the realm's chain; None when nothing happened since the last seal. Needs the CA's keys."""
    if not _moved(realm):
        return None
    transcript.require_running(realm)
    label = _key_label(realm)
    key = keys.store().open(label)
    head = JournalHead.objects.get(realm=realm)
    at = clock.now(realm)
    root = _root(realm, head.sequence)
    transcript.keep(realm)
    signature = key.sign(_text(realm, head.sequence, head.hash, root, at))
    try:
        with transaction.atomic():
            journal.take(realm)
            made = JournalSeal.objects.create(
                realm=realm,
                sequence=head.sequence,
                hash=head.hash,
                at=at,
                root=root,
                public_key=key.public_key,
                signature=signature,
            )
            # In the chain, so that a seal that is taken away is missed.
            journal.record(
                realm,
                SEALED,
                str(head.sequence),
                sequence=head.sequence,
                hash=head.hash,
                key_label=label,
                signature_sha256=hashlib.sha256(signature).hexdigest(),
            )
    except IntegrityError:
        return None  # another sealed the same head
    return made


def signer(realm: Realm) -> keys.Signer:
    """Return the journal's key, made and announced where there is none yet. Needs the CA's keys.

    Raises AuthoritiesHalted, RecordsBehind, TranscriptUnavailable: then it may not be used.
    """
    transcript.require_running(realm)
    label = _key_label(realm)
    transcript.keep(realm)
    return keys.store().open(label)


def next_key(realm: Realm, *, after: str) -> bool:
    """Give the journal a new key in place of the one of label `after`; False where that isn't the newest any more.

    What the old one signed stays as it is, and its fingerprint in the chain. Needs the CA's keys.
    """
    if _key_label(realm) != after:
        return False
    seal(realm)  # the old key's last word: all that was written in its time
    label, public_key = _make_key(realm)
    with transaction.atomic():
        journal.take(realm)
        if _key_label(realm) != after:
            return False  # another was first; this key stays in the store and is nobody's
        _announce(realm, label, public_key)
    return True


@dataclass(frozen=True)
class AnnouncedKey:
    """The journal's key as the chain announces it."""

    label: str
    fingerprint: str


def newest_key(realm: Realm) -> AnnouncedKey | None:
    """Return the journal's key, None before the first. It needs no key store."""
    created = JournalEntry.objects.filter(realm=realm, kind=KEY_CREATED, subject="journal").order_by("-sequence")
    newest = created.first()
    return AnnouncedKey(newest.data["key_label"], newest.data["fingerprint"]) if newest is not None else None


def statement(one: JournalSeal) -> bytes:
    """Return what a seal's signature is over: lines of text."""
    return _text(one.realm, one.sequence, one.hash, one.root, one.at)


def _root(realm: Realm, sequence: int) -> str:
    try:
        return tree.root(realm, sequence).hex()
    except tree.TreeBroken:
        # The chain is broken; `verify` says where. What can be sealed is sealed.
        logger.error("%s: the journal has gaps, its head is sealed without a tree", realm.slug, exc_info=True)
        return ""


def _moved(realm: Realm) -> bool:
    last = JournalEntry.objects.filter(realm=realm).order_by("-sequence").first()
    return last is not None and not (last.kind == SEALED and last.data.get("sequence") == last.sequence - 1)


def _key_label(realm: Realm) -> str:
    """Return the label of the journal's key; the first one is made, and announced in the chain."""
    newest = newest_key(realm)
    if newest is not None:
        return newest.label
    label, public_key = _make_key(realm)
    _announce(realm, label, public_key)
    return label


def _make_key(realm: Realm) -> tuple[str, bytes]:
    label = f"{realm.slug}.journal.{secrets.token_hex(4)}".lower()
    return label, keys.store().create(label)


def _announce(realm: Realm, label: str, public_key: bytes) -> None:
    journal.record(realm, KEY_CREATED, "journal", key_label=label, fingerprint=fingerprint(public_key))


def _text(realm: Realm, sequence: int, chained: str, root: str, at: datetime) -> bytes:
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    if not root:
        return f"JPKI JOURNAL SEAL 1\n{realm.slug}\n{sequence}\n{chained}\n{instant}\n".encode()
    return f"JPKI JOURNAL SEAL 2\n{realm.slug}\n{sequence}\n{chained}\n{root}\n{instant}\n".encode()


def verify(realm: Realm, *, expected: str = "", remembered: tuple[int, str] | None = None) -> BrokenSeal | None:
    """Hold the seals against the chain, which `journal.verify` walks; return the first that does not hold, or None.

    `expected` is the fingerprint of the only key to be trusted, `remembered` a seal's sequence and hash, both kept
    outside the database.
    """
    entries = JournalEntry.objects.filter(realm=realm)
    if remembered is not None:
        found = entries.filter(sequence=remembered[0]).values_list("hash", flat=True).first()
        if found != remembered[1]:
            return BrokenSeal(remembered[0], "cut" if found is None else "entry_differs")
    announced = {entry.data.get("fingerprint") for entry in entries.filter(kind=KEY_CREATED)}
    said = {
        entry.data.get("sequence"): entry.data.get("signature_sha256")
        for entry in entries.filter(kind=SEALED)
        if isinstance(entry.data.get("sequence"), int)
    }
    rows = {one.sequence: one for one in JournalSeal.objects.filter(realm=realm)}
    roots = tree.roots(realm, (sequence for sequence, one in rows.items() if one.root))
    for sequence in sorted(said.keys() | rows.keys()):
        one = rows.get(sequence)
        if one is None:
            return BrokenSeal(sequence, "seal_missing")
        problem = _problem(realm, one, announced, expected)
        if problem is None and said.get(sequence) != hashlib.sha256(bytes(one.signature)).hexdigest():
            problem = "cut"  # the chain doesn't know this seal: it was longer once
        if problem is None and one.root and roots.get(sequence) != one.root:
            problem = "root_differs"
        if problem is not None:
            return BrokenSeal(sequence, problem)
    return None


def verify_newest(realm: Realm) -> BrokenSeal | None:
    """Hold the newest seal alone against the entry that it signs: two rows, however long the journal is."""
    newest = JournalSeal.objects.filter(realm=realm).order_by("-sequence").first()
    if newest is None:
        return None
    # By its subject, which has an index, and not by its kind.
    created = JournalEntry.objects.filter(realm=realm, kind=KEY_CREATED, subject="journal")
    problem = _problem(realm, newest, {entry.data.get("fingerprint") for entry in created}, "")
    return BrokenSeal(newest.sequence, problem) if problem is not None else None


def _problem(realm: Realm, one: JournalSeal, announced: set[str | None], expected: str) -> str | None:
    mark = fingerprint(bytes(one.public_key))
    if expected and mark != expected:
        return "key_unexpected"
    if mark not in announced:
        return "key_unknown"
    if not _signature_holds(realm, one):
        return "forged"
    found = JournalEntry.objects.filter(realm=realm, sequence=one.sequence).values_list("hash", flat=True).first()
    if found is None:
        return "entry_missing"
    return None if found == one.hash else "entry_differs"


def _signature_holds(realm: Realm, one: JournalSeal) -> bool:
    try:
        key = load_der_public_key(bytes(one.public_key))
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        said = _text(realm, one.sequence, one.hash, one.root, one.at)
        key.verify(bytes(one.signature), said, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True
