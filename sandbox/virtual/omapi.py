"""The phone's operating system between an app and the secure element: Open Mobile API and its access control.

An app reaches an applet only where the element's access rules (`access_rules`) say so for the hash of the app's signing
certificate. It neither opens channels nor selects by itself: it names the applet, and what it sends is given the
channel's class byte here, which is why a TSM computes its MACs for channel 0 (GPCS 11.1.4).
"""

from typing import Final

from sandbox.virtual.access_rules import AID as RULES_AID
from sandbox.virtual.access_rules import ALWAYS, FILTER_LENGTH, NEVER, TAG_ALL, TAG_REFRESH, Rule, parse_rules
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Response
from tsm.transports.base import Transport, TransportError
from tsm.transports.chaining import Chaining

FURTHER_CHANNELS: Final = 0x40
FIRST_FURTHER_CHANNEL: Final = 4


class AccessDenied(TransportError):
    """The element's access rules do not let this app through (Android: SecurityException)."""

    code = "access_denied"


class AppletMissing(TransportError):
    """No applet of this name is on the element (Android: NoSuchElementException)."""

    code = "applet_missing"


class NoChannelLeft(TransportError):
    """All logical channels of the element are in use (Android: null)."""

    code = "no_channel_left"


class Channel:
    """A logical channel to one applet, as an app has it."""

    def __init__(self, element: Transport, number: int, access: bytes, answer: bytes) -> None:
        """Use `Service.open_channel`; `answer` is what SELECT answered."""
        self._element = element
        self._number = number
        self._access = access
        self.answer = answer

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command; raises AccessDenied for what a filter or the API itself forbids."""
        if len(apdu) < 4:
            raise TransportError("shorter than a header")
        manages = apdu[1] == commands.INS_MANAGE_CHANNEL or (apdu[1] == commands.INS_SELECT and apdu[2] == 0x04)
        if manages or not is_allowed(self._access, apdu):
            raise AccessDenied(f"the app may not send {apdu[:4].hex().upper()}")
        return self._element.transmit(bytes((on_channel(apdu[0], self._number),)) + apdu[1:])

    def close(self) -> None:
        """Give the channel back."""
        self._element.transmit(commands.close_channel(self._number).encode())


class Service:
    """The API for one app, known by the hash of its signing certificate."""

    def __init__(self, element: Transport, app: bytes) -> None:
        self._element = element
        self._app = app
        self._rules: list[Rule] = []
        self._refresh = b""

    def open_channel(self, aid: bytes) -> Channel:
        """Open a channel to an applet; raises AccessDenied, AppletMissing, NoChannelLeft."""
        access = self.require_access(aid)
        return self._opened(aid, access)

    def require_access(self, aid: bytes) -> bytes:
        """Return what the rules let this app send to the applet; raises AccessDenied."""
        self._read_rules()
        access = decided(self._rules, aid, self._app)
        if access == NEVER:
            raise AccessDenied(f"the element's access rules do not let this app reach {aid.hex().upper()}")
        return access

    def _opened(self, aid: bytes, access: bytes) -> Channel:
        opened = Response.parse(self._element.transmit(commands.open_channel().encode()))
        if not opened.ok:
            raise NoChannelLeft("the element has no free logical channel")
        number = opened.data[0]
        select = commands.select(aid).encode()
        answer = Response.parse(Chaining(self._element).transmit(bytes((on_channel(0x00, number),)) + select[1:]))
        if answer.sw not in (0x9000, 0x6283):
            self._element.transmit(commands.close_channel(number).encode())
            raise AppletMissing(f"no applet {aid.hex().upper()} on the element ({answer.sw:04X})")
        return Channel(self._element, number, access, answer.data)

    def _read_rules(self) -> None:
        try:
            channel = self._opened(RULES_AID, ALWAYS)
        except AppletMissing:
            # An element without rules, of a kind that is older than they are: everybody is let through.
            self._rules, self._refresh = [Rule(b"", b"")], b""
            return
        try:
            told = Chaining(channel)
            refresh = told.transmit(commands.get_data(TAG_REFRESH).encode())
            if refresh != self._refresh:
                self._rules = parse_rules(told.transmit(commands.get_data(TAG_ALL).encode())[:-2])
                self._refresh = refresh
        finally:
            channel.close()


class Guarded:
    """A transport for one app: its SELECTs are asked of the access rules first, channels are not its business."""

    def __init__(self, element: Transport, app: bytes) -> None:
        self._element = element
        self._service = Service(element, app)
        self._access = NEVER

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command; raises AccessDenied."""
        if apdu[1:3] == bytes((commands.INS_SELECT, 0x04)):
            # Without a name it is the issuer's domain, for which only the rules for everything else can speak.
            self._access = self._service.require_access(apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b"")
        elif apdu[1:2] == bytes((commands.INS_MANAGE_CHANNEL,)) or not is_allowed(self._access, apdu):
            raise AccessDenied(f"the app may not send {apdu[:4].hex().upper()}")
        return self._element.transmit(apdu)


def decided(rules: list[Rule], aid: bytes, app: bytes) -> bytes:
    """Return the access that the most specific rule gives (clause 4.2.3); NEVER where none does.

    A rule that names an applet is about that applet alone: who is not named in one for it is kept out.
    """
    for_applet = {rule.app: rule.access for rule in rules if rule.aid == aid}
    general = {rule.app: rule.access for rule in rules if not rule.aid}
    found = for_applet or general
    return found.get(app, found.get(b"", NEVER))


def is_allowed(access: bytes, apdu: bytes) -> bool:
    """Tell whether an access rule lets a command through: always, never, or by one of its filters."""
    if access in (NEVER, ALWAYS):
        return access == ALWAYS
    header = int.from_bytes(apdu[:4], "big")
    for at in range(0, len(access), FILTER_LENGTH):
        wanted, mask = (int.from_bytes(access[at + half : at + half + 4], "big") for half in (0, 4))
        if header & mask == wanted & mask:
            return True
    return False


def on_channel(cla: int, number: int) -> int:
    """Return a class byte of the basic channel as it is on this channel (GPCS 11.1.4)."""
    if number < FIRST_FURTHER_CHANNEL:
        return cla & ~0x03 | number
    secured = 0x20 if cla & 0x0C else 0
    return cla & 0x80 | FURTHER_CHANNELS | secured | (number - FIRST_FURTHER_CHANNEL)
