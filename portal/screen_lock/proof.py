"""The holder's proof: the phone's authentication key, which the PIN opens, signs a challenge of ours.

A phone's session proves only that this browser was given the phone. What tells about its holder, the four attributes
and the history of every use, is shown for some minutes after such a proof, and to that session alone.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from ca import clock, journal
from ca.causes import Cause
from ca.models import Certificate
from portal.phone.session import phone_of
from portal.screen_lock import challenges
from portal.screen_lock.challenges import Use
from portal.screen_lock.errors import ProofRefused
from tsm import enrolment as enrolments
from tsm.enrolment.proofs import signed_by
from tsm.models import Enrolment, Phone

SESSION = "holder_proof"


@dataclass(frozen=True)
class Proved:
    """Whose proof stands in a session, and until when (the machine's time)."""

    enrolment: Enrolment
    until: datetime


def text(phone: Phone, use: Use, nonce: bytes) -> str:
    """Return what is signed. Its first line is no other text's that this key signs (hand-offs: JPKI-HANDOFF-1)."""
    return f"JPKI-CONFIRM-1\n{use}\n{phone.reference}\n{base64.urlsafe_b64encode(nonce).decode()}\n"


def ask(phone: Phone, use: Use) -> str:
    """Return a new text for the phone's authentication key to sign."""
    return text(phone, use, challenges.give(phone, use))


def able(phone: Phone) -> Enrolment | None:
    """Return the phone's enrolment whose key can prove its holder, or None.

    On hold it can: the holder of a phone that was found again looks what happened. So can a pair that fell with the
    card's, whose keys are in the element still. What was revoked for another cause proves nothing.
    """
    enrolment = enrolments.current(phone)
    certificate = enrolment.authentication_certificate if enrolment else None
    if enrolment is None or certificate is None or enrolment.state != Enrolment.State.ACTIVE:
        return None
    if certificate.status == Certificate.Status.REVOKED and certificate.cause != Cause.CARD_CERTIFICATE_REVOKED:
        return None
    return enrolment


def nonce_of(phone: Phone, use: Use, signed: str) -> bytes:
    """Return the nonce in a text that `ask` gave. Raises `ProofRefused`."""
    try:
        nonce = base64.urlsafe_b64decode(signed.split("\n")[3])
    except (IndexError, ValueError):
        raise ProofRefused("what was signed is no text of ours") from None
    if signed != text(phone, use, nonce):
        raise ProofRefused("what was signed is no text of ours for this")
    return nonce


def check(phone: Phone, signed: str, signature: bytes) -> Enrolment:
    """Return the enrolment whose authentication key signed the text. Raises `ProofRefused`."""
    enrolment = able(phone)
    if enrolment is None or enrolment.authentication_certificate is None:
        raise ProofRefused("this phone has no certificates that could prove its holder")
    if not signed_by(enrolment.authentication_certificate, signed.encode(), signature):
        raise ProofRefused("the signature isn't by this phone's authentication key")
    return enrolment


def take(phone: Phone, use: Use, signed: str, signature: bytes) -> Enrolment:
    """Take the answer to `ask`: once. Raises `ProofRefused`, `ChallengeOver`."""
    challenges.take(phone, use, nonce_of(phone, use, signed))
    return check(phone, signed, signature)


def open_for(request: HttpRequest, enrolment: Enrolment) -> Proved:
    """Keep in the session that the holder has proved himself, from now on for HOLDER_PROOF_SECONDS."""
    with transaction.atomic():
        journal.record(enrolment.realm, "holder.proved", str(enrolment.reference))
    at = clock.machine()
    # Whoever knew the session's name before, does not see what is opened now.
    request.session.cycle_key()
    request.session[SESSION] = {"enrolment": str(enrolment.reference), "at": at.timestamp()}
    return Proved(enrolment, at + _lifetime())


def proved(request: HttpRequest) -> Proved | None:
    """Return the proof that stands in this session for its present phone's present pair; None without one."""
    kept = request.session.get(SESSION)
    phone = phone_of(request) if kept else None
    enrolment = able(phone) if phone else None
    if kept is None or enrolment is None or kept["enrolment"] != str(enrolment.reference):
        return None
    at, now = datetime.fromtimestamp(kept["at"], UTC), clock.machine()
    return Proved(enrolment, at + _lifetime()) if at <= now < at + _lifetime() else None


def close(request: HttpRequest) -> None:
    """Forget the proof."""
    request.session.pop(SESSION, None)


def _lifetime() -> timedelta:
    return timedelta(seconds=settings.HOLDER_PROOF_SECONDS)
