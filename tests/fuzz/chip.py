"""What goes over the wire to a chip and back: APDUs, TLV, secure channels, and the chips themselves."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.jpki import JpkiApplet
from tests.fuzz.target import Target, joined, parted
from tests.sandbox.virtual_card.field import PhoneInField, in_session, install, personalise
from tests.sandbox.virtual_card.throwaway import ca_certificate, certificate
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    MODULE,
    NATIVES,
    PACKAGE,
    Session,
    manufactured,
    sent,
)
from tests.tsm.globalplatform import scp03_traces
from tsm import jpki
from tsm.describe import command as described
from tsm.globalplatform import answers, commands, delegation, loadfile, tlv
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.errors import ApduMalformed, GlobalPlatformError, TlvMalformed
from tsm.globalplatform.scp03 import HostSession, KeySet, Mode, SecureChannelError
from tsm.jpki import JpkiError
from tsm.transports.base import TransportError
from tsm.transports.chaining import Chaining

CARD_PIN, CARD_PASSWORD = "1234", "ABC123"


# --- what was really said
def _traced() -> list[bytes]:
    """Return the APDUs of real cards' sessions, and of a management session with the virtual element."""
    found = []
    for trace in scp03_traces.TRACES:
        spoken = [trace.initialize_update, trace.external_authenticate, trace.get_eid, *trace.commands]
        found += [bytes.fromhex(one) for one in spoken]
    found += [one for pair in _management() for one in pair]
    return [*dict.fromkeys(found)]


@cache
def _management() -> tuple[tuple[bytes, bytes], ...]:
    """Return commands and answers of a session that makes a domain, loads a package and reads the registry."""
    element = manufactured()
    said: list[tuple[bytes, bytes]] = []
    heard = element.transmit

    def transmit(apdu: bytes) -> bytes:
        answer = heard(apdu)
        said.append((apdu, answer))
        return answer

    element.transmit = transmit  # type: ignore[method-assign]
    session = Session(element)
    for command in _orders():
        session.send(command)
    for command in ("80CA006600", "80CA00E000", "80F24000024F0000", "00B2010400"):
        sent(element, command)
    return tuple(said)


def _orders() -> list[Command]:
    block = loadfile.build(PACKAGE, version=(1, 0), modules=[MODULE], code=bytes(range(100)))
    return [
        commands.install_for_load(PACKAGE, domain=ISD),
        *commands.load_blocks(block, size=200),
        commands.install_for_install_and_make_selectable(PACKAGE, MODULE, INSTANCE, application_parameters=b"text"),
        *[Command.parse(bytes.fromhex(one)) for one in ("80F28002024F0000", "80F24002024F0000", "80CA006600")],
        Command.parse(bytes.fromhex("80CA00E000")),
        commands.put_key(replace(ISSUER_KEYS, version=0x32), dek=ISSUER_KEYS.dek),
        commands.delete(INSTANCE),
    ]


# --- APDUs and TLV
def feed_apdu(data: bytes) -> None:
    """A command that is taken is written as it was understood, and understood so again."""
    for kind in (Command, Response):
        with contextlib.suppress(ApduMalformed):
            read = kind.parse(data)
            assert kind.parse(read.encode()) == read
    with contextlib.suppress(ApduMalformed):
        described(Command.parse(data))


def feed_tlv(data: bytes) -> None:
    """What is taken is written again to the octet: nothing is forgiven."""
    with contextlib.suppress(TlvMalformed):
        assert b"".join(item.encode() for item in tlv.parse(data)) == data
    with contextlib.suppress(TlvMalformed):
        fields = tlv.parse_fields(data)
        assert tlv.parse_fields(tlv.encode_fields(*fields)) == fields
    with contextlib.suppress(TlvMalformed):
        tlv.find(data, 0x66, 0x73, 0x06)


_READERS = (
    answers.parse_status,
    answers.parse_key_information,
    answers.parse_sequence_counter,
    answers.parse_identification,
    answers.parse_card_data,
    lambda data: answers.check_put_key(data, DOMAIN_KEYS),
    delegation.confirmation,
    loadfile.parse,
    loadfile.unwrap,
    jpki.parse_status,
    jpki.public_key_from_7f49,
    jpki.certificate_length,
    jpki.token_label,
    lambda data: jpki.check_proof(
        jpki.Key.SIGNATURE, jpki.public_key_from_7f49(data[256:]), bytes(jpki.CHALLENGE_LENGTH), data[:256]
    ),
)


def feed_answers(data: bytes) -> None:
    """The first octet says whose reader the rest is for."""
    if data:
        with contextlib.suppress(GlobalPlatformError, JpkiError):
            _READERS[data[0] % len(_READERS)](data[1:])


