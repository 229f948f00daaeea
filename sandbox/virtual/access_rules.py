"""ARA-M, the applet that holds a secure element's access rules: which phone app may reach which applet.

GlobalPlatform Secure Element Access Control 1.1, clauses 2 to 6. The issuer writes the rules, through a personalization
session of its security domain or in a session with this applet; the phone's operating system reads and enforces them
(`omapi`). The element itself, over its contacts or by NFC, does not know which app speaks.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

from sandbox.virtual.applet import Random, Refusal
from tsm.globalplatform import tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import SecurityLevel
from tsm.globalplatform.status import (
    SW_INSTRUCTION_NOT_SUPPORTED,
    SW_NOT_ENOUGH_MEMORY,
    SW_OK,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_SECURITY_STATUS,
    SW_WRONG_DATA,
)

AID: Final = bytes.fromhex("A00000015141434C00")
PACKAGE_AID: Final = bytes.fromhex("A00000015141434C")
INS_GET_DATA: Final = 0xCA
INS_STORE_DATA: Final = 0xE2
# GET DATA
TAG_ALL: Final = 0xFF40
TAG_SPECIFIC: Final = 0xFF50
TAG_REFRESH: Final = 0xDF20
# STORE DATA
STORE, DELETE, REFRESH = 0xF0, 0xF1, 0xF2
# Inside a rule
TAG_RULE, TAG_REFERENCE, TAG_ACCESS = 0xE2, 0xE1, 0xE3
TAG_AID, TAG_APP, TAG_APDU = 0x4F, 0xC1, 0xD0
MOST_RULES: Final = 64
APP_HASH_LENGTHS: Final = (0, 20, 32)  # every app, SHA-1, SHA-256
FILTER_LENGTH: Final = 8
NEVER, ALWAYS = b"\x00", b"\x01"


@dataclass(frozen=True)
class Rule:
    """One rule: app (hash of its signing certificate, empty: every app), applet (AID, empty: every other), and what.

    `access` is the value of APDU-AR-DO: 00 never, 01 always, else filters of four header and four mask bytes each.
    """

    aid: bytes
    app: bytes
    access: bytes = ALWAYS

    def encode(self) -> bytes:
        """Return REF-AR-DO."""
        reference = tlv.encode(TAG_AID, self.aid) + tlv.encode(TAG_APP, self.app)
        access = tlv.encode(TAG_ACCESS, tlv.encode(TAG_APDU, self.access))
        return tlv.encode(TAG_RULE, tlv.encode(TAG_REFERENCE, reference) + access)

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Return the rule of a REF-AR-DO's value; raises Refusal 6A80, TlvMalformed."""
        aid, app = _reference(value, TAG_REFERENCE)
        access = tlv.find(value, TAG_ACCESS, TAG_APDU)
        if access is None or aid is None or app is None:
            raise Refusal(SW_WRONG_DATA)
        if access.value not in (NEVER, ALWAYS) and (not access.value or len(access.value) % FILTER_LENGTH):
            raise Refusal(SW_WRONG_DATA)
        return cls(aid, app, access.value)


def parse_rules(answer: bytes) -> list[Rule]:
    """Return the rules that GET DATA [all] answered."""
    everything = tlv.find(answer, TAG_ALL)
    return [Rule.parse(item.value) for item in everything.children()] if everything else []


