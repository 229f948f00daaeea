"""What each finding tells of, done: BREAKS is finding -> a function that does it to a realm."""

import os
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from ca import clock, messages, watching
from ca.models import (
    CardRevocation,
    Issuance,
    JournalEntry,
    Partition,
    Realm,
    Recheck,
    ResponderKey,
)
from ca.profiles import Purpose
from portal.notices.models import Happening, JournalCursor, MailServer, Notice
from portal.observing.models import PeriodicRun
from tests.ca.fixtures import issue_card, make_holder
from tests.portal.helpdesk.callers import enrolled
from tsm.models import Conversation, Enrolment, Leg
from whitelist.models import RegisterStatement, RelyingParty

LONG_AGO = timedelta(days=400)
BREAKS: dict[str, Callable[[Realm, Any], Any]] = {}


def breaks(*ids: str) -> Callable[[Callable[[Realm, Any], Any]], Callable[[Realm, Any], Any]]:
    def note(function: Callable[[Realm, Any], Any]) -> Callable[[Realm, Any], Any]:
        BREAKS.update(dict.fromkeys(ids, function))
        return function

    return note


def before(realm: Realm) -> datetime:
    return clock.now(realm) - LONG_AGO


@breaks("database.migrations")
def _(realm: Realm, settings: Any) -> None:
    MigrationRecorder.Migration.objects.filter(app="tsm").latest("pk").delete()


@breaks("queue.deep")
def _(realm: Realm, settings: Any) -> None:
    settings.FINDING_QUEUE_MESSAGES = 0
    messages.send("tsm.advance", 0)


@breaks("worker.silent")
def _(realm: Realm, settings: Any) -> None:
    worker = Path(os.environ["METRICS_DIR"], "tsm")
    worker.mkdir()
    (worker / "ready").touch()
    os.utime(worker / "ready", (time.time() - 60,) * 2)


@breaks("sweeps.never")
def _(realm: Realm, settings: Any) -> None:
    PeriodicRun.objects.all().delete()


@breaks("sweeps.late")
def _(realm: Realm, settings: Any) -> None:
    PeriodicRun.objects.filter(task="ca.sweep_linkage").update(done_at=before(realm))


@breaks("sweeps.failed")
def _(realm: Realm, settings: Any) -> None:
    PeriodicRun.objects.filter(task="ca.publish_due_crls").update(failed=True)


@breaks("passwords.old")
def _(realm: Realm, settings: Any) -> None:
    made = Path(os.environ["METRICS_DIR"]) / "made"
    young = f"{clock.machine():%Y-%m-%dT%H:%M:%SZ} broker web\n"
    made.write_text(f"{before(realm):%Y-%m-%dT%H:%M:%SZ} database web\n{young}")
    settings.PASSWORDS_MADE = str(made)


@breaks("setup.lacking")
def _(realm: Realm, settings: Any) -> None:
    settings.DEFAULT_REALM = "nowhere"


