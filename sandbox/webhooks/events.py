"""The journal becomes events: each entry that is one is read once, in order, whichever screen, sweep or call wrote it.

The cursor moves in the transaction that writes what was read: a worker that dies leaves both as they were.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q

from ca import clock
from ca.models import JournalEntry, JournalHead, Realm
from ca.profiles import Medium, Purpose
from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from portal.handoff.states import OPEN
from portal.providers.models import Workspace
from sandbox import certificates
from sandbox.models import EventCursor, Webhook, WebhookDelivery, WebhookEvent
from sandbox.webhooks import catalogue
from tsm.models import Enrolment

BATCH = 500  # entries a transaction


def read_all() -> int:
    """Read what is new in the journals of all workspaces; return how many events came of it."""
    _expire()
    made = 0
    for realm in Realm.objects.filter(pk__in=_behind()).order_by("pk"):
        made += read(realm)
    return made


def read(realm: Realm) -> int:
    """Read the workspace's journal up to its head; return how many events are new.

    Two workers at once share the work and do no harm: who moves the cursor has the entries.
    """
    made = 0
    while True:
        found = _read_batch(realm)
        if found is None:
            return made
        made += found


def make(realm: Realm, kind: str, data: Mapping[str, Any], at: datetime, sequence: int | None = None) -> WebhookEvent:
    """Return an event, not yet stored, with the octets that are sent: compact JSON in UTF-8."""
    told = {"type": kind, "timestamp": at.isoformat(), "data": data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return WebhookEvent(realm=realm, sequence=sequence, type=kind, at=at, body=body, made_at=clock.machine())


def address(webhook: Webhook, events: Iterable[WebhookEvent]) -> list[WebhookDelivery]:
    """Make deliveries of stored events to a webhook, those that it chose, to be tried at once and in order."""
    now = clock.machine()
    return WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(webhook=webhook, event=event, next_at=now)
            for event in events
            if catalogue.wants(webhook.event_types, event.type)
        ],
        ignore_conflicts=True,
    )


def forget() -> int:
    """Delete the events, with their deliveries, that have been kept for long enough; return how many."""
    limit = clock.machine() - timedelta(days=settings.WEBHOOKS_DAYS)
    return WebhookEvent.objects.filter(made_at__lt=limit).delete()[1].get("sandbox.WebhookEvent", 0)


def _workspaces() -> Any:
    return Workspace.objects.values("realm_id")


def _behind() -> list[int]:
    """Return the workspaces' realms whose journal is ahead of what was read of it."""
    heads = JournalHead.objects.filter(realm__in=_workspaces())
    unread = heads.filter(Q(realm__event_cursor=None) | Q(sequence__gt=F("realm__event_cursor__sequence")))
    return list(unread.values_list("realm_id", flat=True))


def _expire() -> None:
    """End workspaces' hand-offs whose time is over although nobody looks at them: that they expired is an event."""
    by_machine = ExpressionWrapper(F("expires_at") - F("realm__clock_offset"), output_field=DateTimeField())
    due = HandOff.objects.filter(realm__in=_workspaces(), state__in=OPEN).annotate(over_at=by_machine)
    realms = due.filter(over_at__lte=clock.machine()).order_by().values("realm_id").distinct()
    for realm in Realm.objects.filter(pk__in=list(realms.values_list("realm_id", flat=True))):
        hand_offs.expire_due(realm)


def _read_batch(realm: Realm) -> int | None:
    """Read the next entries; return how many events they made, None when there are none or another has them."""
    cursor, _ = EventCursor.objects.get_or_create(realm=realm)
    head = JournalHead.objects.filter(realm=realm).values_list("sequence", flat=True).first() or 0
    end = min(head, cursor.sequence + BATCH)
    if end <= cursor.sequence:
        return None
    with transaction.atomic():
        if not EventCursor.objects.filter(pk=cursor.pk, sequence=cursor.sequence).update(sequence=end):
            return None
        entries = JournalEntry.objects.filter(
            realm=realm, sequence__gt=cursor.sequence, sequence__lte=end, kind__in=catalogue.BY_KIND
        )
        return _tell(realm, list(entries.order_by("sequence")))


