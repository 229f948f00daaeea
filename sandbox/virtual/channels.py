"""The logical channels of an element: opening, closing, selecting (GPCS 6.3, 6.4, 11.7, 11.9)."""

from contextlib import suppress
from typing import Final

from sandbox.virtual.applet import Refusal
from sandbox.virtual.card_data import file_control_information
from sandbox.virtual.channel import Channel
from sandbox.virtual.make import Policy
from sandbox.virtual.registry import CARD_LOCKED, Application, Registry
from tsm.globalplatform import status
from tsm.globalplatform.apdu import Command, Response

BASIC_CHANNEL: Final = 0
NO_RESPONSE_DATA: Final = 0x0C
NEXT_OCCURRENCE: Final = 0x02
OPEN_CHANNEL: Final = 0x00
CLOSE_CHANNEL: Final = 0x80


class Channels:
    """All open channels by number; at most `limit` with the basic one. An element that is made has power."""

    def __init__(self, registry: Registry, *, limit: int) -> None:
        self._limit = limit
        self._open = {BASIC_CHANNEL: _fresh(registry)}

    def get(self, number: int) -> Channel | None:
        """Return the open channel of this number."""
        return self._open.get(number)

    @property
    def selected(self) -> set[bytes]:
        """Return the AIDs that are selected on any channel."""
        return {channel.selected for channel in self._open.values()}

    def reset(self, registry: Registry) -> None:
        """Leave what is selected everywhere; one channel remains."""
        for channel in self._open.values():
            _leave(channel, registry)
        self._open = {BASIC_CHANNEL: _fresh(registry)}

    def select(self, channel: Channel, registry: Registry, command: Command, policy: Policy) -> Response:
        """Carry out SELECT by name on a channel; raises Refusal 6A82, 6985 (in use on another channel), 6999."""
        entry = registry.selectable(command.data or registry.issuer)
        locked = registry.life_cycle == CARD_LOCKED
        if entry is None or command.p2 & NEXT_OCCURRENCE or (locked and entry.aid != registry.issuer):
            raise Refusal(status.SW_NOT_FOUND)
        others = {other.selected for other in self._open.values() if other is not channel}
        if isinstance(entry, Application) and entry.aid in others:
            raise Refusal(status.SW_CONDITIONS_OF_USE)
        _leave(channel, registry)
        channel.selected, channel.secure, channel.storing = registry.issuer, None, None
        if isinstance(entry, Application):
            try:
                entry.applet.select()
            except Exception as error:  # Java Card: an applet that refuses is not selected
                raise Refusal(status.SW_SELECT_FAILED) from error
        channel.selected = entry.aid
        silent = command.p2 & NO_RESPONSE_DATA == NO_RESPONSE_DATA
        data = b"" if silent else file_control_information(entry, policy)
        return Response(data, status.SW_CARD_LOCKED if locked else status.SW_OK)

    def manage(self, registry: Registry, command: Command) -> Response:
        """Carry out MANAGE CHANNEL; raises Refusal 6A81 (none is free), 6A86."""
        if (command.p1, command.p2) == (OPEN_CHANNEL, 0):
            free = next((number for number in range(self._limit) if number not in self._open), None)
            if free is None:
                raise Refusal(status.SW_FUNCTION_NOT_SUPPORTED)
            self._open[free] = Channel(registry.issuer)
            return Response(bytes((free,)), status.SW_OK)
        if command.p1 != CLOSE_CHANNEL or not 0 < command.p2 < self._limit:
            raise Refusal(status.SW_WRONG_P1_P2)
        channel = self._open.pop(command.p2, None)
        if channel is None:
            return Response(b"", status.SW_LOGICAL_CHANNEL_ALREADY_CLOSED)
        _leave(channel, registry)
        return Response(b"", status.SW_OK)


def _fresh(registry: Registry) -> Channel:
    entry = registry.find(registry.default_selected)
    if isinstance(entry, Application):
        try:
            entry.applet.select()
        except Exception:  # it refuses: the issuer's domain is there instead (GPCS 6.4.1.1)
            return Channel(registry.issuer)
    return Channel(registry.default_selected)


def _leave(channel: Channel, registry: Registry) -> None:
    entry = registry.find(channel.selected)
    if isinstance(entry, Application):
        with suppress(Exception):  # what an applet does when it is left is its own affair
            entry.applet.deselect()
