"""What an element tells of itself without a key: who it is, what it speaks, which keys it has, what answers on it."""

from dataclasses import dataclass, field

from tsm import describe, jpki, sei
from tsm.errors import TsmError
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.globalplatform.status import SW_OK
from tsm.transports.base import Transport

APPLICATIONS = (sei.PROVIDER_DOMAIN, jpki.AID)


class NotAnElement(TsmError):
    """The card in the reader has no issuer security domain that can be selected."""

    code = "not_an_element"


@dataclass
class Probe:
    """What was found; what the element doesn't tell is empty."""

    issuer_domain: str = ""
    iin: str = ""
    cin: str = ""
    version: str = ""
    protocols: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    counter: int | None = None
    free_memory: int | None = None
    applications: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Return the element's number as the registry has it: IIN and CIN in hex."""
        return self.iin + self.cin


def probe(transport: Transport) -> Probe:
    """Ask the element. Raises `NotAnElement`, `TransportError`. No counter is moved and no key is tried."""
    answer = _send(transport, commands.select())
    if answer.sw != SW_OK:
        raise NotAnElement(f"no issuer security domain: SELECT answered {answer.sw:04X}")
    found = Probe()
    name = tlv.find(answer.data, 0x6F, 0x84)
    found.issuer_domain = describe.aid(name.value) if name is not None else ""
    found.iin = _value(transport, commands.TAG_ISSUER_IDENTIFICATION_NUMBER).hex().upper()
    found.cin = _value(transport, commands.TAG_CARD_IMAGE_NUMBER).hex().upper()
    data = _data(transport, commands.TAG_CARD_DATA)
    if data:
        card = commands.parse_card_data(data)
        found.version = ".".join(str(part) for part in card.version)
        found.protocols = [f"SCP{protocol:02X} i={parameter:02X}" for protocol, parameter in card.protocols]
    data = _data(transport, commands.TAG_KEY_INFORMATION)
    if data:
        found.keys = [
            f"version {key.version:02X} identifier {key.identifier:02X} type {key.type:02X} {key.length} bytes"
            for key in commands.parse_key_information(data)
        ]
    data = _data(transport, commands.TAG_SEQUENCE_COUNTER)
    if data:
        found.counter = commands.parse_sequence_counter(data)
    data = _data(transport, commands.TAG_RESOURCES)
    memory = tlv.find(data, commands.TAG_RESOURCES, 0x82) if data else None
    found.free_memory = int.from_bytes(memory.value, "big") if memory is not None else None
    for application in APPLICATIONS:
        if _send(transport, commands.select(application)).sw == SW_OK:
            found.applications.append(describe.aid(application))
    return found


def _value(transport: Transport, tag: int) -> bytes:
    data = _data(transport, tag)
    return commands.parse_identification(data) if data else b""


def _data(transport: Transport, tag: int) -> bytes:
    answer = _send(transport, commands.get_data(tag))
    return answer.data if answer.sw == SW_OK else b""


def _send(transport: Transport, command: Command) -> Response:
    try:
        return Response.parse(transport.transmit(command.encode()))
    except GlobalPlatformError as error:
        raise NotAnElement(f"not an answer of a smart card: {error}") from error
