"""A logical channel of an element: everything that a reset forgets."""

from dataclasses import dataclass, replace
from typing import Final

from sandbox.virtual.chaining import Chain
from sandbox.virtual.listing import Listing
from sandbox.virtual.loading import Load
from sandbox.virtual.personalisation import Storing
from tsm.globalplatform.apdu import SHORT_LE_MAX, Response
from tsm.globalplatform.scp03 import CardSession, SecurityLevel

SW_BYTES_REMAINING: Final = 0x6100

Running = tuple[Load | None, Listing | None]  # what only the very next command may go on with


@dataclass(frozen=True)
class OpenSession:
    """A secure channel session and the security domain whose keys it uses; opening until its level is known."""

    session: CardSession
    key_holder: bytes


@dataclass
class Channel:
    """One logical channel: what is selected, its session, and what the next command may go on with.

    `storing` lasts as long as its session: other commands may come in between.
    """

    selected: bytes
    secure: OpenSession | None = None
    load: Load | None = None
    listing: Listing | None = None
    remaining: Response | None = None
    storing: Storing | None = None
    chain: Chain | None = None

    @property
    def session(self) -> CardSession | None:
        """Return the session when the host has authenticated, aborted or not."""
        if self.secure is None or self.secure.session.level is None:
            return None
        return self.secure.session

    def interrupt(self) -> Running:
        """Forget what only the very next command may go on with, and return it."""
        running = self.load, self.listing
        self.load = self.listing = self.remaining = None
        return running

    def cut(self, response: Response, le: int | None) -> Response:
        """Return as much of the response as Le allows; the rest waits for GET RESPONSE (ISO/IEC 7816-4 5.3.4)."""
        limit = le or SHORT_LE_MAX
        session = self.session
        if session is not None and session.level is not None and session.level & SecurityLevel.R_MAC:
            # Le is the clear length that the host expects; the protection comes on top.
            limit = max(limit, SHORT_LE_MAX)
        if len(response.data) <= limit:
            self.remaining = None
            return response
        rest = response.data[limit:]
        self.remaining = replace(response, data=rest)
        return Response(response.data[:limit], SW_BYTES_REMAINING | min(len(rest), SHORT_LE_MAX) & 0xFF)


def number_of(cla: int) -> int:
    """Return the logical channel of a class byte (GPCS 11.1.4)."""
    return 4 + (cla & 0x0F) if cla & 0x40 else cla & 0x03


def base_class(cla: int) -> int:
    """Return the class byte without logical channel and secure messaging."""
    return cla & 0x90 if cla & 0x40 else cla & 0xF0
