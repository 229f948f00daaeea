"""Asking for a certificate: a row that workers find, whatever becomes of the message that wakes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from ca import clock
from ca.errors import LinkageWrong, RequestKeyTaken
from ca.issuance.continuation import continuation_key
from ca.models import Certificate, Holder, Issuance, Realm
from ca.profiles import Medium, Purpose


def request(
    *,
    realm: Realm,
    purpose: Purpose,
    medium: Medium,
    holder: Holder,
    public_key: bytes,
    linked_to: Certificate | None = None,
    pending: bool = False,
    request_key: str,
    continuation: Mapping[str, Any] | None = None,
) -> Issuance:
    """Ask for a certificate, joining the caller's transaction; the same request_key gives the same row.

    `public_key` is a SubjectPublicKeyInfo in DER, `linked_to` the card certificate that a phone certificate stands on,
    `continuation` {"task": name, "args": [...]}: sent when every request that names the same one is issued or refused.
    Raises LinkageWrong, RequestKeyTaken. What else may be wrong is found when it is issued.
    """
    purpose, medium = Purpose(purpose), Medium(medium)
    _require_linkage(realm, purpose, medium, holder, linked_to)
    issuance, created = Issuance.objects.get_or_create(
        request_key=request_key,
        defaults={
            "realm": realm,
            "purpose": purpose.value,
            "medium": medium.value,
            "holder": holder,
            "public_key": public_key,
            "linked_to": linked_to,
            "pending": pending,
            "requested_at": clock.machine(),
            "continuation": dict(continuation) if continuation is not None else None,
            "continuation_key": continuation_key(continuation),
        },
    )
    if not created:
        before = (issuance.realm_id, issuance.purpose, issuance.medium, issuance.holder_id, bytes(issuance.public_key))
        asked = (realm.pk, purpose.value, medium.value, holder.pk, public_key)
        if before != asked or issuance.linked_to_id != (linked_to.pk if linked_to else None):
            raise RequestKeyTaken(f"the request key {request_key!r} belongs to another request")
    return issuance


def request_all(asked: Sequence[Mapping[str, Any]]) -> list[Issuance]:
    """Ask for certificates that were most likely never asked for: each by the arguments of `request`, in one statement.

    Raises what `request` raises.
    """
    for one in asked:
        _require_linkage(one["realm"], one["purpose"], one["medium"], one["holder"], one.get("linked_to"))
    now = clock.machine()
    try:
        with transaction.atomic():
            return Issuance.objects.bulk_create(
                Issuance(**one, requested_at=now, continuation_key=continuation_key(one.get("continuation")))
                for one in asked
            )
    except IntegrityError:
        return [request(**one) for one in asked]


def find_all(request_keys: Iterable[str]) -> dict[str, Issuance]:
    """Return the requests of these keys by key, each with its certificate and the generation that signed it.

    Only what tells how far they are, and what a holder is given, is read.
    """
    found = (
        Issuance.objects.filter(request_key__in=list(request_keys))
        .select_related("certificate__generation")
        .only(
            *("request_key", "state", "error_code", "error_detail", "certificate__serial_number"),
            *("certificate__der", "certificate__status", "certificate__generation__certificate"),
        )
    )
    return {one.request_key: one for one in found}


def find(request_key: str) -> Issuance | None:
    """Return the request of that key, or None."""
    return Issuance.objects.filter(request_key=request_key).select_related("certificate").first()


def _require_linkage(
    realm: Realm, purpose: Purpose, medium: Medium, holder: Holder, linked_to: Certificate | None
) -> None:
    if holder.realm_id != realm.pk:
        raise LinkageWrong("the holder belongs to another realm")
    if medium is Medium.CARD:
        if linked_to is not None:
            raise LinkageWrong("a card certificate stands on no other")
        return
    if linked_to is None:
        raise LinkageWrong("a phone certificate stands on a card certificate: none is named")
    named = (linked_to.realm_id, linked_to.holder_id, linked_to.purpose, linked_to.medium)
    if named != (realm.pk, holder.pk, purpose.value, Medium.CARD.value):
        raise LinkageWrong("a phone certificate stands on the same holder's card certificate of the same purpose")