class AccessRules:
    """The applet. Its refresh tag is another after every change, so that readers know when to read again."""

    def __init__(self, rules: tuple[Rule, ...], refresh: int) -> None:
        self._rules = rules
        self._refresh = refresh

    @classmethod
    def install(cls, *, instance_aid: bytes, parameters: bytes, random: Random) -> Self:
        """Return an instance without rules: nobody is let through."""
        return cls((), int.from_bytes(random(7), "big"))

    def with_rules(self, *rules: Rule) -> Self:
        """Return the instance with these rules, as an element is delivered."""
        return type(self)(rules, self._refresh)

    @classmethod
    def restore(cls, state: Any) -> Self:
        return cls(
            tuple(Rule(*(bytes.fromhex(part) for part in parts)) for parts in state["rules"]), int(state["refresh"])
        )

    def state(self) -> Any:
        rules = [[rule.aid.hex(), rule.app.hex(), rule.access.hex()] for rule in self._rules]
        return {"rules": rules, "refresh": self._refresh}

    def select(self) -> None:
        """Nothing here is volatile."""

    deselect = select

    def process(self, command: Command, *, secure: SecurityLevel | None) -> tuple[bytes, int]:
        """Tell the rules to everybody; change them in a session of the issuer's."""
        if (command.cla, command.ins) == (0x80, INS_GET_DATA):
            return self._told(command.p1 << 8 | command.p2, command.data), SW_OK
        if (command.cla, command.ins) != (0x80, INS_STORE_DATA):
            raise Refusal(SW_INSTRUCTION_NOT_SUPPORTED)
        if secure is None or not secure & SecurityLevel.C_MAC:
            raise Refusal(SW_SECURITY_STATUS)
        return self.store_data(command), SW_OK

    def store_data(self, command: Command) -> bytes:
        """Store a rule (F0), delete rules (F1), or renew the refresh tag (F2); one of these a command."""
        objects = tlv.parse(command.data)
        if len(objects) != 1:
            raise Refusal(SW_WRONG_DATA)
        tag, value = objects[0].tag, objects[0].value
        if tag == STORE:
            self._rules = self._with(value)
        elif tag == DELETE:
            self._rules = self._without(value)
        elif tag != REFRESH:
            raise Refusal(SW_WRONG_DATA)
        self._refresh = (self._refresh + 1) & (2**64 - 1)
        return b""

    def _told(self, tag: int, reference: bytes) -> bytes:
        if tag == TAG_ALL:
            return tlv.encode(TAG_ALL, b"".join(rule.encode() for rule in self._rules))
        if tag == TAG_REFRESH:
            return tlv.encode(TAG_REFRESH, self._refresh.to_bytes(8, "big"))
        if tag == TAG_SPECIFIC:
            aid, app = _reference(reference, TAG_REFERENCE)
            found = [rule for rule in self._rules if (rule.aid, rule.app) == (aid, app)]
            access = b"".join(tlv.encode(TAG_ACCESS, tlv.encode(TAG_APDU, rule.access)) for rule in found)
            return tlv.encode(TAG_SPECIFIC, access)
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)

    def _with(self, value: bytes) -> tuple[Rule, ...]:
        inner = tlv.find(value, TAG_RULE)
        if inner is None:
            raise Refusal(SW_WRONG_DATA)
        rule = Rule.parse(inner.value)
        if len(rule.aid) not in (0, *range(5, 17)) or len(rule.app) not in APP_HASH_LENGTHS:
            raise Refusal(SW_WRONG_DATA)
        others = tuple(other for other in self._rules if (other.aid, other.app) != (rule.aid, rule.app))
        if len(others) == MOST_RULES:
            raise Refusal(SW_NOT_ENOUGH_MEMORY)
        return (*others, rule)

    def _without(self, value: bytes) -> tuple[Rule, ...]:
        if not value:
            return ()
        inner = tlv.find(value, TAG_RULE)
        aid, app = _reference(inner.value if inner else value, TAG_REFERENCE)
        if aid is None:
            raise Refusal(SW_WRONG_DATA)
        left = tuple(rule for rule in self._rules if rule.aid != aid or app not in (None, rule.app))
        if left == self._rules:
            raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
        return left


def _reference(value: bytes, tag: int) -> tuple[bytes | None, bytes | None]:
    """Return AID and app of a reference, each None where it is not named; a bare AID will do."""
    inner = tlv.find(value, tag)
    objects = inner.children() if inner else tlv.parse(value)
    aid, app = tlv.find(objects, TAG_AID), tlv.find(objects, TAG_APP)
    return (aid.value if aid else None), (app.value if app else None)
