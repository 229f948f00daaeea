"""Sign in with the card, for minutes: its user authentication key signs a challenge that is good once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from ca import clock, journal, status
from ca.models import Holder
from ca.profiles import Medium, Purpose
from portal.phone.errors import CardRefused, ChallengeOver
from portal.phone.session import realm_of

CHALLENGE = "card_challenge"
HOLDER = "card_holder"
CHALLENGE_SECONDS = 300


@dataclass(frozen=True)
class SignedIn:
    """Who has signed in with the card, and until when."""

    holder: Holder
    until: datetime


def challenge(request: HttpRequest) -> str:
    """Return the text that the card is to sign; the session keeps it, and an earlier one is good no more."""
    text = (
        "マイナンバーカードによる本人確認\n"
        "スマートフォンの一時利用停止のために、本人であることを確認します。\n"
        f"サイト: {settings.PUBLIC_URL}\n"
        f"番号: {secrets.token_hex(16)}\n"
    )
    request.session[CHALLENGE] = {"text": text, "until": _in(CHALLENGE_SECONDS)}
    return text


def sign_in(request: HttpRequest, *, certificate: bytes, signature: bytes) -> SignedIn:
    """Take the card's user authentication certificate (DER) and its signature over the challenge.

    Raises `ChallengeOver`, `CardRefused`.
    """
    given: dict[str, Any] = request.session.pop(CHALLENGE, {})
    if not given or clock.machine() > datetime.fromisoformat(given["until"]):
        raise ChallengeOver("the text to be signed is another, or too old")
    realm = realm_of(request)
    if realm is None:
        raise CardRefused("nobody has a card yet", reasons=[])
    verdict = status.check_signature(
        realm,
        certificate,
        given["text"].encode(),
        signature,
        now=clock.now(realm),
        purpose=Purpose.USER_AUTHENTICATION,
        medium=Medium.CARD,
    )
    card = verdict.certificate
    if verdict.standing is not status.Standing.VALID or card is None:
        reasons = [str(reason) for reason in verdict.reasons]
        journal.record(realm, "holder.sign_in_refused", card.serial_number if card else "", reasons=reasons)
        raise CardRefused("the card's signature doesn't hold", reasons=reasons)
    with transaction.atomic():
        journal.record(realm, "holder.signed_in", card.serial_number, by="card")
        request.session.cycle_key()
        request.session[HOLDER] = {"holder": card.holder_id, "until": _in(settings.CARD_SESSION_SECONDS)}
    return SignedIn(card.holder, datetime.fromisoformat(request.session[HOLDER]["until"]))


def signed_in(request: HttpRequest) -> SignedIn | None:
    """Return who has signed in with the card in this browser, or None when nobody has or the minutes are over."""
    kept = request.session.get(HOLDER)
    if kept is None:
        return None
    until = datetime.fromisoformat(kept["until"])
    holder = Holder.objects.filter(pk=kept["holder"]).first() if clock.machine() < until else None
    if holder is None:
        sign_out(request)
        return None
    return SignedIn(holder, until)


def sign_out(request: HttpRequest) -> None:
    request.session.pop(HOLDER, None)


def _in(seconds: float) -> str:
    return (clock.machine() + timedelta(seconds=seconds)).isoformat()