@breaks("observing.failed")
def _(realm: Realm, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_mailserver RENAME TO elsewhere")


@breaks("crl.late", "crl.expired")
def _(realm: Realm, settings: Any) -> None:
    issue_card(make_holder(realm))
    Partition.objects.update(published_at=before(realm))


@breaks("crl.missing")
def _(realm: Realm, settings: Any) -> None:
    issue_card(make_holder(realm))
    Partition.objects.update(published_at=None)


@breaks("linkage.late")
def _(realm: Realm, settings: Any) -> None:
    CardRevocation.objects.create(realm=realm, card=issue_card(make_holder(realm)), revoked_at=before(realm))


@breaks("linkage.rechecks_late")
def _(realm: Realm, settings: Any) -> None:
    Recheck.objects.create(realm=realm, certificate=issue_card(make_holder(realm)), due_at=before(realm))


def _request(realm: Realm, **fields: Any) -> None:
    Issuance.objects.create(
        realm=realm,
        request_key=secrets.token_hex(8),
        purpose="signature",
        medium="card",
        holder=make_holder(realm),
        public_key=b"",
        requested_at=before(realm),
        **fields,
    )


@breaks("issuance.standing")
def _(realm: Realm, settings: Any) -> None:
    _request(realm)


@breaks("issuance.outbox")
def _(realm: Realm, settings: Any) -> None:
    _request(realm, state="refused", error_code="lint_failed", continuation={"task": "x"}, continuation_key="x")


@breaks("journal.broken")
def _(realm: Realm, settings: Any) -> None:
    JournalEntry.objects.filter(realm=realm, sequence=1).update(subject="somebody else")
    assert watching.watch(realm) is not None


@breaks("journal.unsealed", "notices.unread")
def _(realm: Realm, settings: Any) -> None:
    JournalEntry.objects.filter(realm=realm).update(at=before(realm))
    PeriodicRun.objects.update(first_at=before(realm))
    JournalCursor.objects.filter(realm=realm).update(sequence=0)


@breaks("journal.unwatched")
def _(realm: Realm, settings: Any) -> None:
    realm.journal_watch.__class__.objects.update(looked_at=before(realm))


@breaks("realm.halted")
def _(realm: Realm, settings: Any) -> None:
    Realm.objects.filter(pk=realm.pk).update(halted_at=before(realm))


@breaks("responder.not_renewed", "responder.ends")
def _(realm: Realm, settings: Any) -> None:
    ResponderKey.objects.update(not_after=clock.now(realm) + timedelta(days=2))


@breaks("authority.ends")
def _(realm: Realm, settings: Any) -> None:
    settings.FINDING_AUTHORITY_DAYS = 100_000


@breaks("register.stale")
def _(realm: Realm, settings: Any) -> None:
    RegisterStatement.objects.create(
        realm=realm, number=1, issued_at=before(realm), next_update=before(realm), sequence=1, public_key=b""
    )


@breaks("register.empty")
def _(realm: Realm, settings: Any) -> None:
    RelyingParty.objects.update(realm=Realm.objects.create(slug="elsewhere", name="elsewhere"))


def _standing(realm: Realm, state: str, count: int = 1, trouble: str = "") -> list[Enrolment]:
    holder = make_holder(realm)
    cards = [issue_card(holder, purpose, key=key) for key, purpose in enumerate(Purpose)]
    made = [enrolled(holder, state=state, cards=cards) for _ in range(count)]
    Enrolment.objects.update(state_since=before(realm), trouble=trouble)
    return made


@breaks("enrolments.standing")
def _(realm: Realm, settings: Any) -> None:
    _standing(realm, "keyed")


@breaks("enrolments.refused_by_elements")
def _(realm: Realm, settings: Any) -> None:
    _standing(realm, "verified", count=21, trouble="element_refused")


@breaks("reports.unread")
def _(realm: Realm, settings: Any) -> None:
    (one,) = _standing(realm, "prepared")
    conversation = Conversation.objects.create(element=one.element, opened_at=before(realm))
    Leg.objects.create(
        conversation=conversation,
        enrolment=one,
        kind="keys",
        state=Leg.State.REPORTED,
        plan={},
        commands=[],
        created_at=before(realm),
        reported_at=before(realm),
    )


@breaks("notices.mail_late", "notices.letters_late")
def _(realm: Realm, settings: Any) -> None:
    at, holder = before(realm), make_holder(realm)
    happening = Happening.objects.create(realm=realm, holder=holder, kind="issued", at=at, sequence=1)
    for channel, address in (("mail", "hanako@example.jp"), ("letter", "")):
        Notice.objects.create(
            happening=happening, holder=holder, channel=channel, address=address, made_at=at, next_at=at
        )


@breaks("mail.away")
def _(realm: Realm, settings: Any) -> None:
    MailServer.objects.create(failures=9)
