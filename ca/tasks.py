"""Tasks of the `ca` workers: ids in, one call, safe to run twice. The sweeps need no key and run elsewhere."""

import logging
from collections.abc import Callable, Iterable, Iterator

from celery import shared_task

from ca import crl, issuance, linkage, messages, responders, seals, watching
from ca.errors import CaError, CrlRefused, IssuanceInProgress, IssuanceRefused
from ca.models import Crl, Realm
from ca.ocsp import access, uses

logger = logging.getLogger(__name__)


@shared_task(name="ca.issue")
def issue(issuance_ids: list[int]) -> None:
    """Issue what was asked for, then send the continuations of what is done. Needs the CA's keys."""
    for issuance_id, outcome in issuance.issue_many(issuance_ids).items():
        if isinstance(outcome, IssuanceRefused):
            logger.info("issuance %s refused: %s", issuance_id, outcome.code)
        elif isinstance(outcome, CaError) and not isinstance(outcome, IssuanceInProgress):
            # Not the request's fault: it waits in its row for the sweep, and the others of this call go on.
            # (In progress: who holds it finishes it, and looks at the continuation after us.)
            logger.error("issuance %s waits", issuance_id, exc_info=outcome)
    _continue(issuance_ids)


def _continue(issuance_ids: list[int]) -> None:
    for continuation in issuance.ripe_continuations(issuance_ids):
        if messages.send(continuation["task"], *continuation.get("args", [])):
            issuance.mark_continued(continuation)


@shared_task(name="ca.sweep_issuances")
def sweep_issuances() -> int:
    """Send again what was left behind: unfinished requests to the `ca` workers, unsent continuations on their way."""
    groups = issuance.left_behind()
    with messages.passing():
        for group in groups:
            messages.send("ca.issue", group)
    return len(groups)


def _in_every_realm(deed: Callable[[Realm], int]) -> int:
    """Do it in every realm; return the sum. One where it can't be done keeps no other from it; its error comes last."""
    done = 0
    first: CaError | None = None
    for realm in Realm.objects.order_by("pk"):
        try:
            done += deed(realm)
        except CaError as error:
            logger.error("realm %s: %s", realm.slug, error)
            first = first or error
    if first is not None:
        raise first
    return done


@shared_task(name="ca.sweep_linkage")
def sweep_linkage() -> int:
    """Revoke, in every realm, the phone certificates whose card certificate is revoked."""
    return _in_every_realm(lambda realm: len(linkage.sweep(realm)))


@shared_task(name="ca.sweep_rechecks")
def sweep_rechecks() -> int:
    """Look again, in every realm, at the card certificates behind phone certificates whose hour has come."""
    return _in_every_realm(lambda realm: len(linkage.recheck(realm)))


@shared_task(name="ca.sweep_status_answers")
def sweep_status_answers() -> int:
    """Delete the notes of answers to verifiers that have been kept for long enough."""
    return access.purge()


@shared_task(name="ca.sweep_key_uses")
def sweep_key_uses() -> int:
    """Write into the journals how many answers the responders' keys signed."""
    return uses.journal_noted()


@shared_task(name="ca.publish_crls")
def publish_crls(partition_ids: list[int]) -> int:
    """Publish those CRLs of partitions of one realm that show something new or are due. Needs the CA's keys.

    Raises what kept one from being published, once all the others are.
    """
    return _told(crl.publish_together(partition_ids))


@shared_task(name="ca.publish_due_crls")
def publish_due_crls() -> int:
    """Publish, in every realm, the CRLs that are due. Needs the CA's keys; raises as `publish_crls` does."""
    return _told(_all_due())


def _all_due() -> Iterator[crl.Outcome | CaError]:
    for realm in Realm.objects.order_by("pk"):
        try:
            yield from crl.publish_due(realm)
        except CaError as error:
            # As where one realm is halted: it is no other's fault.
            yield error


def _told(outcomes: Iterable[crl.Outcome | CaError]) -> int:
    """Count the lists that are published, and tell of the others. Raises the first error but refusals at the end."""
    published, told = 0, set[str]()
    first: CaError | None = None
    for outcome in outcomes:
        if isinstance(outcome, Crl):
            published += 1
        elif isinstance(outcome, CrlRefused):
            # The last list stays, and the other partitions get theirs.
            logger.error("%s", outcome)
        elif str(outcome) not in told:  # one key that doesn't answer keeps back many lists
            logger.error("CRLs are not published: %s", outcome)
            told.add(str(outcome))
            first = first or outcome
    if first is not None:
        raise first
    return published


@shared_task(name="ca.renew_responders")
def renew_responders() -> int:
    """Renew, in every realm, the responders' certificates that end soon. Needs the CA's keys, not the responders'."""
    return _in_every_realm(lambda realm: len(responders.renew_due(realm)))


@shared_task(name="ca.seal_journals")
def seal_journals() -> int:
    """Sign, in every realm, the head of the journal's chain where it moved. Needs the CA's keys."""
    return _in_every_realm(lambda realm: seals.seal(realm) is not None)


@shared_task(name="ca.sweep_journals")
def sweep_journals() -> int:
    """Walk, in every realm, what is new in the journal and a piece of what is old; return how many are broken."""
    return _in_every_realm(lambda realm: watching.watch(realm) is not None)