def _answer_seeds() -> list[bytes]:
    given = [answer[:-2] for _, answer in _management() if len(answer) > 2]
    block = loadfile.build(PACKAGE, version=(1, 0), modules=[MODULE, INSTANCE], code=b"code")
    given += [block, tlv.encode(0xC4, block), bytes.fromhex("DF400503030101A5"), b"\x30\x82\x03\x20"]
    given += [jpki_key_answer(), bytes(256) + jpki_key_answer()]
    return [bytes((number,)) + one for number in range(len(_READERS)) for one in given]


@cache
def jpki_key_answer() -> bytes:
    """Return a 7F49 answer with an RSA-2048 key."""
    modulus = b"\xc1" + bytes(254) + b"\x01"
    return tlv.encode(0x7F49, tlv.encode(0x81, modulus) + tlv.encode(0x82, b"\x01\x00\x01"))


# --- secure channels: the host hears a hostile card, the card a hostile host
def feed_host(data: bytes) -> None:
    """Of two octets of form and answers: the session is opened by true keys, or by what the input says."""
    if not data:
        return
    trace = scp03_traces.TRACES[data[0] % len(scp03_traces.TRACES)]
    keys = _trace_keys(trace)
    size = 16 if len(trace.initialize_update) // 2 - 6 == 16 else 8
    challenge = bytes.fromhex(trace.initialize_update)[5 : 5 + size]
    host = HostSession.open(keys, host_challenge=challenge, level=trace.level, mode=Mode(size))
    heard = parted(data[1:])
    with contextlib.suppress(SecureChannelError):
        first = heard.pop(0) if heard else b""
        genuine = bytes.fromhex(trace.initialize_update_answer) + b"\x90\x00"
        host.check_initialize_update(first or genuine)
        host.external_authenticate()
        host.check_external_authenticate(b"\x90\x00")
        for answer in heard:
            host.wrap(Command.parse(bytes.fromhex(scp03_traces.GET_EID)))
            host.unwrap(answer)


def _trace_keys(trace: scp03_traces.Trace) -> KeySet:
    return KeySet(*scp03_traces.keys(trace.size), 0x30)


def _host_seeds() -> list[bytes]:
    found = []
    for number, trace in enumerate(scp03_traces.TRACES):
        answer = bytes.fromhex(trace.get_eid_answer) + b"\x90\x00"
        opened = bytes.fromhex(trace.initialize_update_answer) + b"\x90\x00"
        found += [bytes((number,)) + joined([first, answer, b"\x6a\x88"]) for first in (b"", opened)]
    return found


@cache
def _blank() -> bytes:
    return manufactured().snapshot()


def _element() -> Element:
    element = Element.restore(_blank(), NATIVES)
    element.power_on()
    return element


@contextlib.contextmanager
def powered() -> Iterator[Element]:
    """Power an element for an agent."""
    yield _element()


def feed_element(data: bytes) -> None:
    """A stranger sends commands: each is answered, and the element can be kept and restored."""
    element = _element()
    for command in parted(data)[:40]:
        assert_answered(element.transmit(command))
    Element.restore(element.snapshot(), NATIVES)


def feed_element_inside(data: bytes) -> None:
    """Who has the keys sends commands, through a session whose answers hold."""
    element = _element()
    session = Session(element)
    for apdu in parted(data)[:20]:
        try:
            command = Command.parse(apdu)
        except ApduMalformed:
            continue
        if len(command.data) > session.host.capacity or (command.le or 0) > 256:
            continue
        wrapped = session.host.wrap(command).encode()
        answer = element.transmit(wrapped)
        assert_answered(answer)
        try:
            session.host.unwrap(answer)
        except SecureChannelError:
            break  # the session ended, as it does on an error of security or when something else is selected
    Element.restore(element.snapshot(), NATIVES)


def _inside_seeds() -> list[bytes]:
    orders = [order.encode() for order in _orders()]
    domain = commands.install_ssd(DOMAIN)
    more = ["80E28800055020010203", "80F0800700", "80E620001D0000", "80D8308113", "80E40000024F00"]
    return [joined(orders), joined([domain.encode(), *orders[-3:]]), joined([bytes.fromhex(one) for one in more])]


@cache
def _card() -> bytes:
    card = MyNumberCard.manufacture(
        authentication_pin=CARD_PIN, signature_password=CARD_PASSWORD, serial_number="20500003"
    )
    files = jpki.File
    card.write_certificates(
        {
            files.SIGNATURE_CERTIFICATE: certificate(card.public_key(jpki.Key.SIGNATURE), "sign"),
            files.SIGNATURE_CA_CERTIFICATE: ca_certificate("sign CA"),
            files.AUTHENTICATION_CERTIFICATE: certificate(card.public_key(jpki.Key.AUTHENTICATION), "auth"),
            files.AUTHENTICATION_CA_CERTIFICATE: ca_certificate("auth CA"),
        }
    )
    return card.snapshot()


