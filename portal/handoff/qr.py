"""The code on the screen: a link that lives for thirty seconds, and the picture of it.

The link says which hand-off, which service and which second it is; an HMAC binds these to all that the phone will
show: the service's name in the register, the purpose and the document. Without a fresh one a link opens nothing.
"""

import hmac
import urllib.parse
from collections.abc import Mapping
from datetime import datetime, timedelta

import qrcode
from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from portal.handoff.errors import CodeNotFresh, HandOffOtherService
from portal.handoff.models import HandOff

LIFETIME = timedelta(seconds=30)
# Two web processes' clocks may differ by so much.
AHEAD = timedelta(seconds=2)
# Modules of white around the code (ISO/IEC 18004 asks for four).
_QUIET = 4


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


def svg(text: str) -> str:
    """Return a text as a QR code: an SVG of one path, dark on white, a unit a module."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    size = len(rows) + 2 * _QUIET
    runs = "".join(
        f"M{start + _QUIET} {y + _QUIET}h{end - start}v1h-{end - start}z"
        for y, row in enumerate(rows)
        for start, end in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{runs}"/></svg>'
    )


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return where dark modules begin and end in a row."""
    edges = [x for x in range(len(row) + 1) if bool(x < len(row) and row[x]) != bool(x > 0 and row[x - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))


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
