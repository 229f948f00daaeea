"""What happens to a hand-off: asked, shown, answered, declined, fetched.

Every change is claimed by a conditional UPDATE after `states.LIFE`: of two phones, or two taps, one wins.
"""

import base64
import binascii
import hashlib
import secrets
import unicodedata
import urllib.parse
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ca import clock, journal, status
from ca.errors import StatusUnknown
from ca.profiles import Medium, Purpose
from portal.handoff.errors import (
    AnswerMalformed,
    AnswerRefused,
    AnswerUndecided,
    DocumentUnacceptable,
    HandOffExpired,
    HandOffNotShown,
    HandOffOver,
    HandOffRefused,
    HandOffUnknown,
)
from portal.handoff.models import HandOff
from portal.handoff.states import LIFE, OPEN, Event, State
from tsm.models import Phone
from whitelist import access
from whitelist.models import Credential

LIFETIME = timedelta(minutes=10)
LONGEST_DOCUMENT = 100_000
# Certificates are under 2 kB, signatures 256 bytes (jpki-facts 1.4).
LONGEST_CERTIFICATE = 8192
LONGEST_SIGNATURE = 1024

# Which media answer a hand-off. The card will be offered beside the phone later.
MEDIUM = Medium.PHONE

# Characters that make a text look other than it is: controls, and those that turn the direction of writing (UAX #9).
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn"})
_SEEN_CONTROLS = frozenset("\t\n\r")
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Asked:
    """A new hand-off with the token of its link, which is told once."""

    hand_off: HandOff
    token: str


def ask(
    credential: Credential, *, purpose: Purpose, return_url: str, document: str = "", document_name: str = ""
) -> Asked:
    """Make a hand-off for the relying party of `credential`, to be opened by its link within ten minutes.

    Where the register says no it is made all the same, in state refused with the reason: the service is told, and the
    citizen who follows the link is told. Raise `DocumentUnacceptable` for a text that can't be shown as it is.
    """
    if purpose == Purpose.SIGNATURE:
        check_text(document, "document", longest=LONGEST_DOCUMENT)
        check_text(document_name, "document_name", longest=100, one_line=True)
    elif document or document_name:
        raise DocumentUnacceptable("an authentication has no document", member="document")
    relying_party = credential.relying_party
    now = clock.now(relying_party.realm)
    decision = access.of(relying_party, access.Ask(purpose, return_url), credential=credential, now=now)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        hand_off = HandOff.objects.create(
            realm=relying_party.realm,
            relying_party=relying_party,
            credential=credential,
            purpose=purpose,
            document=document,
            document_name=document_name,
            nonce=secrets.token_urlsafe(32),
            return_url=return_url,
            token_digest=_digest(token),
            state=State.WAITING if decision.allowed else State.REFUSED,
            reason=decision.reason or "",
            created_at=now,
            expires_at=now + LIFETIME,
            ended_at=None if decision.allowed else now,
        )
        _journal(hand_off, "asked" if decision.allowed else "refused")
    return Asked(hand_off, token)


def by_token(token: str) -> HandOff:
    """Return the hand-off that a link's token opens, expired if its time is over; else raise `HandOffUnknown`."""
    return _found(token_digest=_digest(token))


def by_id(reference: Any, *, credential: Credential) -> HandOff:
    """Return the hand-off of that id if it is the relying party's own; else raise `HandOffUnknown`."""
    return _found(pk=reference, relying_party=credential.relying_party)


def show(hand_off: HandOff, *, phone: Phone | None = None) -> HandOff:
    """Record that a screen, the phone's if it is one, shows it, and return it anew; refused if the register says no."""
    if hand_off.state not in OPEN:
        return hand_off
    now = clock.now(hand_off.realm)
    if _refuse_if_not_allowed(hand_off, now):
        return _found(pk=hand_off.pk)
    # Zero rows: it came to its end meanwhile, and the row read anew says how.
    shown = {"shown_on": phone} if phone else {}
    _claim(hand_off, Event.SHOW, shown_at=hand_off.shown_at or now, **shown)
    return _found(pk=hand_off.pk)


def answer(hand_off: HandOff, *, certificate: bytes, signature: bytes) -> None:
    """Take the phone's answer: DER certificate and PKCS#1 v1.5 signature (SHA-256) over the UTF-8 of `signed_text`.

    It is checked as the service will check it: signature, chain, standing now, purpose, and that it is the phone's.
    Raise `AnswerRefused` (the citizen may try again), `AnswerUndecided`, or an error of `_require_open`.
    """
    _require_open(hand_off)
    now = clock.now(hand_off.realm)
    if _refuse_if_not_allowed(hand_off, now):
        _require_open(_found(pk=hand_off.pk))
    try:
        verdict = status.check_signature(
            hand_off.realm,
            certificate,
            hand_off.signed_text.encode(),
            signature,
            now=now,
            purpose=Purpose(hand_off.purpose),
            medium=MEDIUM,
        )
    except StatusUnknown as error:
        raise AnswerUndecided("the certificate's standing can't be found out now") from error
    reasons = [str(reason) for reason in verdict.reasons]
    if verdict.standing == status.Standing.UNDECIDED:
        raise AnswerUndecided("the certificate stands in no record of ours", reasons=reasons)
    if verdict.standing != status.Standing.VALID:
        raise AnswerRefused("the signature or its certificate doesn't hold", reasons=reasons)
    with transaction.atomic():
        if not _claim(
            hand_off,
            Event.ANSWER,
            certificate=certificate,
            signature=signature,
            medium=MEDIUM,
            ended_at=now,
            answered_with_id=verdict.certificate_id,
        ):
            _require_open(_found(pk=hand_off.pk))
            raise HandOffOver("answered by another", state=hand_off.state)
        serial_number = verdict.certificate.serial_number if verdict.certificate else ""
        _journal(hand_off, "answered", serial_number=serial_number)


