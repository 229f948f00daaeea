"""The log of answers: one row each, in the transaction of the answer; kept for VERIFICATION_LOG_DAYS."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from ca import bulk, clock
from ca.profiles import Purpose
from whitelist.models import Organisation, RelyingParty, VerificationLog
from whitelist.verification.asking import Asker

_BATCH = 5000
_COLUMNS = (
    "relying_party_id", "on_behalf_of_id", "delegation_id", "request", "kind", "purpose", "check_purpose",
    "serial_number", "verdict", "at",
)  # fmt: skip


def note(who: Asker, kind: VerificationLog.Kind, purpose: Purpose, said: Iterable[tuple[str, str]]) -> None:
    """Write down what was said: pairs of serial number and verdict. One statement for all."""
    at, party, delegation = clock.machine(), who.credential.relying_party_id, who.delegation
    behalf = who.party.pk if who.acts_for_another else None
    begun = (party, behalf, delegation.pk if delegation else None, who.request)
    about = (str(kind), str(purpose), str(who.check_purpose))
    bulk.insert_rows(
        VerificationLog, _COLUMNS, [(*begun, *about, serial_number, verdict, at) for serial_number, verdict in said]
    )


def of_organisation(organisation: Organisation) -> QuerySet[VerificationLog]:
    """Return what any service of an organisation asked, and what was asked in its name; newest first."""
    own = RelyingParty.objects.filter(organisation=organisation).values("pk")
    return _rows(Q(relying_party__in=own) | Q(on_behalf_of__in=own))


def newest(parties: Collection[int], size: int, *, before: int | None = None) -> list[VerificationLog]:
    """Return the newest that relying parties (ids) asked, or that was asked in their name; `before` an answer's id.

    Each one's own part of the log is read from its end, so that it costs what is returned: to walk the whole log for
    somebody who asks little would cost what all ask.
    """
    own = [Q(**{whose: party}) for party in parties for whose in ("relying_party", "on_behalf_of")]
    if not own:
        return []
    if connection.features.supports_slicing_ordering_in_compound:
        ends = [_until(mine, before).values_list("pk", flat=True)[:size] for mine in own]
        found = ends[0].union(*ends[1:]).order_by("-pk")[:size]
    else:  # SQLite: the embedded default's log is short
        mine = Q(relying_party__in=parties) | Q(on_behalf_of__in=parties)
        found = _until(mine, before).values_list("pk", flat=True)[:size]
    return list(_rows(Q(pk__in=list(found))))


def _until(mine: Q, before: int | None) -> QuerySet[VerificationLog]:
    rows = VerificationLog.objects.filter(mine).order_by("-pk")
    return rows if before is None else rows.filter(pk__lt=before)


def _rows(mine: Q) -> QuerySet[VerificationLog]:
    return VerificationLog.objects.filter(mine).select_related("relying_party", "on_behalf_of").order_by("-pk")


def forget() -> int:
    """Delete, in batches, what was kept for long enough; return how many answers."""
    limit, deleted = clock.machine() - timedelta(days=settings.VERIFICATION_LOG_DAYS), 0
    # The oldest: so it is the index that is read, also where there is nothing to delete.
    oldest = VerificationLog.objects.filter(at__lt=limit).order_by("at").values_list("pk", flat=True)
    while old := list(oldest[:_BATCH]):
        deleted += VerificationLog.objects.filter(pk__in=old).delete()[0]
    return deleted
