"""The code on the screen: a link that lives for thirty seconds.

The link says which hand-off, which service and which second it is; an HMAC binds these to all that the phone will
show: the service's name in the register, the purpose and the document. Without a fresh one a link opens nothing.
"""

import hmac
import urllib.parse
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from portal.handoff.errors import CodeNotFresh, HandOffOtherService
from portal.handoff.models import HandOff

LIFETIME = timedelta(seconds=30)
# Two web processes' clocks may differ by so much.
AHEAD = timedelta(seconds=2)


def link(hand_off: HandOff, now: datetime) -> str:
    """Return the link that the screen shows at `now`: another every second."""
    second = int(now.timestamp())
    query = {"s": hand_off.relying_party.client_id, "t": str(second), "m": _mac(hand_off, second)}
    return f"{_address(hand_off)}?{urllib.parse.urlencode(query)}"


def check(hand_off: HandOff, query: Mapping[str, str], now: datetime) -> None:
    """Check what a phone read from a screen: raise `HandOffOtherService` or `CodeNotFresh`."""
    second = query.get("t", "")
    if not (second.isascii() and second.isdigit() and len(second) <= 12):
        raise CodeNotFresh("no second")
    if query.get("s") != hand_off.relying_party.client_id:
        raise HandOffOtherService("the code names another service than the one that asks")
    if not hmac.compare_digest(_mac(hand_off, int(second)).encode(), query.get("m", "").encode("utf-8", "replace")):
        raise CodeNotFresh("the code isn't one of ours")
    age = timedelta(seconds=now.timestamp() - int(second))
    if not -AHEAD <= age <= LIFETIME:
        raise CodeNotFresh("the code is older than it may be", seconds=int(age.total_seconds()))


def _address(hand_off: HandOff) -> str:
    return settings.PUBLIC_URL + reverse("handoff:scan", args=[hand_off.pk])


def _mac(hand_off: HandOff, second: int) -> str:
    """Return the code's HMAC-SHA256, with a key of its own that is derived from the site's."""
    party = hand_off.relying_party
    parts = [
        _address(hand_off),
        str(second),
        party.client_id,
        party.name_ja,
        party.name_en,
        hand_off.purpose,
        hand_off.document_name,
        hand_off.document_digest,
        hand_off.nonce,
    ]
    # Each with its length before it: no two different lists of parts are one text.
    text = "".join(f"{len(part)}:{part}," for part in parts)
    mac = salted_hmac("portal.handoff.qr", text, algorithm="sha256").digest()
    # Half of it is enough against guessing for thirty seconds, and makes the picture coarser, which phones read better.
    return mac[:16].hex()