def decline(hand_off: HandOff) -> None:
    """Record that the citizen said no."""
    _require_open(hand_off)
    with transaction.atomic():
        if not _claim(hand_off, Event.DECLINE, ended_at=clock.now(hand_off.realm)):
            _require_open(_found(pk=hand_off.pk))
            raise HandOffOver("ended meanwhile", state=hand_off.state)
        _journal(hand_off, "declined")


def fetched(hand_off: HandOff) -> None:
    """Record that the service fetched the result; the first time counts."""
    HandOff.objects.filter(pk=hand_off.pk, state=State.ANSWERED, fetched_at__isnull=True).update(
        fetched_at=clock.now(hand_off.realm)
    )


def way_back(hand_off: HandOff) -> str:
    """Return the address at the service where the citizen goes, naming the hand-off; empty when it isn't registered."""
    if hand_off.state == State.REFUSED:
        return ""
    parts = urllib.parse.urlsplit(hand_off.return_url)
    query = "&".join(filter(None, (parts.query, f"handoff={hand_off.id}")))
    return parts._replace(query=query).geturl()


def decode(text: object, *, longest: int) -> bytes:
    """Return the bytes of a base64 member of an answer, at most `longest`; else raise `AnswerMalformed`."""
    if not isinstance(text, str) or len(text) > longest * 2:
        raise AnswerMalformed("certificate and signature must be texts in base64")
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise AnswerMalformed("certificate and signature must be in base64") from None
    if not 0 < len(value) <= longest:
        raise AnswerMalformed(f"at most {longest} bytes, and not none")
    return value


def check_text(text: str, member: str, *, longest: int, one_line: bool = False) -> None:
    """Raise `DocumentUnacceptable` unless the citizen will see all of `text`, and see it as it is."""
    if not text.strip():
        raise DocumentUnacceptable(f"{member} is empty", member=member)
    if len(text) > longest:
        raise DocumentUnacceptable(f"{member} is longer than {longest} characters", member=member)
    seen = frozenset() if one_line else _SEEN_CONTROLS
    for position, character in enumerate(text):
        if character in seen:
            continue
        if unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _DIRECTION:
            raise DocumentUnacceptable(
                f"{member} has U+{ord(character):04X} at {position}: a reader wouldn't see it as it is", member=member
            )


def _found(**only: Any) -> HandOff:
    hand_off = (
        HandOff.objects.select_related("realm", "relying_party__realm", "credential__relying_party")
        .filter(**only)
        .first()
    )
    if hand_off is None:
        raise HandOffUnknown("no such hand-off")
    if hand_off.state in OPEN and hand_off.is_over_at(clock.now(hand_off.realm)):
        if _claim(hand_off, Event.EXPIRE, ended_at=hand_off.expires_at):
            hand_off.state = State.EXPIRED
            hand_off.ended_at = hand_off.expires_at
        else:
            hand_off.refresh_from_db()
    return hand_off


def _refuse_if_not_allowed(hand_off: HandOff, now: datetime) -> bool:
    """Ask the register again; return whether it says no, in which case the hand-off is refused now."""
    decision = access.of(
        hand_off.relying_party,
        access.Ask(Purpose(hand_off.purpose), hand_off.return_url),
        credential=hand_off.credential,
        now=now,
    )
    if decision.allowed:
        return False
    with transaction.atomic():
        if _claim(hand_off, Event.REFUSE, reason=decision.reason, ended_at=now):
            hand_off.reason = decision.reason or ""
            _journal(hand_off, "refused")
    return True


def _require_open(hand_off: HandOff) -> None:
    if hand_off.state == State.EXPIRED:
        raise HandOffExpired("nobody answered in time", state=hand_off.state)
    if hand_off.state == State.REFUSED:
        raise HandOffRefused("the register says no", state=hand_off.state, reason=hand_off.reason)
    if hand_off.state not in OPEN:
        raise HandOffOver("the hand-off has come to its end", state=hand_off.state)
    if hand_off.state == State.WAITING:
        raise HandOffNotShown("the hand-off was not shown on a screen", state=hand_off.state)


def _claim(hand_off: HandOff, event: Event, **values: Any) -> bool:
    """Make the move that `LIFE` allows from the state as read; return whether it was ours to make."""
    target = LIFE.get((State(hand_off.state), event))
    if target is None:
        return False
    return bool(HandOff.objects.filter(pk=hand_off.pk, state=hand_off.state).update(state=target, **values))


def _journal(hand_off: HandOff, what: str, **data: str) -> None:
    if hand_off.reason:
        data["reason"] = hand_off.reason
    journal.record(
        hand_off.realm,
        f"handoff.{what}",
        str(hand_off.id),
        relying_party=hand_off.relying_party.client_id,
        purpose=hand_off.purpose,
        **data,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