def feed_card(data: bytes) -> None:
    """A card in the hands of a stranger."""
    card = MyNumberCard.restore(_card())
    card.power_on()
    for command in parted(data)[:40]:
        assert_answered(card.transmit(command))
    MyNumberCard.restore(card.snapshot())


def _card_seeds() -> list[bytes]:
    select = commands.select(jpki.AID).encode()
    verify = bytes.fromhex("00A4020C020018") + bytes.fromhex("0020008004") + CARD_PIN.encode()
    spoken = [
        [select, bytes.fromhex("00A4020C020018"), bytes.fromhex("0020008004") + CARD_PIN.encode()],
        [select, bytes.fromhex("00A4020C02000A"), bytes.fromhex("00B0000000"), bytes.fromhex("00B0010000")],
        [select, bytes.fromhex("00A4020C020017"), bytes.fromhex("802A008033") + jpki.SHA256_DIGEST_INFO + bytes(32)],
        [select, bytes.fromhex("00A4020C020006"), bytes.fromhex("00B0000020"), bytes.fromhex("00CA004600")],
        [verify],
    ]
    return [joined(one) for one in spoken]


@cache
def _applet() -> str:
    applet = install()
    personalise(applet)
    return json.dumps(applet.state())


# It makes keys, which takes a tenth of a second and nothing of what the input says.
_MAKES_KEYS = 0x46


def feed_phone(data: bytes) -> None:
    """A phone's applet: of each command the first octet says whether it comes from the TSM's session or the field."""
    applet = JpkiApplet.restore(json.loads(_applet()))
    phone = PhoneInField(applet)
    phone.power_on()
    phone.transmit(commands.select(jpki.AID).encode())
    for spoken in parted(data)[:40]:
        with contextlib.suppress(ApduMalformed):
            command = Command.parse(spoken[1:])
            if command.ins == _MAKES_KEYS:
                continue
            if spoken[0] & 1:
                assert_answered(in_session(applet, command).encode())
            else:
                assert_answered(phone.transmit(spoken[1:]))
    JpkiApplet.restore(json.loads(json.dumps(applet.state())))


def _phone_seeds() -> list[bytes]:
    spoken = [jpki.status(), jpki.read_public_key(jpki.Key.SIGNATURE), *jpki.update_binary(bytes(300))]
    spoken += [jpki.select_file_in_session(jpki.File.SIGNATURE_CERTIFICATE), jpki.select_file(jpki.File.TOKEN_INFO)]
    return [joined([bytes((inside,)) + one.encode() for one in spoken]) for inside in (0, 1)] + _card_seeds()


class _Answers:
    """A chip that answers what the input says, and then nothing more than an error."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = iter(answers)

    def transmit(self, apdu: bytes) -> bytes:
        return next(self._answers, b"\x6f\x00")


def feed_chaining(data: bytes) -> None:
    """A chip that answers in parts without end: there is one."""
    for command in ("", "00", "00B00000", "00B0000000", "80E2000004AABBCCDD00"):
        with contextlib.suppress(TransportError):
            Chaining(_Answers(parted(data))).transmit(bytes.fromhex(command))


def _chaining_seeds() -> list[bytes]:
    more = [bytes(255) + b"\x61\xff"]
    return [
        joined([*more, b"ab\x90\x00"]),
        joined([b"\x6c\x02", b"ab\x90\x00"]),
        joined([b"\x61\x00"]),
        joined(more * 20),
    ]


def assert_answered(answer: bytes) -> None:
    assert 2 <= len(answer) <= 65538, answer[:10]
    assert answer[-2] & 0xF0 in (0x60, 0x90), answer[-2:]


TARGETS = (
    Target("apdu", feed_apdu, _traced, longest=70_000),
    Target("tlv", feed_tlv, lambda: [one[5:] for one in _traced()], longest=70_000),
    Target("answers", feed_answers, _answer_seeds, longest=70_000),
    Target("scp03-host", feed_host, _host_seeds),
    Target("element", feed_element, lambda: [joined([one for one, _ in _management()][:20])], longest=8192),
    Target("element-inside", feed_element_inside, _inside_seeds, longest=8192),
    Target("card", feed_card, _card_seeds),
    Target("chaining", feed_chaining, _chaining_seeds, longest=70_000),
    Target("phone", feed_phone, _phone_seeds),
)
