"""Commands in plain words, for operators: names, tags and figures; what is secret or personal is masked."""

from collections.abc import Callable

from tsm import jpki
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.errors import TlvMalformed

# GPCS 2.3.1 chapter 11, Amendment D chapter 7, ISO 7816-4 and -8, jpki-facts 3.3.
INSTRUCTIONS = {
    0x20: "VERIFY",
    0x24: "CHANGE REFERENCE DATA",
    0x2A: "PERFORM SECURITY OPERATION",
    0x2C: "RESET RETRY COUNTER",
    0x47: "GENERATE ASYMMETRIC KEY PAIR",
    0x50: "INITIALIZE UPDATE",
    0x70: "MANAGE CHANNEL",
    0x82: "EXTERNAL AUTHENTICATE",
    0x88: "INTERNAL AUTHENTICATE",
    0xA4: "SELECT",
    0xB0: "READ BINARY",
    0xC0: "GET RESPONSE",
    0xCA: "GET DATA",
    0xD6: "UPDATE BINARY",
    0xD8: "PUT KEY",
    0xE2: "STORE DATA",
    0xE4: "DELETE",
    0xE6: "INSTALL",
    0xE8: "LOAD",
    0xF0: "SET STATUS",
    0xF2: "GET STATUS",
}
AIDS = {
    commands.ISSUER_SECURITY_DOMAIN_AID: "issuer security domain",
    commands.SECURITY_DOMAIN_PACKAGE_AID: "package of security domains",
    commands.SECURITY_DOMAIN_MODULE_AID: "module of security domains",
    bytes.fromhex("D392F00026010000FF"): "provider's security domain",
    jpki.AID: "JPKI application",
    jpki.PACKAGE_AID: "JPKI package",
}
TAGS = {
    commands.TAG_ISSUER_IDENTIFICATION_NUMBER: "issuer identification number",
    commands.TAG_CARD_IMAGE_NUMBER: "card image number",
    commands.TAG_CARD_DATA: "card data",
    commands.TAG_CARD_CAPABILITIES: "capabilities",
    commands.TAG_SEQUENCE_COUNTER: "sequence counter",
    commands.TAG_KEY_INFORMATION: "key information",
    jpki.TAG_STATUS: "keys, certificates and passwords present",
    0x4F: "AID",
    0x5C: "tag list",
    0x9E: "token",
    0xB6: "control reference",
    0xC5: "privileges",
    0xC9: "application parameters",
    0xD0: "key identifier",
    0xD2: "key version",
    0xEF: "system parameters",
}
# Whose values are shown: names and numbers of things, never what is kept in them.
SHOWN = frozenset({0x4F, 0x5C, 0xC5, 0xD0, 0xD2})
INSTALLS = {
    0x02: ("for load", ("package", "domain", "hash", "parameters", "token")),
    0x04: ("for install", ("package", "module", "instance", "privileges", "parameters", "token")),
    0x08: ("for make selectable", ("", "", "instance", "privileges", "parameters", "token")),
    0x0C: (
        "for install and make selectable",
        ("package", "module", "instance", "privileges", "parameters", "token"),
    ),
}
SCOPES = {0x80: "issuer security domain", 0x40: "applications", 0x20: "load files", 0x10: "load files and modules"}
MASK = "••"


def name(ins: int) -> str:
    """Return the command's name by its instruction byte."""
    return INSTRUCTIONS.get(ins, f"INS {ins:02X}")


def aid(value: bytes) -> str:
    """Return an AID in hex, with what it names where that is known."""
    known = AIDS.get(value)
    return f"{value.hex().upper()} ({known})" if known else value.hex().upper()


def command(given: Command) -> str:
    """Return what a clear command says, in one line."""
    told = _TOLD.get(given.ins)
    try:
        return told(given) if told is not None else masked(given.data)
    except (TlvMalformed, IndexError, ValueError):
        return masked(given.data)


def masked(data: bytes) -> str:
    """Return how much there is, and nothing of it."""
    return f"{MASK} {len(data)} bytes" if data else ""


def objects(data: bytes) -> str:
    """Return the tags of a sequence of BER-TLV objects; values only of those that name things."""
    return ", ".join(_object(item) for item in tlv.parse(data))


def _object(item: tlv.Tlv) -> str:
    label = f"{item.tag:X}" + (f" {TAGS[item.tag]}" if item.tag in TAGS else "")
    if item.tag == 0x4F:
        return f"{label} {aid(item.value)}"
    return f"{label} {item.value.hex().upper()}" if item.tag in SHOWN else f"{label} {masked(item.value)}"


def _install(given: Command) -> str:
    kind, names = INSTALLS.get(given.p1, (f"P1 {given.p1:02X}", ()))
    told = []
    for field, value in zip(names, tlv.parse_fields(given.data), strict=False):
        if not value:
            continue
        if field in ("package", "module", "instance", "domain"):
            told.append(f"{field} {aid(value)}")
        elif field == "parameters":
            told.append(f"parameters {objects(value)}")
        elif field == "privileges":
            told.append(f"privileges {value.hex().upper()}")
        else:
            told.append(f"{field} {masked(value)}")
    return f"[{kind}] " + "; ".join(told)


def _select(given: Command) -> str:
    return aid(given.data) if given.p1 == 0x04 else f"file {given.data.hex().upper()}"


def _get_data(given: Command) -> str:
    tag = given.p1 << 8 | given.p2
    return f"tag {tag:X}" + (f" {TAGS[tag]}" if tag in TAGS else "")


def _offset(given: Command) -> str:
    length = len(given.data) or given.le or 0
    return f"offset {given.p1 << 8 | given.p2}, {length} bytes"


def _load(given: Command) -> str:
    return f"block {given.p2}{', the last' if given.p1 & 0x80 else ''}, {len(given.data)} bytes"


def _put_key(given: Command) -> str:
    replaces = f", replaces version {given.p1:02X}" if given.p1 else ""
    return f"key version {given.data[0]:02X}{replaces}, keys {MASK}"


_TOLD: dict[int, Callable[[Command], str]] = {
    0x2C: lambda given: f"password {given.p2:02X} to “not set”",
    0x47: lambda given: f"{'read' if given.p1 else 'generate'} key {given.p2:02X}",
    0x50: lambda given: f"key version {given.p1:02X}, host challenge {given.data.hex().upper()}",
    0x82: lambda given: f"security level {given.p1:02X}, host cryptogram {MASK}",
    0x88: lambda given: f"key {given.p2:02X}, challenge {MASK}",
    0xA4: _select,
    0xB0: _offset,
    0xCA: _get_data,
    0xD6: _offset,
    0xD8: _put_key,
    0xE4: lambda given: objects(given.data),
    0xE6: _install,
    0xE8: _load,
    0xF0: lambda given: f"{aid(given.data)} to state {given.p2:02X}",
    0xF2: lambda given: f"{SCOPES.get(given.p1, f'{given.p1:02X}')}; {objects(given.data)}",
}
