"""What a TSM wants of a phone next: SERAM 2.0's answer to a report, read by the phone, who trusts nobody's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

# SERAM's text and its examples name this command differently; both are understood.
STOP = frozenset({"stopCommand", "ramStopCommand"})
MOST_COMMANDS = 64
MOST_APDUS = 4096
LONGEST_APDU = 2 * 65544  # digits: an extended command
LONGEST_DELAY = 60_000  # milliseconds: a phone that is told to wait longer asks again before
_DELAY = 100


class OrderNotUnderstood(httpx.HTTPError):
    """The TSM's answer is none of SERAM's."""


@dataclass(frozen=True)
class Script:
    """Command APDUs in hex, as they were sent, to be played in this order."""

    apdus: tuple[str, ...]
    stops_on_error: bool


@dataclass(frozen=True)
class Instructions:
    """One answer of the TSM. `element` is the one that is meant, None where it names none; `delay` are seconds."""

    scripts: tuple[Script, ...] = ()
    notifications: tuple[str, ...] = ()
    element: str | None = None
    delay: float = _DELAY / 1000
    is_last: bool = False
    is_empty: bool = True


def read(told: Any) -> Instructions:
    """Return what a TSM's JSON says. Raises OrderNotUnderstood with what is wrong; what isn't known is passed over."""
    order = _object(told, "the answer")
    chosen = _object(order.get("chosenSecureElement"), "chosenSecureElement")
    commands = [_object(one, "a ramCommand") for one in _list(order.get("ramCommands"), "ramCommands", MOST_COMMANDS)]
    kinds = [command.get("ramCommandType") for command in commands]
    scripts = tuple(_script(one) for one, kind in zip(commands, kinds, strict=True) if kind == "seRamCommand")
    if sum(len(script.apdus) for script in scripts) > MOST_APDUS:
        raise OrderNotUnderstood(f"an order has at most {MOST_APDUS} commands for the element")
    return Instructions(
        scripts,
        tuple(
            str(one.get("deviceAppNotification", ""))
            for one, kind in zip(commands, kinds, strict=True)
            if kind == "notificationCommand"
        ),
        str(chosen["seId"]) if "seId" in chosen else None,
        _delay(order.get("delay", _DELAY)),
        any(isinstance(kind, str) and kind in STOP for kind in kinds),
        not commands,
    )


def _script(command: Mapping[str, Any]) -> Script:
    apdus = _list(command.get("listOfCAPDU"), "listOfCAPDU", MOST_APDUS)
    if not all(isinstance(apdu, str) and len(apdu) <= LONGEST_APDU for apdu in apdus):
        raise OrderNotUnderstood(f"in listOfCAPDU stand texts of at most {LONGEST_APDU} characters")
    return Script(tuple(apdus), command.get("stopOnError") is True)


def _delay(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != value:
        raise OrderNotUnderstood("delay is a number of milliseconds")
    return min(value, LONGEST_DELAY) / 1000


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if value is None and name == "chosenSecureElement":
        return {}
    if not isinstance(value, dict):
        raise OrderNotUnderstood(f"{name} is no object")
    return value


def _list(value: Any, name: str, most: int) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > most:
        raise OrderNotUnderstood(f"{name} is no list of at most {most}")
    return value
