"""The number that both screens show: whoever holds the phone looks at the screen that it came from.

The screen shows one number, once a phone has read its code; the phone shows three. Choosing another ends the hand-off.
"""

import hmac

from django.utils.crypto import salted_hmac

from portal.handoff.models import HandOff

CHOICES = 3


def of(hand_off: HandOff) -> str:
    """Return the number of a hand-off: two digits. It follows from the hand-off's id and the site's secret."""
    return _drawn(hand_off)[0]


def choices(hand_off: HandOff) -> list[str]:
    """Return the numbers among which the phone's holder chooses, in ascending order."""
    return sorted(_drawn(hand_off))


def is_right(hand_off: HandOff, chosen: str) -> bool:
    """Return whether the number is the screen's."""
    return hmac.compare_digest(of(hand_off).encode(), chosen.encode("utf-8", "replace"))


def _drawn(hand_off: HandOff) -> list[str]:
    drawn: list[str] = []
    block = 0
    while len(drawn) < CHOICES:
        mac = salted_hmac("portal.handoff.number", f"{hand_off.pk}:{hand_off.nonce}:{block}", algorithm="sha256")
        for byte in mac.digest():
            # Of 256 values 200 are taken, two for each number: none is likelier than another.
            number = f"{byte % 100:02d}"
            if byte < 200 and number not in drawn and len(drawn) < CHOICES:
                drawn.append(number)
        block += 1
    return drawn
