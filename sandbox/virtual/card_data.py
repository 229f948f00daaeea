"""What a security domain tells about itself: the answer to SELECT and the objects of GET DATA (GPCS 11.3, annex H)."""

import hashlib
from typing import Final

from sandbox.virtual.applet import Refusal
from sandbox.virtual.authorisation import APPLICATION_PRIVILEGES, DOMAIN_PRIVILEGES
from sandbox.virtual.make import Identity, Policy
from sandbox.virtual.registry import Application, LoadFileEntry, Privileges, Registry, SecurityDomain
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.scp03 import SecurityLevel
from tsm.globalplatform.scp03.keys import I_PSEUDO_RANDOM, PROTOCOL
from tsm.globalplatform.status import SW_REFERENCED_DATA_NOT_FOUND

OID_GLOBALPLATFORM: Final = bytes.fromhex("2A864886FC6B")
GLOBALPLATFORM_VERSION: Final = bytes((2, 3, 1))
MAX_COMMAND_DATA: Final = 0xFF
KEY_SIZES: Final = 0x07  # AES-128, 192 and 256
LOAD_FILE_HASHES: Final = bytes((0x01, 0x02, 0x03, 0x04))  # SHA-1, 256, 384, 512
AUTHENTICATED: Final = 0x80  # beside the level's own bits (GPCS table 10-1)
# Signature suites: CMAC and RSA of both kinds, ECC on P-256, P-384, P-521 (GPCS table H-8).
SUITES: Final = bytes((0x01 | 0x02 | 0x08 | 0x10 | 0x20 | 0x40 | 0x80, 0x02))
CURVES: Final = bytes((0x00, 0x01, 0x02))


def _recognition(policy: Policy) -> bytes:
    def oid(suffix: bytes) -> bytes:
        return tlv.encode(0x06, OID_GLOBALPLATFORM + suffix)

    return tlv.encode(
        0x73,
        oid(b"\x01")
        + tlv.encode(0x60, oid(b"\x02" + GLOBALPLATFORM_VERSION))
        + tlv.encode(0x63, oid(b"\x03"))
        + tlv.encode(0x64, oid(bytes((0x04, PROTOCOL, policy.parameter_i)))),
    )


def file_control_information(entry: SecurityDomain | Application, policy: Policy) -> bytes:
    """Return the answer to SELECT: 6F with AID and proprietary data (GPCS 11.9.3.1)."""
    proprietary = tlv.encode(0x9F65, bytes((MAX_COMMAND_DATA,)))
    if isinstance(entry, SecurityDomain):
        proprietary = _recognition(policy) + proprietary
    return tlv.encode(0x6F, tlv.encode(0x84, entry.aid) + tlv.encode(0xA5, proprietary))


def _key_information(domain: SecurityDomain) -> bytes:
    items = [
        tlv.encode(
            0xC0,
            bytes((identifier, version)) + b"".join(bytes((kind, len(part) & 0xFF)) for kind, part in key.components),
        )
        for (version, identifier), key in sorted(domain.keys.items())
    ]
    if not items:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    return b"".join(items)


def key_holder(registry: Registry, domain: SecurityDomain) -> SecurityDomain | None:
    """Return the security domain whose keys open a channel: itself, or the nearest above when it has no set yet."""
    current: SecurityDomain | None = domain
    while current is not None and current.default_version() is None:
        current = registry.domain(current.domain) if current.domain is not None else None
    return current


def _sequence_counter(registry: Registry, domain: SecurityDomain, policy: Policy) -> bytes:
    holder = key_holder(registry, domain)
    version = holder.default_version() if holder else None
    if holder is None or version is None or not policy.parameter_i & I_PSEUDO_RANDOM:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    return holder.uses[version].sequence_counter.to_bytes(3, "big")


def _capabilities(policy: Policy) -> bytes:
    scp03 = (
        tlv.encode(0x80, bytes((PROTOCOL,)))
        + tlv.encode(0x81, bytes((policy.parameter_i,)))
        + tlv.encode(0x82, bytes((KEY_SIZES,)))
    )
    return (
        tlv.encode(0xA0, scp03)
        + tlv.encode(0x81, DOMAIN_PRIVILEGES.encode())
        + tlv.encode(0x82, APPLICATION_PRIVILEGES.encode())
        + tlv.encode(0x83, LOAD_FILE_HASHES)
        + tlv.encode(0x85, SUITES)
        + tlv.encode(0x86, SUITES)
        + tlv.encode(0x87, SUITES)
        + tlv.encode(0x88, CURVES)
    )


def _resources(registry: Registry, policy: Policy) -> bytes:
    count = sum(not isinstance(entry, LoadFileEntry) for entry in registry.entries.values())
    free = max(0, policy.memory - registry.memory_used())
    return (
        tlv.encode(0x81, count.to_bytes(2, "big"))
        + tlv.encode(0x82, free.to_bytes(4, "big"))
        + tlv.encode(0x83, (0xFFFF).to_bytes(4, "big"))
    )


def _production_life_cycle(identity: Identity) -> bytes:
    # 42 bytes of fabricator, operating system and dates that a virtual element does not have: the serial number only.
    serial = hashlib.sha256(identity.iin + identity.cin).digest()[:4]
    return bytes(12) + serial + bytes(26)


def get_data(
    tag: int,
    *,
    registry: Registry,
    domain: SecurityDomain,
    identity: Identity,
    policy: Policy,
    level: SecurityLevel | None,
) -> tuple[int, bytes]:
    """Return tag and value of an object; raises Refusal 6A88 for what is not there.

    `level` is that of the session that asks, None without one.
    """
    if tag in domain.objects:
        return tag, domain.objects[tag]
    match tag:
        case commands.TAG_ISSUER_IDENTIFICATION_NUMBER:
            value = identity.iin
        case commands.TAG_CARD_IMAGE_NUMBER:
            value = identity.cin
        case commands.TAG_CARD_DATA:
            value = _recognition(policy)
        case commands.TAG_CARD_CAPABILITIES:
            value = _capabilities(policy)
        case commands.TAG_SEQUENCE_COUNTER:
            value = _sequence_counter(registry, domain, policy)
        case commands.TAG_KEY_DIVERSIFICATION_DATA:
            value = identity.key_diversification_data
        case commands.TAG_KEY_INFORMATION:
            value = _key_information(domain)
        case commands.TAG_CPLC:
            value = _production_life_cycle(identity)
        case commands.TAG_RESOURCES:
            value = _resources(registry, policy)
        case commands.TAG_SECURITY_LEVEL:
            value = bytes((AUTHENTICATED | level if level is not None else 0,))
        case commands.TAG_CONFIRMATION_COUNTER if domain.privileges & Privileges.RECEIPT_GENERATION:
            value = domain.receipts.to_bytes(2, "big")
        case commands.TAG_APPLICATIONS:
            value = b"".join(
                tlv.encode(0x61, tlv.encode(0x4F, entry.aid))
                for entry in registry.associated(domain.aid)
                if not isinstance(entry, LoadFileEntry)
            )
        case _:
            raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    return tag, value
