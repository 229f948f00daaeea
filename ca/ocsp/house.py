"""The house: the realms, their authorities' generations and who speaks for each, as a process knows them.

None of it decides whether a certificate is good. It is read again every second, and at once when a question names what
is not in it; statuses and realms' clocks are read for each answer (`ca.ocsp.standing`).
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography import x509
from django.db.models import Count, Max

from ca import assembly
from ca.connections import connections
from ca.models import Generation, Realm, ResponderKey
from ca.ocsp.request import HASHES, Question
from ca.profiles import Purpose

READ_AGAIN = 1.0  # seconds


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
    authority: int  # its id
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
    """Realms and their generations, newest first. `issuers` is another object whenever any of it changed."""

    realms: Mapping[str, Realm]
    issuers: Mapping[tuple[int, str], tuple[Issuer, ...]]  # (realm's id, purpose)
    read_at: float  # seconds of the monotonic clock, before the first row was read
    stamp: tuple[Any, ...]

    def generations(self, realm: Realm, purpose: Purpose) -> tuple[Issuer, ...]:
        """Return the generations of the realm's authority for the purpose, newest first."""
        return self.issuers.get((realm.pk, purpose.value), ())


_lock = threading.Lock()
_house: House | None = None


def known() -> House | None:
    """Return the house as it was last read, without the database."""
    return _house


def current() -> House:
    """Return the house, read a second ago at most, or just being read by another. Raises the database's errors."""
    seen = _house
    if seen is not None and (time.monotonic() - seen.read_at < READ_AGAIN or not _lock.acquire(blocking=False)):
        return seen
    if seen is None:
        _lock.acquire()
    try:
        return _read()
    finally:
        _lock.release()


def anew() -> House:
    """Return the house as it is now, for what was not found in it. Raises the database's errors."""
    with _lock:
        return _read()


def forget() -> None:
    """Forget it, so that the next question reads it whole."""
    global _house
    _house = None


def _read() -> House:
    global _house
    read_at = time.monotonic()
    with connections():
        realms = {realm.slug: realm for realm in Realm.objects.all()}
        stamp = _stamp(realms)
        seen = _house
        if seen is not None and seen.stamp == stamp:
            # The same object's parts: what is kept hangs on them.
            _house = replace(seen, read_at=read_at)
        else:
            _house = House(realms, _issuers(), read_at, stamp)
    return _house


def _stamp(realms: Mapping[str, Realm]) -> tuple[Any, ...]:
    """Return what differs when a realm, a generation or a responder's key is another: their rows stay."""
    generations = Generation.objects.aggregate(count=Count("pk"), last=Max("pk"))
    responders = ResponderKey.objects.aggregate(count=Count("pk"), last=Max("pk"))
    return (
        tuple((realm.pk, realm.slug) for realm in realms.values()),
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
        issuer = Issuer(generation.pk, authority.pk, names, tuple(speakers.get(generation.pk, ())))
        found.setdefault((authority.realm_id, authority.purpose), []).append(issuer)
    return {key: tuple(issuers) for key, issuers in found.items()}


def _speaker(key: ResponderKey) -> Speaker:
    certificate = bytes(key.certificate)
    bits = assembly.public_key_bits(x509.load_der_x509_certificate(certificate))
    identifier = hashlib.sha1(bits, usedforsecurity=False).digest()
    return Speaker(key.key_label, certificate, identifier, key.not_before, key.not_after)


def _names(certificate: x509.Certificate) -> dict[str, tuple[bytes, bytes]]:
    # The key's hash is over the BIT STRING's value without its count of unused bits (RFC 6960 4.1.1).
    name, key = certificate.subject.public_bytes(), assembly.public_key_bits(certificate)
    return {hash_: (hashlib.new(hash_, name).digest(), hashlib.new(hash_, key).digest()) for hash_ in HASHES}
