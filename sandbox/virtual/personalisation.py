"""STORE DATA: to an application that INSTALL [for personalization] named, or to the security domain itself.

GPCS 7.3.2, 11.5.2.3.6, 11.11. A session ends with its last block, with another SELECT or session on the channel, with
a new INSTALL [for personalization], and with the power; blocks count from 00 again after any error.
"""

from dataclasses import dataclass, replace
from typing import Final

from sandbox.virtual import authorisation, data_groups, key_management, signatures
from sandbox.virtual.applet import Personalisable, Refusal
from sandbox.virtual.orders import Order
from sandbox.virtual.registry import KEY_TYPE_AES, Application, Key, Registry, SecurityDomain, is_locked
from tsm.globalplatform import tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import decrypt_sensitive, key_check_value
from tsm.globalplatform.status import (
    SW_CONDITIONS_OF_USE,
    SW_NOT_ENOUGH_MEMORY,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_SECURITY_STATUS,
    SW_WRONG_DATA,
    SW_WRONG_P1_P2,
)

LAST_BLOCK: Final = 0x80
ANSWER_EXPECTED: Final = 0x01
DATA_GROUPS: Final = 0x08
BER_TLV: Final = 0x10
FORMAT: Final = 0x18
LARGEST: Final = 0x2000
# Data groups and tags of a security domain (GPCS 11.11.3).
GROUP_OBJECTS: Final = 0x0070
GROUP_KEY_TEMPLATE: Final = 0x00B9
GROUP_KEY: Final = 0x8113
OBJECTS: Final = (0x42, 0x45, 0x5F50)


@dataclass(frozen=True)
class Storing:
    """A run of STORE DATA commands; without `target` it is for the security domain itself."""

    target: bytes = b""
    next_block: int = 0
    received: bytes = b""

    def restarted(self) -> "Storing":
        """Return it as before its first block."""
        return Storing(self.target)

    def after(self, command: Command) -> "Storing | None":
        """Return it after this block, None after the last; raises Refusal 6985 (out of sequence), 6A84, 6A86."""
        if command.p1 & ~(LAST_BLOCK | 0x60 | FORMAT | ANSWER_EXPECTED) or command.p1 & FORMAT == FORMAT:
            raise Refusal(SW_WRONG_P1_P2)
        if command.p2 != self.next_block:
            raise Refusal(SW_CONDITIONS_OF_USE)
        if len(self.received) + len(command.data) > LARGEST:
            raise Refusal(SW_NOT_ENOUGH_MEMORY)
        if command.p1 & LAST_BLOCK:
            return None
        kept = b"" if self.target else self.received + command.data
        return replace(self, next_block=(self.next_block + 1) & 0xFF, received=kept)


def begin(registry: Registry, requester: SecurityDomain, order: Order) -> Storing:
    """Return the run that INSTALL [for personalization] opens; raises Refusal 6985, 6A80, 6A88."""
    package, module, aid, *rest = order.fields
    if package or module or any(rest) or order.token:
        raise Refusal(SW_WRONG_DATA)
    authorisation.require_services(registry, requester)
    authorisation.require_right(registry, requester, order.right)
    application(registry, requester, aid)
    return Storing(aid)


def application(registry: Registry, requester: SecurityDomain, aid: bytes) -> Application:
    """Return the application that this domain may personalise; raises Refusal 6985, 6A88."""
    entry = registry.find(aid)
    if not isinstance(entry, Application) or entry.domain != requester.aid:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    if is_locked(entry) or not isinstance(entry.applet, Personalisable):
        raise Refusal(SW_CONDITIONS_OF_USE)
    return entry


def stored(domain: SecurityDomain, data: bytes, *, p1: int, dek: bytes, key_tries: int) -> SecurityDomain:
    """Return the domain with everything in the blocks' data written, or nothing of it.

    Raises Refusal 6A80, 6982 (a key's check value is wrong), 6A86 (no structure); TlvMalformed.
    """
    if p1 & FORMAT == BER_TLV:
        return _with_objects(domain, data)
    if p1 & FORMAT != DATA_GROUPS:
        raise Refusal(SW_WRONG_P1_P2)
    template = b""
    for group, value in data_groups.parse(data):
        if group == GROUP_OBJECTS:
            domain = _with_objects(domain, value)
        elif group == GROUP_KEY_TEMPLATE and not template:
            template = value
        elif group == GROUP_KEY and template:
            domain, template = _with_key(domain, template, value, dek=dek, key_tries=key_tries), b""
        else:
            raise Refusal(SW_WRONG_DATA)
    if template:
        raise Refusal(SW_WRONG_DATA)
    return domain


def _with_objects(domain: SecurityDomain, data: bytes) -> SecurityDomain:
    objects = {item.tag: item.value for item in tlv.parse(data)}
    if not objects or objects.keys() - set(OBJECTS):
        raise Refusal(SW_WRONG_DATA)
    return replace(domain, objects={**domain.objects, **objects})


def _with_key(domain: SecurityDomain, template: bytes, block: bytes, *, dek: bytes, key_tries: int) -> SecurityDomain:
    inner = tlv.find(template, 0xB9)
    named = {item.tag: item.value for item in tlv.parse(inner.value if inner else template)}
    if not named.keys() >= {0x80, 0x82, 0x83, 0x84} or any(len(named[tag]) != 1 for tag in (0x80, 0x82, 0x83)):
        raise Refusal(SW_WRONG_DATA)
    if named[0x80][0] != KEY_TYPE_AES or not block or len(block) % 16:
        raise Refusal(SW_WRONG_DATA)
    value = decrypt_sensitive(dek, block)[: int.from_bytes(named.get(0x81, bytes((len(block),))), "big")]
    key = Key(KEY_TYPE_AES, value)
    if not signatures.is_usable(key) or len(value) not in (16, 24, 32):
        raise Refusal(SW_WRONG_DATA)
    if key_check_value(value) != named[0x84]:
        raise Refusal(SW_SECURITY_STATUS)
    return key_management.with_key(domain, named[0x83][0], named[0x82][0], key, key_tries=key_tries)
