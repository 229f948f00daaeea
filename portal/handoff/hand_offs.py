"""What happens to a hand-off: opened, shown, answered, declined.

Every change is claimed by a conditional UPDATE after `states.LIFE`: of two phones, or two taps, one wins.
"""

import hashlib
from typing import Any

from django.db import transaction
from django.db.models import Q

from ca import clock, journal, status
from ca.errors import StatusUnknown
from ca.models import Realm
from ca.profiles import Medium, Purpose
from portal.handoff import signing
from portal.handoff.errors import (
    AnswerRefused,
    AnswerUndecided,
    HandOffExpired,
    HandOffNotShown,
    HandOffOver,
    HandOffRefused,
    HandOffUnknown,
    HandOffWrongBrowser,
    NotPrepared,
)
from portal.handoff.models import HandOff
from portal.handoff.states import LIFE, OPEN, Event, State
from portal.handoff.ways import Way
from tsm.models import Phone
from whitelist import access, delegations
from whitelist.models import Credential


def by_token(token: str) -> HandOff:
    """Return the hand-off that the phone's link opens, expired if its time is over; else raise `HandOffUnknown`."""
    return found(token_digest=digest(token))


def by_screen(token: str) -> HandOff:
    """Return the hand-off whose code the screen of that link shows; else raise `HandOffUnknown`."""
    return found(screen_digest=digest(token))


def by_id(reference: Any, *, credential: Credential) -> HandOff:
    """Return the hand-off of that id if it is the relying party's own; else raise `HandOffUnknown`.

    What a platform operator asked for in another's name is its own as long as the delegation holds: after that raise
    `HandOffRefused`.
    """
    party = credential.relying_party
    own = HandOff.objects.filter(Q(relying_party=party) | Q(credential__relying_party=party), pk=reference)
    if not own.exists():
        raise HandOffUnknown("no such hand-off")
    hand_off = found(pk=reference)
    acting = hand_off.relying_party_id != party.pk
    if acting and not delegations.holding(credential, hand_off.relying_party, Purpose(hand_off.purpose)):
        reason = str(access.Reason.DELEGATION_NOT_VALID)
        raise HandOffRefused("the delegation has ended", state=hand_off.state, reason=reason)
    return hand_off


def show(hand_off: HandOff, browser: str = "", *, phone: Phone | None = None) -> HandOff:
    """Record that a screen, the phone's if it is one, shows it, and return it anew; refused if the register says no.

    The first browser (`binding.mark`) that opens the link keeps it: raise `HandOffWrongBrowser` for any other.
    """
    if browser:
        hand_off = _bind(hand_off, browser)
    if hand_off.state not in OPEN or refuse_if_not_allowed(hand_off):
        return found(pk=hand_off.pk)
    if phone is not None:  # Also while the numbers are compared: a wrong one belongs into the history, too.
        HandOff.objects.filter(pk=hand_off.pk, state__in=OPEN).update(shown_on=phone)
    # Zero rows: it came to its end meanwhile, and the row read anew says how. A code's holder compares numbers first.
    with transaction.atomic(savepoint=False):
        claimed = claim(hand_off, Event.SHOW, shown_at=hand_off.shown_at or clock.now(hand_off.realm))
        if claimed and hand_off.state != State.SHOWN:  # a page may be loaded again
            record(hand_off, "shown")
    return found(pk=hand_off.pk)


def prepare(hand_off: HandOff, certificate: bytes) -> bytes:
    """Return the message that the key of `certificate` (DER) is to sign.

    Raise `AnswerRefused` or `AnswerUndecided` for a certificate that wouldn't do, or an error of `_require_shown`.
    """
    _require_shown(hand_off)
    now = clock.now(hand_off.realm)
    try:
        verdict = status.check_certificate(hand_off.realm, certificate, now=now, purpose=Purpose(hand_off.purpose))
    except StatusUnknown as error:
        raise AnswerUndecided("the certificate's standing can't be found out now") from error
    _require_valid(verdict, hand_off)
    return signing.prepare(hand_off, certificate, now=now)


def answer(hand_off: HandOff, *, certificate: bytes, signature: bytes) -> None:
    """Take the answer: DER certificate and PKCS#1 v1.5 signature (SHA-256) over what `signing.message` says.

    It is checked as the service will check it: signature, chain, standing now, purpose, and medium; and that what was
    signed belongs to what was shown. Raise `AnswerRefused` (the citizen may try again), `AnswerUndecided`,
    `NotPrepared`, or an error of `_require_shown`.
    """
    _require_shown(hand_off)
    if refuse_if_not_allowed(hand_off):
        _require_shown(found(pk=hand_off.pk))
    message = signing.message(hand_off, certificate)
    now = clock.now(hand_off.realm)
    try:
        verdict = status.check_signature(
            hand_off.realm, certificate, message, signature, now=now, purpose=Purpose(hand_off.purpose)
        )
    except StatusUnknown as error:
        raise AnswerUndecided("the certificate's standing can't be found out now") from error
    medium = _require_valid(verdict, hand_off)
    with transaction.atomic():
        if not claim(
            hand_off,
            Event.ANSWER,
            certificate=certificate,
            signature=signature,
            medium=medium,
            ended_at=now,
            answered_with_id=verdict.certificate_id,
        ):
            _require_shown(found(pk=hand_off.pk))
            raise HandOffOver("answered by another", state=hand_off.state)
        if signing.message(hand_off, certificate) != message:
            raise NotPrepared("something else was made ready meanwhile")
        serial_number = verdict.certificate.serial_number if verdict.certificate else ""
        record(hand_off, "answered", serial_number=serial_number, medium=medium)


