"""Linkage: a phone certificate falls with the card certificate that it stands on.

連動失効: the phone certificate is revoked automatically, after a check at intervals and a grace that policy sets
(briefing, カード用電子証明書との関連性 3).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from ca import clock, journal, revocation
from ca.models import Certificate, Realm
from ca.profiles import Medium
from ca.revocation import Cause

BATCH = 500
_LIVING = [Certificate.Status.PENDING, Certificate.Status.VALID, Certificate.Status.ON_HOLD]


def sweep(realm: Realm, now: datetime | None = None) -> list[Certificate]:
    """Revoke the realm's phone certificates whose card certificate is revoked for longer than the grace.

    Returns those that this run revoked, pending ones too. Two runs at once share the work and do no harm.
    """
    at = now if now is not None else clock.now(realm)
    limit = at - timedelta(seconds=settings.LINKAGE_GRACE_SECONDS)
    fallen = list(
        Certificate.objects.filter(
            realm=realm,
            medium=Medium.PHONE,
            status__in=_LIVING,
            linked_to__status=Certificate.Status.REVOKED,
            linked_to__revoked_at__lte=limit,
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    revoked: list[Certificate] = []
    for start in range(0, len(fallen), BATCH):
        revoked += _revoke(realm, fallen[start : start + BATCH], at)
    return revoked


def _revoke(realm: Realm, ids: list[int], now: datetime) -> list[Certificate]:
    with transaction.atomic():
        journal.take(realm)
        # What another run, or the holder, revoked since the ids were read is not ours.
        certificates = list(
            Certificate.objects.filter(pk__in=ids, status__in=_LIVING).select_related("linked_to").order_by("pk")
        )
        Certificate.objects.filter(pk__in=[certificate.pk for certificate in certificates]).update(
            status=Certificate.Status.REVOKED,
            cause=Cause.CARD_CERTIFICATE_REVOKED,
            revoked_at=now,
            changed_at=now,
        )
        happenings = []
        for certificate in certificates:
            card = certificate.linked_to
            assert card is not None  # noqa: S101  (the query)
            assert card.revoked_at is not None  # noqa: S101  (the query)
            happenings.append(
                journal.Happening(
                    revocation.JOURNALED[revocation.Event.REVOKE],
                    certificate.serial_number,
                    {
                        "purpose": certificate.purpose,
                        "medium": certificate.medium,
                        "before": certificate.status,
                        "after": Certificate.Status.REVOKED.value,
                        "cause": Cause.CARD_CERTIFICATE_REVOKED.value,
                        "card_certificate": card.serial_number,
                        "lag_milliseconds": (now - card.revoked_at) // timedelta(milliseconds=1),
                    },
                )
            )
            certificate.status = Certificate.Status.REVOKED
            certificate.cause = Cause.CARD_CERTIFICATE_REVOKED
            certificate.revoked_at = certificate.changed_at = now
        journal.record_all(realm, happenings)
        revocation.touch([certificate.partition_id for certificate in certificates])
    return certificates
