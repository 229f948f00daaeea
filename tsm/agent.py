"""The phone's end of a conversation: a SERAM 2.0 local agent over any transport.

It plays what it is sent into the element and reports what the element answers. It understands none of it, and knows
no key: the channel ends in the element.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from tsm import instructions
from tsm.instructions import Instructions, OrderNotUnderstood, Script
from tsm.transports.base import Transport
from tsm.transports.chaining import Chaining

# SERAM 2.0, timers: an answer may take a 30 s long poll, the client gives up after 40 s and asks again, for 5 minutes.
ANSWER_TIMEOUT = 40.0
RETRY_FOR = 300.0
RETRY_AFTER = 1.0
# VERIFY, CHANGE REFERENCE DATA and signing are the holder's alone. SCP03 leaves the instruction byte in the clear, so
# the phone can refuse them whatever the TSM, or whoever speaks in its name, would like to try.
HOLDERS_OWN = frozenset({0x20, 0x24, 0x2A})


class NotGranted(Exception):
    """The script holds a command that is the holder's alone."""


class Post(Protocol):
    """Send JSON to the TSM and return its JSON, whatever it is; raises `httpx.HTTPError`."""

    def __call__(self, path: str, body: dict[str, Any]) -> Any: ...


@dataclass
class Tally:
    """What a conversation cost."""

    exchanges: int = 0
    apdus: int = 0


def over_http(base_url: str, session: str, token: str) -> Post:
    """Return a `Post` to the TSM at `base_url` (…/gp/seram) in this session, in the name of the phone."""
    client = httpx.Client(
        base_url=base_url, timeout=ANSWER_TIMEOUT, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = client.post(path, params={"sessionId": session}, json=body)
        answer.raise_for_status()
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise OrderNotUnderstood("the TSM's answer is no JSON") from None

    return post


def converse(
    post: Post,
    open_element: Callable[[], AbstractContextManager[Transport]],
    *,
    identifier: str,
    shaken: bool = False,
    installation: str = "",
    notify: Callable[[str], None] = lambda text: None,
    seconds: float = RETRY_FOR,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Tally:
    """Hold one conversation until the TSM says stop.

    `identifier` is the element's number as SERAM's seId, `installation` what the app calls itself since it came;
    `notify` gets the TSM's notifications to the app.

    A phone that has shaken hands with this TSM before (`shaken`) holds to what was agreed, and saves the exchange.
    It leaves after `seconds` at the first order that has nothing to do: whoever wants it wakes it again.
    `open_element` powers the element for one order: between two orders it is free for the phone's other uses.

    Raises `httpx.HTTPStatusError` when the TSM doesn't know the session, `httpx.TransportError` when it stays away,
    `OrderNotUnderstood` when what it says is no SERAM: all of them `httpx.HTTPError`.
    """
    tally = Tally()

    def ask(path: str, body: dict[str, Any]) -> Any:
        deadline = clock() + RETRY_FOR
        while True:
            try:
                tally.exchanges += 1
                return post(path, body)
            except httpx.TransportError:
                if clock() > deadline:
                    raise
                sleep(RETRY_AFTER)

    if not shaken:
        ask(
            "/handshake",
            {
                "secureElements": [_described(identifier, installation)],
                "supportedTransportProtocols": ["HTTPS"],
                "supportedDataFormats": ["application/json"],
                "supportedVersions": ["2.0.0"],
            },
        )
    leave = clock() + seconds
    report: dict[str, Any] = {"localAgentStatus": _told("POLLING", 0)}
    while True:
        order = instructions.read(ask("/remoteManagement", report))
        for text in order.notifications:
            notify(text)
        if order.element is None or order.element.upper() == identifier.upper():
            executed, responses, trouble = _play(order.scripts, open_element, tally)
        else:
            executed, responses, trouble = 0, [], f"no element {order.element[:100]}"
        # ramStopCommand: no report any more, whatever there would be to say.
        if order.is_last:
            return tally
        if order.is_empty and clock() > leave:
            return tally
        sleep(order.delay)
        report = {"localAgentStatus": _told(_status(trouble, order), executed)}
        if trouble:
            report["localAgentStatus"]["errorMsg"] = trouble
        if responses:
            report["ramResponses"] = responses


def _described(identifier: str, installation: str) -> dict[str, str]:
    element = {"seType": "eSE", "seId": identifier}
    return element | {"seExtraInfo": f"installation={installation}"} if installation else element


def _told(status: str, executed: int) -> dict[str, Any]:
    # The schema requires one spelling and describes another; both are told.
    return {"localAgentStatusEnum": status, "executedSeRamCommands": executed, "executedRamCommands": executed}


def _status(trouble: str, order: Instructions) -> str:
    if trouble:
        return {NotGranted.__name__: "UNGRANTED_ACCESS", ValueError.__name__: "UNKNOWN_FAILURE"}.get(
            trouble, "UNAVAILABLE_SE"
        )
    return "POLLING" if order.is_empty else "PROCESSED"


def _play(
    scripts: Sequence[Script], open_element: Callable[[], AbstractContextManager[Transport]], tally: Tally
) -> tuple[int, list[dict[str, Any]], str]:
    """Play the scripts of an order; return how many were executed, their responses, and what tore them off."""
    responses: list[dict[str, Any]] = []
    if not scripts:
        return 0, responses, ""
    try:
        with open_element() as element:
            return _run(scripts, Chaining(element), responses, tally), responses, ""
    except Exception as error:  # whatever the reader or the element died of: report what was done before
        return max(len(responses) - 1, 0), responses, type(error).__name__


def _run(scripts: Sequence[Script], element: Transport, responses: list[dict[str, Any]], tally: Tally) -> int:
    for executed, script in enumerate(scripts):
        answers: list[str] = []
        responses.append({"ramResponseType": "seRamResponse", "listOfRAPDU": answers})
        for apdu in script.apdus:
            command = bytes.fromhex(apdu)
            if len(command) < 4:
                raise ValueError("a command has four octets at least (ISO/IEC 7816-4, 5.1)")
            if command[1] in HOLDERS_OWN:
                raise NotGranted(f"instruction {command[1]:02X} is not the TSM's")
            # Filled with an empty string where there is no answer (seRamResponse).
            answers.append("")
            answer = element.transmit(command)
            tally.apdus += 1
            answers[-1] = answer.hex().upper()
            # An error is a normal answer in SERAM. Our TSM says where the rest has nothing to stand on after 69xx.
            if script.stops_on_error and answer[-2:-1] == b"\x69":
                return executed
    return len(scripts)