def decline(hand_off: HandOff) -> None:
    """Record that the citizen said no on the phone."""
    _end(hand_off, Event.DECLINE, "declined")


def cancel(hand_off: HandOff) -> None:
    """Record that the citizen gave up at the screen that shows the code."""
    _end(hand_off, Event.CANCEL, "declined")


def found(**only: Any) -> HandOff:
    """Return the one hand-off of these fields, expired if its time is over; else raise `HandOffUnknown`."""
    hand_off = (
        HandOff.objects.select_related("realm", "relying_party__realm", "credential__relying_party__realm")
        .filter(**only)
        .first()
    )
    if hand_off is None:
        raise HandOffUnknown("no such hand-off")
    if hand_off.state in OPEN and hand_off.is_over_at(clock.now(hand_off.realm)):
        if _expire(hand_off):
            hand_off.state = State.EXPIRED
            hand_off.ended_at = hand_off.expires_at
        else:
            hand_off.refresh_from_db()
    return hand_off


def expire_due(realm: Realm) -> int:
    """End the realm's hand-offs whose time is over, also those that nobody looks at; return how many there were."""
    open_ones = HandOff.objects.filter(realm=realm, state__in=OPEN, expires_at__lte=clock.now(realm))
    due = list(open_ones.order_by("expires_at", "pk").values_list("pk", flat=True))
    for pk in due:
        found(pk=pk)
    return len(due)


def _expire(hand_off: HandOff) -> bool:
    with transaction.atomic():
        if not claim(hand_off, Event.EXPIRE, ended_at=hand_off.expires_at):
            return False
        record(hand_off, "expired")
    return True


def refuse_if_not_allowed(hand_off: HandOff) -> bool:
    """Ask the register again; return whether it says no, in which case the hand-off is refused now."""
    now = clock.now(hand_off.realm)
    decision = delegations.of(
        hand_off.relying_party,
        access.Ask(Purpose(hand_off.purpose), hand_off.return_url, hand_off.realm.slug),
        credential=hand_off.credential,
        now=now,
    )
    if decision.allowed:
        return False
    with transaction.atomic():
        if claim(hand_off, Event.REFUSE, reason=decision.reason, ended_at=now):
            hand_off.reason = decision.reason or ""
            record(hand_off, "refused")
    return True


def require_open(hand_off: HandOff) -> None:
    """Raise what says how the hand-off ended, if it has."""
    if hand_off.state == State.EXPIRED:
        raise HandOffExpired("nobody answered in time", state=hand_off.state)
    if hand_off.state == State.REFUSED:
        raise HandOffRefused("the register says no", state=hand_off.state, reason=hand_off.reason)
    if hand_off.state not in OPEN:
        raise HandOffOver("the hand-off has come to its end", state=hand_off.state)


def claim(hand_off: HandOff, event: Event, **values: Any) -> bool:
    """Make the move that `LIFE` allows from the state as read; return whether it was ours to make.

    What the service has redeemed moves no more.
    """
    target = LIFE.get((State(hand_off.state), event))
    if target is None:
        return False
    as_read = HandOff.objects.filter(pk=hand_off.pk, state=hand_off.state, fetched_at__isnull=True)
    return bool(as_read.update(state=target, **values))


def record(hand_off: HandOff, what: str, **data: str) -> None:
    """Write into the journal what happened to a hand-off."""
    if hand_off.reason:
        data["reason"] = hand_off.reason
    if hand_off.operator is not None:
        data["operator"] = hand_off.operator.client_id
    journal.record(
        hand_off.realm,
        f"handoff.{what}",
        str(hand_off.id),
        relying_party=hand_off.relying_party.client_id,
        purpose=hand_off.purpose,
        **data,
    )


def digest(token: str) -> str:
    """Return what is kept of a token or code: its SHA-256, in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _bind(hand_off: HandOff, browser: str) -> HandOff:
    """Give the hand-off to the browser if none has it; a link's first browser also is the one that began."""
    if not hand_off.answers_in:
        both = {"answers_in": browser} if hand_off.way == Way.QR else {"answers_in": browser, "began_in": browser}
        HandOff.objects.filter(pk=hand_off.pk, answers_in="").update(**both)
        hand_off = found(pk=hand_off.pk)
    if hand_off.answers_in != browser:
        raise HandOffWrongBrowser("opened in another browser before")
    return hand_off


def _require_valid(verdict: status.Verdict, hand_off: HandOff) -> Medium:
    """Return the medium of a certificate that may answer; else raise why not."""
    reasons = [str(reason) for reason in verdict.reasons]
    if verdict.standing == status.Standing.UNDECIDED:
        raise AnswerUndecided("the certificate stands in no record of ours", reasons=reasons)
    if verdict.medium == Medium.CARD and not hand_off.card_allowed:
        reasons.append(str(status.Reason.WRONG_MEDIUM))
    if reasons or verdict.medium is None:
        raise AnswerRefused("the signature or its certificate doesn't hold", reasons=reasons)
    return verdict.medium


def _require_shown(hand_off: HandOff) -> None:
    require_open(hand_off)
    if hand_off.state != State.SHOWN:
        raise HandOffNotShown("the hand-off was not shown on a screen", state=hand_off.state)


def _end(hand_off: HandOff, event: Event, what: str) -> None:
    require_open(hand_off)
    if (State(hand_off.state), event) not in LIFE:
        raise HandOffNotShown("the hand-off was not shown on a screen", state=hand_off.state)
    with transaction.atomic():
        if not claim(hand_off, event, ended_at=clock.now(hand_off.realm)):
            require_open(found(pk=hand_off.pk))
            raise HandOffOver("ended meanwhile", state=hand_off.state)
        record(hand_off, what)
