"""A virtual element on the bench: a small applet for it, and a host that talks to it as a TSM would."""

from typing import Any, Self

from sandbox.virtual.applet import Random, Refusal
from sandbox.virtual.element import Element
from sandbox.virtual.make import Policy
from tsm.globalplatform import commands, loadfile
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.commands import ISSUER_SECURITY_DOMAIN_AID, Target
from tsm.globalplatform.scp03 import HostSession, KeySet, Mode, SecurityLevel

ISD = ISSUER_SECURITY_DOMAIN_AID
PACKAGE = bytes.fromhex("D392F00026AA00")
MODULE = bytes.fromhex("D392F00026AA01")
INSTANCE = bytes.fromhex("D392F00026AA02")
DOMAIN = bytes.fromhex("D392F00026AAFF")
IIN, CIN = bytes.fromhex("11223344"), bytes.fromhex("00000000000000000042")
OK = 0x9000


def key_set(letter: str, version: int = 0x30, size: int = 16) -> KeySet:
    """Return a key set that is told apart by one letter."""
    enc, mac, dek = ((letter + kind).encode() * size for kind in "emd")
    return KeySet(enc[:size], mac[:size], dek[:size], version)


ISSUER_KEYS = key_set("I")
DOMAIN_KEYS = key_set("S")


class Notebook:
    """An applet that keeps one text and counts refusals: write 10, read 11, level 12, long answer 13, faults."""

    def __init__(self, text: bytes, refusals: int = 0) -> None:
        self.text = text
        self.refusals = refusals
        self.selected = False

    @classmethod
    def install(cls, *, instance_aid: bytes, parameters: bytes, random: Random) -> Self:
        if parameters == b"refuse":
            raise Refusal(0x6A84)
        if parameters == b"fault":
            raise ZeroDivisionError
        return cls(parameters)

    @classmethod
    def restore(cls, state: Any) -> Self:
        return cls(bytes.fromhex(state["text"]), state["refusals"])

    def state(self) -> Any:
        return {"text": self.text.hex(), "refusals": self.refusals}

    def select(self) -> None:
        if self.text == b"never":
            raise Refusal(0x6985)
        self.selected = True

    def deselect(self) -> None:
        self.selected = False

    def process(self, command: Command, *, secure: SecurityLevel | None) -> tuple[bytes, int]:
        assert self.selected
        match command.ins:
            case 0x10:
                self.text = command.data
                return b"", OK
            case 0x11:
                return self.text, OK
            case 0x12:
                return b"none" if secure is None else bytes((secure,)), OK
            case 0x13:
                return bytes(number % 251 for number in range(command.p1 << 8 | command.p2)), OK
            case 0x14:
                self.text = b"half written"
                raise RuntimeError("a fault in the middle")
            case 0x15:
                self.refusals += 1
                raise Refusal(0x63C0 | self.refusals)
            case 0x16:
                return command.header, OK
        raise Refusal(0x6D00)


NATIVES = {PACKAGE: Notebook}


def manufactured(
    *, keys: KeySet = ISSUER_KEYS, policy: Policy | None = None, natives: Any = NATIVES, **other: Any
) -> Element:
    """Return a new element."""
    return Element.manufacture(iin=IIN, cin=CIN, isd_keys=keys, natives=natives, policy=policy, **other)


def sent(element: Element, command: Command | str) -> Response:
    """Return the answer to a command, 61xx followed to its end."""
    apdu = bytes.fromhex(command) if isinstance(command, str) else command.encode()
    answer = Response.parse(element.transmit(apdu))
    data = answer.data
    while answer.sw >> 8 == 0x61:
        answer = Response.parse(element.transmit(commands.get_response(answer.sw & 0xFF).encode()))
        data += answer.data
    return Response(data, answer.sw)


class Session:
    """A session of a host with one application on the element."""

    def __init__(
        self, element: Element, keys: KeySet = ISSUER_KEYS, aid: bytes = ISD, level: int = 0x33, mode: Mode = Mode.S8
    ) -> None:
        assert sent(element, commands.select(aid)).sw in (OK, 0x6283)
        self.element = element
        self.host = HostSession.open(keys, host_challenge=bytes(range(mode)), level=level, aid=aid, mode=mode)
        self.host.check_initialize_update(sent(element, self.host.initialize_update()).encode())
        self.host.check_external_authenticate(sent(element, self.host.external_authenticate()).encode())

    def send(self, command: Command | str) -> Response:
        """Return the clear answer to a command sent through the session."""
        if isinstance(command, str):
            command = Command.parse(bytes.fromhex(command))
        return self.host.unwrap(sent(self.element, self.host.wrap(command)).encode())

    def send_in_parts(self, command: Command) -> Response:
        """Return the clear answer to a command that may take several."""
        *first, last = self.host.wrap_in_parts(command)
        for part in first:
            assert sent(self.element, part) == Response(b"", OK)
        return self.host.unwrap(sent(self.element, last).encode())

    def expect(self, sw: int, *script: Command | str) -> Response:
        """Send all commands, each of which is answered with this status word; return the last answer."""
        answer = Response(b"", sw)
        for number, command in enumerate(script):
            answer = self.send(command)
            assert answer.sw == sw, f"{answer.sw:04X} instead of {sw:04X} to command {number} {command}"
        return answer

    def do(self, *script: Command | str) -> Response:
        """Send all commands, each of which succeeds."""
        return self.expect(OK, *script)


def block(*, package: bytes = PACKAGE, code: bytes = b"byte code " * 60) -> bytes:
    """Return the notebook's load file data block."""
    return loadfile.build(package, version=(1, 2), modules=[MODULE], code=code)


def loading(*, domain: bytes = b"", size: int = 200, **fields: bytes) -> list[Command]:
    """Return the commands that load the notebook."""
    return [commands.install_for_load(PACKAGE, domain=domain, **fields), *commands.load_blocks(block(), size)]


def installing(instance: bytes = INSTANCE, parameters: bytes = b"first") -> Command:
    """Return the command that installs a notebook."""
    return commands.install_for_install_and_make_selectable(
        PACKAGE, MODULE, instance, application_parameters=parameters
    )


def with_domain(element: Element, keys: KeySet = DOMAIN_KEYS) -> Element:
    """Make a personalised security domain with keys of its own."""
    Session(element).do(commands.install_ssd(DOMAIN))
    Session(element, aid=DOMAIN).do(
        commands.put_key(keys, dek=ISSUER_KEYS.dek), commands.set_status(Target.APPLICATION, 0x0F, DOMAIN)
    )
    return element


def with_notebook(element: Element) -> Element:
    """Load the notebook into the personalised domain and install it."""
    Session(with_domain(element)).do(*loading(domain=DOMAIN), installing())
    element.power_on()
    return element


def registered(element: Element, scope: int, keys: KeySet = ISSUER_KEYS) -> dict[bytes, int]:
    """Return AID -> life cycle of one scope of the registry."""
    session = Session(element, keys)
    found = b""
    answer = session.send(commands.get_status(scope))
    while answer.sw == 0x6310:
        found += answer.data
        answer = session.send(commands.get_status(scope, following=True))
    assert answer.sw in (OK, 0x6A88)
    return {entry.aid: entry.life_cycle for entry in commands.parse_status(found + answer.data)}


def content(element: Element) -> dict[bytes, int]:
    """Return AID -> life cycle of applications, domains and load files."""
    return registered(element, 0x40) | registered(element, 0x20)


def torn(element: Element, natives: Any = NATIVES) -> Element:
    """Return what is left of the element when its power is cut now: its persisted state."""
    return Element.restore(element.snapshot(), natives)
