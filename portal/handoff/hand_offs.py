"""What happens to a hand-off: asked, opened, shown, answered, declined.

Every change is claimed by a conditional UPDATE after `states.LIFE`: of two phones, or two taps, one wins.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from ca import clock, journal, status
from ca.errors import StatusUnknown
from ca.profiles import Medium, Purpose
from portal.handoff import pdf as pdfs
from portal.handoff import signing, texts
from portal.handoff.errors import (
    AnswerRefused,
    AnswerUndecided,
    DocumentUnacceptable,
    HandOffExpired,
    HandOffNotShown,
    HandOffOver,
    HandOffRefused,
    HandOffUnknown,
    HandOffWrongBrowser,
    NotPrepared,
    RequestInvalid,
)
from portal.handoff.models import HandOff, HandOffPdf
from portal.handoff.states import LIFE, OPEN, Event, State
from portal.handoff.ways import Format, Way
from tsm.models import Phone
from whitelist import access
from whitelist.models import Credential

LIFETIME = timedelta(minutes=10)
EVERY_MEDIUM = (Medium.PHONE, Medium.CARD)

_STATE = re.compile(r"[\x20-\x7e]{0,255}")  # RFC 6749 appendix A.5
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # a SHA-256 in base64url


@dataclass(frozen=True)
class Asked:
    """A new hand-off with the token of the address to which the service sends its citizen; the token is told once."""

    hand_off: HandOff
    token: str

    @property
    def address(self) -> str:
        """Return where the service sends the citizen's browser: to the question, or to the screen with the code."""
        page = "handoff:screen" if self.hand_off.way == Way.QR else "handoff:page"
        return settings.PUBLIC_URL + reverse(page, args=[self.token])


def ask(
    credential: Credential,
    *,
    purpose: Purpose,
    return_url: str,
    document: str = "",
    document_name: str = "",
    pdf: bytes = b"",
    format: Format | None = None,
    way: Way = Way.BROWSER,
    media: Collection[Medium] = EVERY_MEDIUM,
    state: str = "",
    code_challenge: str = "",
) -> Asked:
    """Make a hand-off for the relying party of `credential`, to be answered within ten minutes.

    A signature has a text in `document` or a `pdf`, and a name for it. `media` are those that may answer; the phone
    always may. `state` and the way back's code go to `return_url` with the citizen; `code_challenge` (RFC 7636, S256)
    binds the code to whoever knows its verifier, and an app must send one.

    Where the register says no it is made all the same, in state refused with the reason: the service is told, and the
    citizen who follows the link is told. Raise `DocumentUnacceptable` for what can't be shown as it is, and
    `RequestInvalid` for what doesn't go together.
    """
    _check_request(way, media, state, code_challenge)
    format = _format(purpose, format, pdf)
    _check_document(purpose, document, document_name, pdf)
    relying_party = credential.relying_party
    now = clock.now(relying_party.realm)
    decision = access.of(
        relying_party, access.Ask(purpose, return_url, relying_party.realm.slug), credential=credential, now=now
    )
    # Nobody's file is taken apart who may not ask.
    accepted = pdfs.accept(pdf) if pdf and decision.allowed else None
    token = secrets.token_urlsafe(32)
    # With a code on a screen the phone's link is made when the code is read; nobody knows this one.
    phone = secrets.token_urlsafe(32) if way == Way.QR else token
    content = pdf or document.encode()
    with transaction.atomic():
        hand_off = HandOff.objects.create(
            realm=relying_party.realm,
            relying_party=relying_party,
            credential=credential,
            purpose=purpose,
            way=way,
            format=format,
            card_allowed=Medium.CARD in media,
            document=document,
            document_name=document_name,
            document_digest=hashlib.sha256(content).hexdigest() if content else "",
            nonce=secrets.token_urlsafe(32),
            return_url=return_url,
            service_state=state,
            code_challenge=code_challenge,
            token_digest=digest(phone),
            screen_digest=digest(token) if way == Way.QR else None,
            state=State.WAITING if decision.allowed else State.REFUSED,
            reason=decision.reason or "",
            created_at=now,
            expires_at=now + LIFETIME,
            ended_at=None if decision.allowed else now,
        )
        if accepted is not None:
            HandOffPdf.objects.create(hand_off=hand_off, content=pdf, pages=accepted.pages, texts=accepted.texts)
        # Which of its applications the citizen returns to: the register may have changed by the time somebody asks.
        where = {"application": decision.application.name} if decision.application else {}
        record(hand_off, "asked" if decision.allowed else "refused", **where)
    return Asked(hand_off, token)


