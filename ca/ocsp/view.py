"""The view: what a process knows of the authorities and of the partitions' revisions, and how old that is.

A status changes together with its partition's revision, in one transaction (`ca.revocation.touch`). An answer that was
made at a revision is right as long as the view shows that revision; the view is read again when it is older than
OCSP_RECHECK_SECONDS, before anything is answered from it. So no process answers "good" from memory for longer than
that after a revocation was committed, whatever the others do, and none needs to be told.
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from django.conf import settings
from django.db.models import Count, Max, Sum

from ca import assembly
from ca.connections import connections
from ca.models import Generation, Partition, Realm, ResponderKey
from ca.ocsp.request import HASHES, Question
from ca.profiles import Purpose


@dataclass(frozen=True)
class Speaker:
    """A delegated responder's key: its label, its certificate, how answers name it, and from when to when it holds."""

    key_label: str
    certificate: bytes
    identifier: bytes  # SHA-1 of its public key's bits: ResponderID byKey
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True)
class Issuer:
    """One generation, as CertIDs name it, and who may speak for it, the longest-lived first."""

    pk: int
    names: Mapping[str, tuple[bytes, bytes]]  # hash -> (of the name, of the key)
    speakers: tuple[Speaker, ...]

    def is_named_by(self, question: Question) -> bool:
        """Tell whether a CertID means this generation."""
        return self.names.get(question.hash_name) == (question.name_hash, question.key_hash)

    def speaker(self, now: datetime) -> Speaker | None:
        """Return the responder that speaks for it at `now`."""
        return next((one for one in self.speakers if one.not_before <= now <= one.not_after), None)


@dataclass(frozen=True)
class House:
    """Realms and their generations, newest first. Another object whenever any of it changed."""

    realms: Mapping[str, Realm]
    issuers: Mapping[tuple[int, str], tuple[Issuer, ...]]  # (realm's id, purpose)


@dataclass(frozen=True)
class View:
    """What was true at `read_at`, seconds of the monotonic clock, taken before the first row was read."""

    read_at: float
    stamp: tuple[Any, ...]
    total: int
    house: House
    revisions: Mapping[int, int]  # of partitions that ever changed

    @property
    def is_stale(self) -> bool:
        """Tell whether it is too old to answer from; reading it may itself have taken too long."""
        limit: float = max(settings.OCSP_RECHECK_SECONDS, 0.1)
        return time.monotonic() - self.read_at > limit

    def revision(self, partition: int) -> int:
        """Return the revision of a partition, by id."""
        return self.revisions.get(partition, 0)


_lock = threading.Lock()
_view: View | None = None


def current() -> View:
    """Return a view no older than OCSP_RECHECK_SECONDS; the database is asked when there is none. Raises its errors."""
    limit: float = settings.OCSP_RECHECK_SECONDS
    seen = _view
    # An interval, not a time of day: no realm's clock moves it.
    age = time.monotonic() - seen.read_at if seen is not None else limit
    if seen is not None and age < limit / 2:
        return seen
    if seen is not None and age < limit:
        # One looks ahead of time, so that the others seldom have to wait for it.
        if not _lock.acquire(blocking=False):
            return seen
        try:
            return _read()
        finally:
            _lock.release()
    with _lock:
        if _view is not None and time.monotonic() - _view.read_at < limit:
            return _view
        return _read()


def forget() -> None:
    """Forget the view, so that the next question reads it whole."""
    global _view
    _view = None


def _read() -> View:
    with connections():
        return _read_rows()


def _read_rows() -> View:
    global _view
    read_at = time.monotonic()
    before = _view
    realms = {realm.slug: realm for realm in Realm.objects.all()}
    stamp = _stamp(realms)
    # Revisions only grow, so their sum stands still only while each of them does. The sum is read before the rows:
    # what changes in between shows in the next sum.
    total = int(Partition.objects.aggregate(total=Sum("revision"))["total"] or 0)
    same_house = before is not None and before.stamp == stamp
    house = before.house if before is not None and same_house else House(realms, _issuers())
    if before is not None and same_house and before.total == total:
        revisions = before.revisions
    else:
        revisions = dict(Partition.objects.filter(revision__gt=0).values_list("pk", "revision"))
    _view = View(read_at, stamp, total, house, revisions)
    return _view


def _stamp(realms: Mapping[str, Realm]) -> tuple[Any, ...]:
    """Return what differs when a realm, a clock, a generation or a responder's key is another: their rows stay."""
    generations = Generation.objects.aggregate(count=Count("pk"), last=Max("pk"))
    responders = ResponderKey.objects.aggregate(count=Count("pk"), last=Max("pk"))
    return (
        tuple((realm.pk, realm.slug, realm.clock_offset) for realm in realms.values()),
        tuple(generations.values()),
        tuple(responders.values()),
    )


def _issuers() -> dict[tuple[int, str], tuple[Issuer, ...]]:
    speakers: dict[int, list[Speaker]] = {}
    # The newest first: a successor begins before the one before it ends.
    for key in ResponderKey.objects.order_by("-not_before", "-pk"):
        speakers.setdefault(key.generation_id, []).append(_speaker(key))
    found: dict[tuple[int, str], list[Issuer]] = {}
    for generation in Generation.objects.select_related("authority").order_by("-number"):
        authority = generation.authority
        names = _names(x509.load_der_x509_certificate(bytes(generation.certificate)))
        issuer = Issuer(generation.pk, names, tuple(speakers.get(generation.pk, ())))
        found.setdefault((authority.realm_id, authority.purpose), []).append(issuer)
    return {key: tuple(issuers) for key, issuers in found.items()}


def issuers(view: View, realm: Realm, purpose: Purpose) -> tuple[Issuer, ...]:
    """Return the generations of the realm's authority for the purpose, newest first."""
    return view.house.issuers.get((realm.pk, purpose.value), ())


def _speaker(key: ResponderKey) -> Speaker:
    certificate = bytes(key.certificate)
    bits = assembly.public_key_bits(x509.load_der_x509_certificate(certificate))
    identifier = hashlib.sha1(bits, usedforsecurity=False).digest()
    return Speaker(key.key_label, certificate, identifier, key.not_before, key.not_after)


def _names(certificate: x509.Certificate) -> dict[str, tuple[bytes, bytes]]:
    # The key's hash is over the BIT STRING's value without its count of unused bits (RFC 6960 4.1.1).
    name, key = certificate.subject.public_bytes(), assembly.public_key_bits(certificate)
    return {hash_: (hashlib.new(hash_, name).digest(), hashlib.new(hash_, key).digest()) for hash_ in HASHES}
