"""The code on a screen, as a phone's camera reads it."""

from datetime import timedelta

from ca import clock
from portal.handoff import qr
from portal.handoff.models import HandOff
from portal.qr import picture
from sandbox.driver.browser import Browser

SECOND = timedelta(seconds=1)
LASTS = 3  # a picture that was made so many seconds ago is still the one on the screen


def read(hand_off: HandOff, desk: Browser | None, place: str) -> str:
    """Return the link in the code that the screen shows: the one of which that very picture was made.

    Where the screen is another browser's (`desk` is None), it is the code that is on it at this moment.
    """
    if desk is not None:
        shown = (desk.get(f"{place}now").json or {}).get("code")
        at = clock.now(hand_off.realm)
        for back in range(LASTS):
            link = qr.link(hand_off, at - back * SECOND)
            if picture(link) == shown:
                return link
    return qr.link(hand_off, clock.now(hand_off.realm))