def by_token(token: str) -> HandOff:
    """Return the hand-off that the phone's link opens, expired if its time is over; else raise `HandOffUnknown`."""
    return found(token_digest=digest(token))


def by_screen(token: str) -> HandOff:
    """Return the hand-off whose code the screen of that link shows; else raise `HandOffUnknown`."""
    return found(screen_digest=digest(token))


def by_id(reference: Any, *, credential: Credential) -> HandOff:
    """Return the hand-off of that id if it is the relying party's own; else raise `HandOffUnknown`."""
    return found(pk=reference, relying_party=credential.relying_party)


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
    claim(hand_off, Event.SHOW, shown_at=hand_off.shown_at or clock.now(hand_off.realm))
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
        HandOff.objects.select_related("realm", "relying_party__realm", "credential__relying_party")
        .filter(**only)
        .first()
    )
    if hand_off is None:
        raise HandOffUnknown("no such hand-off")
    if hand_off.state in OPEN and hand_off.is_over_at(clock.now(hand_off.realm)):
        if claim(hand_off, Event.EXPIRE, ended_at=hand_off.expires_at):
            hand_off.state = State.EXPIRED
            hand_off.ended_at = hand_off.expires_at
        else:
            hand_off.refresh_from_db()
    return hand_off


def refuse_if_not_allowed(hand_off: HandOff) -> bool:
    """Ask the register again; return whether it says no, in which case the hand-off is refused now."""
    now = clock.now(hand_off.realm)
    decision = access.of(
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


def _check_request(way: Way, media: Collection[Medium], state: str, code_challenge: str) -> None:
    if Medium.PHONE not in media:
        raise RequestInvalid("media must hold phone", member="media")
    if not _STATE.fullmatch(state):
        raise RequestInvalid("state must be at most 255 visible ASCII characters", member="state")
    if code_challenge and not _CHALLENGE.fullmatch(code_challenge):
        raise RequestInvalid("code_challenge must be a SHA-256 in base64url", member="code_challenge")
    if way == Way.APP and not code_challenge:
        # RFC 8252 §8.1: another app on the phone may take the address on which the code comes back.
        raise RequestInvalid("an app must send a code_challenge", member="code_challenge")


def _format(purpose: Purpose, wanted: Format | None, pdf: bytes) -> Format:
    allowed = [Format.RAW]
    if purpose == Purpose.SIGNATURE:
        allowed = [Format.PADES] if pdf else [Format.RAW, Format.CADES]
    if wanted is not None and wanted not in allowed:
        raise RequestInvalid(f"format must be {' or '.join(allowed)} here", member="format")
    return wanted or allowed[0]


def _check_document(purpose: Purpose, document: str, name: str, pdf: bytes) -> None:
    if purpose != Purpose.SIGNATURE:
        if document or name or pdf:
            raise DocumentUnacceptable("an authentication has no document", member="document")
        return
    if pdf and document:
        raise DocumentUnacceptable("either a text or a PDF", member="pdf")
    if not pdf:
        texts.check(document, "document", longest=texts.LONGEST_DOCUMENT)
    texts.check(name, "document_name", longest=texts.LONGEST_NAME, one_line=True)


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
