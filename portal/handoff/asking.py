"""A service asks: what goes together, what the register says of it, and the hand-off that comes of it."""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from ca import clock
from ca.profiles import Medium, Purpose
from portal.handoff import hand_offs, texts
from portal.handoff import pdf as pdfs
from portal.handoff.errors import DocumentUnacceptable, RequestInvalid
from portal.handoff.models import HandOff, HandOffPdf
from portal.handoff.states import State
from portal.handoff.ways import Format, Way
from whitelist import access, delegations
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
    on_behalf_of: str = "",
) -> Asked:
    """Make a hand-off for the relying party of `credential`, to be answered within ten minutes.

    With `on_behalf_of`, a platform operator asks for the provider of that client id (`whitelist.delegations`): the
    citizen is asked in the provider's name, and comes back to the provider's addresses.

    A signature has a text in `document` or a `pdf`, and a name for it. `media` are those that may answer; the phone
    always may. `state` and the way back's code go to `return_url` with the citizen; `code_challenge` (RFC 7636, S256)
    binds the code to whoever knows its verifier, and an app must send one.

    Where the register says no it is made all the same, in state refused with the reason: the service is told, and the
    citizen who follows the link is told. Raise `DocumentUnacceptable` for what can't be shown as it is, and
    `RequestInvalid` for what doesn't go together, `DelegationMissing` for a name in which the credential never acted.
    """
    _check_request(way, media, state, code_challenge)
    format = _format(purpose, format, pdf)
    _check_document(purpose, document, document_name, pdf)
    relying_party = delegations.acting_for(credential, on_behalf_of)
    now = clock.now(relying_party.realm)
    wanted = access.Ask(purpose, return_url, relying_party.realm.slug)
    decision = delegations.of(relying_party, wanted, credential=credential, now=now)
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
            token_digest=hand_offs.digest(phone),
            screen_digest=hand_offs.digest(token) if way == Way.QR else None,
            state=State.WAITING if decision.allowed else State.REFUSED,
            reason=decision.reason or "",
            created_at=now,
            expires_at=now + LIFETIME,
            ended_at=None if decision.allowed else now,
        )
        if accepted is not None:
            HandOffPdf.objects.create(hand_off=hand_off, content=pdf, pages=accepted.pages, texts=accepted.texts)
        # Which of its applications the citizen returns to: the register may have changed by the time somebody looks.
        where = {"application": decision.application.name} if decision.application else {}
        hand_offs.record(hand_off, "asked" if decision.allowed else "refused", **where)
    return Asked(hand_off, token)


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