def _tell(realm: Realm, entries: Sequence[JournalEntry]) -> int:
    if not entries:
        return 0
    say = _Teller(realm, entries)
    made = WebhookEvent.objects.bulk_create(
        [make(realm, catalogue.BY_KIND[one.kind].name, say.data(one), one.at, one.sequence) for one in entries]
    )
    for webhook in Webhook.objects.filter(realm=realm, state=Webhook.State.ENABLED):
        address(webhook, made)
    return len(made)


class _Teller:
    """Says what entries of one realm tell, after it read what belongs to them, once for all."""

    def __init__(self, realm: Realm, entries: Sequence[JournalEntry]) -> None:
        serials = {one.subject for one in entries if one.kind.startswith("certificate.")}
        # Authorities count their serial numbers each for itself: the purpose tells whose it is.
        rows = certificates.issued_in(realm).filter(serial_number__in=serials, medium=Medium.PHONE)
        ids = {(purpose, serial): pk for pk, purpose, serial in rows.values_list("pk", "purpose", "serial_number")}
        references = {one.subject for one in entries if one.kind.startswith("enrolment.")}
        pairs = Q(signature_certificate__in=ids.values()) | Q(authentication_certificate__in=ids.values())
        found = list(
            Enrolment.objects.filter(pairs | Q(reference__in=references), realm=realm).select_related("phone")
            if ids or references
            else ()
        )
        by_certificate = {
            pk: str(one.reference)
            for one in found
            for pk in (one.signature_certificate_id, one.authentication_certificate_id)
            if pk
        }
        self._enrolments = {name: by_certificate.get(pk) for name, pk in ids.items()}
        self._phones = {str(one.reference): str(one.phone.reference) for one in found}

    def data(self, entry: JournalEntry) -> dict[str, Any]:
        return getattr(self, f"_{entry.kind.partition('.')[0]}")(entry)

    def _certificate(self, entry: JournalEntry) -> dict[str, Any]:
        said = entry.data
        return {
            "certificate": f"{Purpose(said['purpose']).slug}-{entry.subject}",  # as the API names it
            "serial_number": entry.subject,
            "purpose": said["purpose"],
            "medium": said["medium"],
            "status": said.get("after") or said["status"],
            "before": said.get("before"),
            "cause": said.get("cause") or None,
            "since": said.get("since") or entry.at.isoformat(timespec="microseconds"),
            "enrolment": self._enrolments.get((said["purpose"], entry.subject)),
        }

    def _enrolment(self, entry: JournalEntry) -> dict[str, Any]:
        state = entry.kind.partition(".")[2]
        if state == "refused":  # it never came to be one: the entry names the phone
            return {"enrolment": None, "phone": entry.subject, "state": state, "detail": entry.data}
        return {
            "enrolment": entry.subject,
            "phone": self._phones.get(entry.subject),
            "state": state,
            "detail": {name: entry.data[name] for name in ("cause", "reason") if name in entry.data},
        }

    def _handoff(self, entry: JournalEntry) -> dict[str, Any]:
        state = catalogue.BY_KIND[entry.kind].example.get("state", "shown")
        # The serial number of who answered is the service's when it redeemed the code.
        return {
            "handoff": entry.subject,
            "client_id": entry.data["relying_party"],
            "purpose": entry.data["purpose"],
            "state": entry.data.get("outcome") or state,
            "reason": entry.data.get("reason"),
        }

    def _clock(self, entry: JournalEntry) -> dict[str, Any]:
        return {name: entry.data[name] for name in ("before", "after", "offset_seconds")}

    def _rotation(self, entry: JournalEntry) -> dict[str, Any]:
        return {"rotation": entry.subject, **{name: entry.data[name] for name in ("what", "purpose", "made")}}
