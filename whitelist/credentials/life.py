"""The life of a credential: issued, rotated, disabled, at its end. Each stands in the journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from ca import clock, journal
from ca.models import Realm
from whitelist.credentials import keys
from whitelist.errors import (
    AssertionInvalid,
    CredentialNotGood,
    CredentialsChanged,
    CredentialsTooMany,
    CredentialTimeWrong,
    EntryRemoved,
    KeyTaken,
    KeyUnacceptable,
)
from whitelist.models import AccessToken, Credential, RelyingParty

A_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True)
class Issuing:
    """What a new credential shall be, as somebody asks for it."""

    key: keys.Key
    not_after: datetime
    kind: str = Credential.Kind.PRIVATE_KEY_JWT
    label: str = ""


def issue(relying_party: RelyingParty, wanted: Issuing, *, by: str, seen: int | None = None) -> Credential:
    """Store a new public key for `relying_party`, good from now.

    `seen` is how many credentials the page showed on which it was asked for: another number raises
    `CredentialsChanged`, so that a form sent twice makes one. Raise also `CredentialsTooMany` (as many as may be good
    at once are), `CredentialTimeWrong`, `KeyTaken` and `EntryRemoved`.
    """
    with transaction.atomic():
        return _issue(relying_party, wanted, by=by, seen=seen)


def check_end(wanted: Issuing, now: datetime) -> None:
    """Raise `CredentialTimeWrong` when a new credential would end before now, too late, or after its certificate."""
    longest = now + timedelta(days=settings.CREDENTIAL_DAYS + 1)
    if wanted.key.certified_until is not None:
        longest = min(longest, wanted.key.certified_until)
    if not now < wanted.not_after <= longest:
        raise CredentialTimeWrong(f"the end must lie between now and {longest.isoformat()}", member="until")


def check_overlap(old_until: datetime, now: datetime) -> None:
    """Raise `CredentialTimeWrong` when an old credential would not end between now and the longest overlap."""
    # "At once" was a moment ago when it comes here.
    if not -A_MOMENT <= old_until - now <= timedelta(days=settings.CREDENTIAL_OVERLAP_DAYS) + A_MOMENT:
        raise CredentialTimeWrong("the old one ends between now and the longest overlap", member="old_until")


def rotate(
    credential: Credential, wanted: Issuing, *, old_until: datetime, by: str, seen: int | None = None
) -> Credential:
    """Issue a successor of `credential`, which goes on beside it until `old_until`, and no longer than it was good.

    Return the new one. Raise `CredentialNotGood` when the old one isn't good any more, and what `issue` raises.
    """
    realm = credential.relying_party.realm
    now = clock.now(realm)
    check_overlap(old_until, now)
    with transaction.atomic():
        new = _issue(credential.relying_party, wanted, by=by, seen=seen)
        until = min(old_until, credential.not_after)
        open_ = Credential.objects.filter(pk=credential.pk, disabled_at__isnull=True, replaced_by__isnull=True)
        if not open_.filter(not_after__gt=now).update(not_after=until, replaced_by=new):
            raise CredentialNotGood("the old credential is over, or was replaced before")
        journal.record(
            realm,
            "credential.rotated",
            credential.relying_party.client_id,
            key_id=credential.key_id,
            new_key_id=new.key_id,
            old_until=until.isoformat(),
            by=by,
        )
    return new


def disable(credential: Credential, *, now: datetime, by: str = "") -> bool:
    """End `credential` and its tokens at `now`; return whether it was this call that did. Safe to repeat."""
    party = credential.relying_party
    with transaction.atomic():
        journal.take(party.realm)
        ours = Credential.objects.filter(pk=credential.pk, disabled_at__isnull=True).update(
            disabled_at=now, disabled_by=by
        )
        AccessToken.objects.filter(credential=credential).delete()
        if ours:
            journal.record(party.realm, "credential.disabled", party.client_id, key_id=credential.key_id, by=by)
    return bool(ours)


def add(
    relying_party: RelyingParty,
    *,
    key_id: str,
    public_jwk: Mapping[str, Any],
    not_before: datetime,
    not_after: datetime,
) -> Credential:
    """Store a public key (RFC 7517, EC P-256) by its own name and time; one that is known by `key_id` stays as it is.

    For the house's own services, which nobody asks for on a page. Raise `AssertionInvalid` when the key is another
    kind, or holds a private part.
    """
    if public_jwk.get("kty") != "EC" or public_jwk.get("crv") != "P-256" or "d" in public_jwk:
        raise AssertionInvalid("the key must be the public part of an EC key on P-256")
    try:
        key = keys.of_jwk(public_jwk)
    except KeyUnacceptable as error:
        raise AssertionInvalid(f"the key can't be used: {error}") from None
    credential, _ = Credential.objects.get_or_create(
        relying_party=relying_party,
        key_id=key_id,
        defaults={
            "public_jwk": dict(public_jwk),
            "thumbprint": key.thumbprint,
            "not_before": not_before,
            "not_after": not_after,
        },
    )
    return credential


def listing(relying_party: RelyingParty) -> list[Credential]:
    """Return the credentials of a relying party: those that go on first, the newest of each first."""
    now = clock.now(relying_party.realm)
    rows = Credential.objects.filter(relying_party=relying_party).select_related("relying_party__realm", "replaced_by")
    return sorted(rows.order_by("-pk"), key=lambda row: row.disabled_at is not None or row.not_after <= now)


def ending(realm: Realm, *, within: timedelta) -> list[Credential]:
    """Return the credentials of a realm that end within that time and have no successor: for notices ahead."""
    now = clock.now(realm)
    rows = Credential.objects.filter(
        relying_party__realm=realm,
        disabled_at__isnull=True,
        replaced_by__isnull=True,
        not_after__gt=now,
        not_after__lte=now + within,
    )
    return list(rows.select_related("relying_party__organisation", "relying_party__realm").order_by("not_after", "pk"))


def going_on(relying_party: RelyingParty, now: datetime) -> int:
    """Return how many credentials are good now or will be."""
    rows = Credential.objects.filter(relying_party=relying_party, not_after__gt=now)
    return rows.filter(Q(disabled_at__isnull=True) | Q(disabled_at__gt=now)).count()


def _issue(relying_party: RelyingParty, wanted: Issuing, *, by: str, seen: int | None) -> Credential:
    realm = relying_party.realm
    journal.take(realm)  # one after the other: what is counted below stays so
    now = clock.now(realm)
    rows = Credential.objects.filter(relying_party=relying_party)
    if seen is not None and rows.count() != seen:
        raise CredentialsChanged("credentials were issued since the page was loaded")
    if RelyingParty.objects.filter(pk=relying_party.pk, state=RelyingParty.State.REMOVED).exists():
        raise EntryRemoved("the entry was removed from the register")
    if going_on(relying_party, now) >= settings.CREDENTIALS_AT_ONCE:
        raise CredentialsTooMany(f"at most {settings.CREDENTIALS_AT_ONCE} may be good at once")
    check_end(wanted, now)
    # Also one that is over: a key that was given up isn't taken up again. And one key proves one relying party.
    if Credential.objects.filter(thumbprint=wanted.key.thumbprint).exists():
        raise KeyTaken("the key is a credential's already")
    credential = Credential.objects.create(
        relying_party=relying_party,
        kind=wanted.kind,
        key_id=wanted.key.thumbprint,
        public_jwk=dict(wanted.key.jwk),
        thumbprint=wanted.key.thumbprint,
        label=wanted.label,
        not_before=now,
        not_after=wanted.not_after,
        issued_at=now,
        issued_by=by,
    )
    journal.record(
        realm,
        "credential.issued",
        relying_party.client_id,
        key_id=credential.key_id,
        method=wanted.kind,
        until=wanted.not_after.isoformat(),
        by=by,
    )
    return credential
