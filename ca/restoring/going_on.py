"""Going on: a halted realm's records put right in one transaction, and the halt lifted; or refused, with why."""

from typing import Any

from django.db import transaction
from django.db.models import F

from ca import journal, transcript
from ca.errors import RestoreRefused
from ca.models import Partition, Realm
from ca.restoring import chain, conditions, following, numbers
from ca.restoring.lost import RESTORED, effects, find
from ca.restoring.published import Published
from ca.restoring.report import Report


def go_on(realm: Realm, *, who: str, published: Published | None = None, ahead: int | None = None) -> Report:
    """Put the records right and lift the halt; return what was found and done. Needs the authorities' keys.

    `who` is the officer who answers for it. `ahead` is by how many serial numbers the counters jump where no transcript
    reaches back to what the database has. Raises RestoreRefused with what stands in the way; nothing is changed then.
    """
    if not Realm.objects.filter(pk=realm.pk, halted_at__isnull=False).exists():
        raise RestoreRefused(f"{realm.slug} is not halted: manage.py halt --realm {realm.slug} halts it")
    conditions.require_whole(realm)
    conditions.require_keys(realm)
    published = published or Published()
    report = Report(realm.slug, strangers=published.strangers)
    with transaction.atomic(durable=True):
        journal.take(realm)
        lost = find(realm)
        report.proved = lost is not None
        if lost is None:
            conditions.require_ahead(realm, ahead)
        found = effects(lost.lines if lost is not None else ())
        report.kinds = dict(sorted(found.kinds.items()))
        if lost is not None and lost.lines:
            report.lost_entries, report.lost_head = len(lost.lines), str(lost.lines[-1].mark)
            report.replayed = not lost.diverged and len(lost.chain) == len(lost.lines)
            (chain.replay if report.replayed else chain.declare)(realm, lost)
        numbers.count_on(realm, found, published, 0 if lost is not None else ahead or 0, report)
        numbers.ask_anew(realm, report)
        following.follow(realm, found, report)
        following.follow_published(realm, published, report)
        following.name_missing(realm, found, published, report)
        report.to_look_at += [f"{one['kind']} {one['subject']} at {one['at']}" for one in found.others.values()]
        journal.record(realm, RESTORED, realm.slug, **_said(report, who))
        # Every list anew, with a number above all that were published.
        Partition.objects.filter(generation__authority__realm=realm).update(revision=F("revision") + 1)
        Realm.objects.filter(pk=realm.pk).update(halted_at=None)
        if lost is None or (lost.lines and not report.replayed):
            # From here the transcripts go on from what both have; should this not be committed, they have it twice.
            transcript.begin(realm, lost.since if lost is not None else chain.head(realm))
    realm.refresh_from_db()
    transcript.keep(realm)
    return report


def _said(report: Report, who: str) -> dict[str, Any]:
    return {
        "who": who,
        "proved": report.proved,
        "lost_entries": report.lost_entries,
        "lost_head": report.lost_head,
        "replayed": report.replayed,
        "numbers": report.numbers,
        "revoked_again": report.revoked_again,
        "held_again": report.held_again,
        "lost_certificates": [f"{one['purpose']} {one['serial_number']}" for one in report.lost_certificates],
        "asked_anew": report.asked_anew,
    }
