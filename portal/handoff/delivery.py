"""The way back: the outcome goes to the service with the browser that began there, by a code that is good once.

Modelled on OAuth 2.0's authorization code (RFC 6749 §4.1, RFC 9700): what the browser carries is worth nothing without
the service's key, and what the service can ask for is worth nothing without what its own browser carries. Whoever
lures a citizen into answering a request of their own gets the state of it, and never the result.
"""

import base64
import hashlib
import hmac
import secrets
import urllib.parse
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from ca import clock
from portal.handoff import binding, faults, hand_offs
from portal.handoff.errors import AlreadyReturned, CodeInvalid, HandOffRefused, HandOffWrongBrowser, NotOver
from portal.handoff.models import HandOff
from portal.handoff.states import OPEN, Event, State
from whitelist.models import Credential

CODE_LIFETIME = timedelta(minutes=2)


def has_way_back(hand_off: HandOff, mark: str) -> bool:
    """Return whether the browser of that mark may take the outcome to the service now."""
    return (
        hand_off.state not in OPEN
        and hand_off.state != State.REFUSED
        and hand_off.fetched_at is None
        and binding.same(hand_off.began_in, mark)
    )


def leave(hand_off: HandOff, mark: str) -> str:
    """Return the address at the service to which the browser of that mark goes with the outcome.

    Until the service has redeemed the code the browser may come again, for a new one. Raise `NotOver`,
    `HandOffRefused` (it may not even have a registered address), `AlreadyReturned`, or `HandOffWrongBrowser`, in which
    case an answer is thrown away and the service told so.
    """
    if hand_off.state in OPEN:
        raise NotOver("not at its end", state=hand_off.state)
    if hand_off.state == State.REFUSED:
        raise HandOffRefused("the register says no", state=hand_off.state, reason=hand_off.reason)
    if hand_off.fetched_at is not None:
        raise AlreadyReturned("the service has it")
    if not binding.same(hand_off.began_in, mark):
        _throw_away(hand_off)
        raise HandOffWrongBrowser("begun in another browser")
    code = secrets.token_urlsafe(32)
    now = clock.now(hand_off.realm)
    issued = HandOff.objects.filter(pk=hand_off.pk, state=hand_off.state, fetched_at__isnull=True).update(
        code_digest=hand_offs.digest(code), code_expires_at=now + CODE_LIFETIME
    )
    if not issued:
        raise AlreadyReturned("the service has it")
    return faults.address(hand_off, _address(hand_off, code))


def redeem(credential: Credential, *, reference: Any, code: str, code_verifier: str = "") -> HandOff:
    """Return the relying party's own hand-off for the code that its citizen's browser brought; the code is then dead.

    Raise `HandOffUnknown`, or `CodeInvalid`: another's code, a second time, too late, or without the verifier that
    belongs to the request's `code_challenge`.
    """
    hand_off = hand_offs.by_id(reference, credential=credential)
    faults.redeem(hand_off)
    now = clock.now(hand_off.realm)
    given = hand_offs.digest(code)
    if not (hand_off.code_digest and hmac.compare_digest(hand_off.code_digest, given)):
        raise CodeInvalid("not this hand-off's code, or redeemed before")
    if hand_off.code_expires_at is None or now >= hand_off.code_expires_at:
        raise CodeInvalid("the code came too late")
    if hand_off.code_challenge and not hmac.compare_digest(hand_off.code_challenge, challenge(code_verifier)):
        raise CodeInvalid("code_verifier doesn't belong to the request's code_challenge")
    with transaction.atomic():
        redeemed = HandOff.objects.filter(
            pk=hand_off.pk, state=hand_off.state, fetched_at__isnull=True, code_digest=given
        ).update(fetched_at=now, code_digest="")
        if not redeemed:
            raise CodeInvalid("redeemed before")
        hand_offs.record(hand_off, "delivered", outcome=hand_off.state)
    return hand_offs.by_id(reference, credential=credential)


def _throw_away(hand_off: HandOff) -> None:
    """Forget an answer that would go to the service in another browser than it began in."""
    with transaction.atomic():
        if hand_offs.claim(hand_off, Event.STRAY, certificate=None, signature=None, medium="", code_digest=""):
            hand_offs.record(hand_off, "strayed")


def _address(hand_off: HandOff, code: str) -> str:
    """Return the registered address with what comes back: which hand-off, the code, the service's state, and from whom.

    `iss` tells a service that takes hand-offs of several issuers whose this is (RFC 9207).
    """
    parts = urllib.parse.urlsplit(hand_off.return_url)
    given = {"handoff": str(hand_off.pk), "code": code, "iss": settings.PUBLIC_URL}
    if hand_off.service_state:
        given["state"] = hand_off.service_state
    query = "&".join(filter(None, (parts.query, urllib.parse.urlencode(given))))
    return parts._replace(query=query).geturl()


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
