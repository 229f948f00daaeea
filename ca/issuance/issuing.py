"""Issuing: reserve the serial number, assemble, lint, record the intent, sign, store: in that order, each a commit.

Many requests take each step together (`ca.issuance.chunks` cuts them); one is a batch of one. A crash at any point
leaves a record of what was about to be signed; whoever comes next goes on from there. RSA PKCS#1 v1.5 gives the same
signature for the same bytes, so signing a recorded intent again makes no second certificate. No key is used inside a
database transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from ca import clock, journal, leases, lint, transcript
from ca.errors import (
    CaError,
    CardCertificateNotValid,
    HolderUnfit,
    IssuanceInProgress,
    IssuanceRefused,
    LinkageWrong,
    LintFailed,
    PhoneCertificateExists,
    PublicKeyTaken,
    PublicKeyUnfit,
)
from ca.issuance import kinds, steps
from ca.issuance.acceptance import Acceptance, living_phone_certificates
from ca.issuance.drafts import Draft, draft
from ca.issuance.signing import signing
from ca.issuance.terms import lease, signing_generation
from ca.models import Certificate, Generation, Issuance, Realm
from ca.profiles import Medium, Purpose

State = Issuance.State
Outcome = Certificate | CaError
Item = TypeVar("Item")
_REFUSALS = {
    error.code: error
    for error in (
        CardCertificateNotValid,
        HolderUnfit,
        LinkageWrong,
        LintFailed,
        PhoneCertificateExists,
        PublicKeyTaken,
        PublicKeyUnfit,
    )
}


class Batch:
    """Requests of one realm, and what they have come to."""

    def __init__(self, realm: Realm, rows: Sequence[Issuance]) -> None:
        self.realm = realm
        self.rows = rows
        self.later: list[Issuance] = []
        self.outcomes: dict[int, Outcome] = {}
        self._now = clock.now(realm)
        self._until = clock.machine() + lease()
        self._generations: dict[str, Generation] = {}

    def issue(self) -> dict[int, Outcome]:
        """Take every step that is still to be taken; return what became of each request but the later ones."""
        open_rows = [row for row in self.rows if self._is_free(row)]
        try:
            self._issue(open_rows)
        except CaError as error:
            # Nothing of the requests' fault (no key, no authority): what is not done waits.
            for row in open_rows:
                self.outcomes.setdefault(row.pk, error)
        waiting = {row.pk for row in self.later}
        left = [row.pk for row in open_rows if row.pk not in waiting and row.pk not in self.outcomes]
        self.outcomes |= {row.pk: _standing(row) for row in (steps.read(left) if left else [])}
        undone = [row.pk for row in open_rows if not isinstance(self.outcomes.get(row.pk), Certificate)]
        if undone:
            # Whoever comes next need not wait for the lease.
            steps.let_go(undone, self._until)
        return self.outcomes

    def _is_free(self, row: Issuance) -> bool:
        if row.state not in Issuance.FINAL and leases.is_free(row.lease_until, clock.machine(), lease()):
            return True
        self.outcomes[row.pk] = _standing(row)
        return False

    def _issue(self, rows: Sequence[Issuance]) -> None:
        transcript.require_running(self.realm)
        held = steps.claim([row for row in rows if row.state != State.REQUESTED], self._until)
        begun = [row for row in held if row.state == State.RESERVED]
        drafts = self._prepare([*(row for row in rows if row.state == State.REQUESTED), *begun])
        drafts += [Draft.recover(row) for row in held if row.state == State.SIGNING]
        self._store(self._sign(drafts))

    def _prepare(self, rows: Sequence[Issuance]) -> list[Draft]:
        """Bring requests to recorded intents."""
        if not rows:
            return []
        for purpose in sorted({row.purpose for row in rows}):
            self._generations[purpose] = signing_generation(self.realm, Purpose(purpose), self._now)
        acceptance = Acceptance(self.realm, rows, self._now)
        accepted, self.later = acceptance.apart(self._each(rows, acceptance.require))
        reserved = [row for row in accepted if row.state == State.RESERVED]
        reserved += self._together(
            [row for row in accepted if row.state == State.REQUESTED],
            lambda some: steps.reserve(some, self._generations, self._until),
        )
        passed = lint.Passed.of(self._generations.values())
        drafts: dict[int, Draft] = {}
        known = kinds.Kinds()

        def assemble(row: Issuance) -> None:
            generation = self._generations[row.purpose]
            drafts[row.pk] = draft(row, known.of(row, generation), generation, self._now, passed)

        fit = self._each(reserved, assemble)
        return self._together([drafts[row.pk] for row in fit], partial(self._record_intents, passed))

    def _record_intents(self, passed: lint.Passed, drafts: list[Draft]) -> None:
        journal.take(self.realm)
        refused = steps.partitions(self.realm, drafts, self._now)
        if refused:
            raise _Refused(refused)
        steps.record_intents(self.realm, drafts, passed)

    def _sign(self, drafts: Iterable[Draft]) -> list[tuple[Draft, bytes]]:
        """Sign what is recorded, each generation's key opened once; what has no key waits."""
        opened: dict[int, Callable[[bytes], bytes] | CaError] = {}
        signed = []
        drafts = list(drafts)
        if drafts:
            transcript.keep(self.realm)
        for one in drafts:
            key = one.generation.pk
            if key not in opened:
                opened[key] = _open(one.generation)
            sign = opened[key]
            if isinstance(sign, CaError):
                self.outcomes[one.row.pk] = sign
            else:
                signed.append((one, sign(one.tbs)))
        return signed

    def _store(self, signed: list[tuple[Draft, bytes]], *, pending: bool | None = None) -> None:
        """Keep what was signed; where something stands in the way of all, one by one."""
        stored: list[Certificate] = []

        def store(some: list[tuple[Draft, bytes]]) -> None:
            journal.take(self.realm)
            stored[:] = steps.store(self.realm, some, pending=pending)

        try:
            kept = self._together(signed, store)
        except IntegrityError:
            # A certificate of the same number: another worker stored it, and moved the row.
            standing = steps.still_signing(draft.row.pk for draft, _ in signed)
            if len(standing) < len(signed):
                self._store([one for one in signed if one[0].row.pk in standing], pending=pending)
            elif len(signed) > 1:
                for one in signed:
                    self._store([one])
            elif pending or not _is_overtaken_by_another_phone(signed[0][0].row):
                raise
            else:
                # Signed, and another became valid meanwhile: it exists and must be kept; pending, it is no second.
                self._store(signed, pending=True)
            return
        self.outcomes |= {draft.row.pk: certificate for (draft, _), certificate in zip(kept, stored, strict=True)}

    def _each(self, rows: Iterable[Issuance], step: Callable[[Issuance], None]) -> list[Issuance]:
        """Take a step for each row; return those that it did not refuse."""
        left = []
        for row in rows:
            try:
                step(row)
            except IssuanceRefused as refused:
                self._refuse(row, refused)
            else:
                left.append(row)
        return left

    def _refuse(self, row: Issuance, refused: IssuanceRefused) -> None:
        with transaction.atomic():
            steps.refuse(row, refused)
        self.outcomes[row.pk] = refused

    def _together(self, items: list[Item], step: Callable[[list[Item]], None]) -> list[Item]:
        """Take a step for all in one transaction, without those that it refuses or that others moved; return them."""
        while items:
            try:
                with transaction.atomic(durable=True):
                    step(items)
            except steps.Overtaken as overtaken:
                items = [item for item in items if _row(item).pk in overtaken.moved]
            except _Refused as refused:
                for item in items:
                    if _row(item).pk in refused.reasons:
                        self._refuse(_row(item), refused.reasons[_row(item).pk])
                items = [item for item in items if _row(item).pk not in refused.reasons]
            else:
                return items
        return []


class _Refused(Exception):
    """Say that some of the rows can't be issued, by id: the transaction goes back."""

    def __init__(self, reasons: dict[int, IssuanceRefused]) -> None:
        super().__init__()
        self.reasons = reasons


def _row(item: Any) -> Issuance:
    row: Issuance = item if isinstance(item, Issuance) else (item if isinstance(item, Draft) else item[0]).row
    return row


def _open(generation: Generation) -> Callable[[bytes], bytes] | CaError:
    try:
        return signing(generation)
    except CaError as error:
        return error


def _standing(row: Issuance) -> Outcome:
    """Return what a request that is not ours has come to."""
    if row.state == State.ISSUED:
        assert row.certificate is not None  # noqa: S101  (state issued)
        return row.certificate
    if row.state == State.REFUSED:
        kind = _REFUSALS.get(row.error_code, IssuanceRefused)
        return LintFailed([row.error_detail]) if kind is LintFailed else kind(row.error_detail)
    return IssuanceInProgress(f"{row.request_key} is being issued")


def _is_overtaken_by_another_phone(row: Issuance) -> bool:
    return (
        row.medium == Medium.PHONE
        and not row.pending
        and (row.holder_id, row.purpose) in living_phone_certificates(row.realm, {row.holder_id})
    )
