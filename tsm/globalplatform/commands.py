"""The management commands of a security domain, unprotected: a session wraps them (GPCS chapter 11).

The parsers of their answers are in `answers` and can be called from here too.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from tsm.globalplatform import loadfile, tlv
from tsm.globalplatform.answers import (
    CardData,
    KeyInformation,
    RegistryEntry,
    check_put_key,
    parse_card_data,
    parse_identification,
    parse_key_information,
    parse_sequence_counter,
    parse_status,
)
from tsm.globalplatform.apdu import SHORT_LE_MAX, Command
from tsm.globalplatform.scp03 import KeySet, encrypt_sensitive, key_check_value

__all__ = [
    "CardData",
    "KeyInformation",
    "RegistryEntry",
    "check_put_key",
    "parse_card_data",
    "parse_identification",
    "parse_key_information",
    "parse_sequence_counter",
    "parse_status",
]

INS_MANAGE_CHANNEL: Final = 0x70
INS_SELECT: Final = 0xA4
INS_GET_RESPONSE: Final = 0xC0
INS_GET_DATA: Final = 0xCA
INS_PUT_KEY: Final = 0xD8
INS_STORE_DATA: Final = 0xE2
INS_DELETE: Final = 0xE4
INS_INSTALL: Final = 0xE6
INS_LOAD: Final = 0xE8
INS_SET_STATUS: Final = 0xF0
INS_GET_STATUS: Final = 0xF2

ISSUER_SECURITY_DOMAIN_AID: Final = bytes.fromhex("A000000151000000")
SECURITY_DOMAIN_PACKAGE_AID: Final = bytes.fromhex("A0000001515350")
SECURITY_DOMAIN_MODULE_AID: Final = bytes.fromhex("A000000151535041")

# Tags of GET DATA (GPCS 11.3, H.2 to H.6; C1: Amendment D 7.1.3).
TAG_ISSUER_IDENTIFICATION_NUMBER: Final = 0x0042
TAG_CARD_IMAGE_NUMBER: Final = 0x0045
TAG_CARD_DATA: Final = 0x0066
TAG_CARD_CAPABILITIES: Final = 0x0067
TAG_SEQUENCE_COUNTER: Final = 0x00C1
TAG_KEY_DIVERSIFICATION_DATA: Final = 0x00CF
TAG_KEY_INFORMATION: Final = 0x00E0
TAG_CONFIRMATION_COUNTER: Final = 0x00C2
TAG_SECURITY_LEVEL: Final = 0x00D3
TAG_APPLICATIONS: Final = 0x2F00
TAG_CPLC: Final = 0x9F7F
TAG_RESOURCES: Final = 0xFF21

INSTALL_FOR_LOAD: Final = 0x02
INSTALL_FOR_INSTALL: Final = 0x04
INSTALL_FOR_MAKE_SELECTABLE: Final = 0x08
INSTALL_FOR_LOAD_INSTALL_AND_MAKE_SELECTABLE: Final = 0x0E
INSTALL_FOR_EXTRADITION: Final = 0x10
INSTALL_FOR_PERSONALIZATION: Final = 0x20
INSTALL_FOR_REGISTRY_UPDATE: Final = 0x40
# P2 of a load, install and make selectable in one process: its first and its last command (GPCS 11.5.2.2).
COMBINED_FIRST: Final = 0x01
COMBINED_LAST: Final = 0x03

KEY_TYPE_AES: Final = 0x88
ALL_TAGS: Final = bytes.fromhex("4F9F70C5C4CCCE84")  # tag list of GET STATUS: everything an entry can tell
NO_PRIVILEGES: Final = b"\x00"
SECURITY_DOMAIN_PRIVILEGE: Final = b"\x80\x00\x00"


class Scope(IntEnum):
    """P1 of GET STATUS (GPCS table 11-31)."""

    ISSUER_SECURITY_DOMAIN = 0x80
    APPLICATIONS = 0x40
    LOAD_FILES = 0x20
    LOAD_FILES_AND_MODULES = 0x10


class Target(IntEnum):
    """P1 of SET STATUS (GPCS table 11-82)."""

    CARD = 0x80
    APPLICATION = 0x40
    SECURITY_DOMAIN_AND_APPLICATIONS = 0x60


def select(aid: bytes = b"") -> Command:
    """Return SELECT by AID; without AID the issuer security domain."""
    return Command(0x00, INS_SELECT, 0x04, 0x00, aid, SHORT_LE_MAX)


def open_channel() -> Command:
    """Return MANAGE CHANNEL that opens the next free logical channel; the answer is its number in one byte."""
    return Command(0x00, INS_MANAGE_CHANNEL, 0x00, 0x00, le=1)


def close_channel(number: int) -> Command:
    """Return MANAGE CHANNEL that closes a logical channel."""
    return Command(0x00, INS_MANAGE_CHANNEL, 0x80, number)


def get_response(length: int) -> Command:
    """Return GET RESPONSE for `length` bytes, 1 to 256."""
    return Command(0x00, INS_GET_RESPONSE, 0x00, 0x00, le=length)


def get_data(tag: int) -> Command:
    """Return GET DATA for a tag of one or two bytes; the answer is the whole object."""
    return Command(0x80, INS_GET_DATA, tag >> 8, tag & 0xFF, le=SHORT_LE_MAX)


def get_status(scope: int, aid_prefix: bytes = b"", *, following: bool = False, tags: bytes = b"") -> Command:
    """Return GET STATUS for what begins with the prefix; `following` asks for the rest after 6310.

    `tags` are concatenated tags for the tag list 5C, such as ALL_TAGS.
    """
    data = tlv.encode(0x4F, aid_prefix) + (tlv.encode(0x5C, tags) if tags else b"")
    return Command(0x80, INS_GET_STATUS, scope, 0x03 if following else 0x02, data, SHORT_LE_MAX)


def set_status(target: int, state: int, aid: bytes) -> Command:
    """Return SET STATUS; `state` is the whole new state, or 80 to lock and 00 to unlock another's application."""
    return Command(0x80, INS_SET_STATUS, target, state, aid)


def _install(p1: int, *fields: bytes) -> Command:
    return Command(0x80, INS_INSTALL, p1, 0x00, tlv.encode_fields(*fields), SHORT_LE_MAX)


def install_for_load(
    package_aid: bytes,
    *,
    domain: bytes = b"",
    block_hash: bytes = b"",
    parameters: bytes = b"",
    token: bytes = b"",
) -> Command:
    """Return INSTALL [for load] of a package into a security domain, by default the one that performs it."""
    return _install(INSTALL_FOR_LOAD, package_aid, domain, block_hash, parameters, token)


def load_blocks(lfdb: bytes, size: int = 239) -> list[Command]:
    """Return the LOAD commands of a load file data block; `size` is at most the session's capacity."""
    chunks = loadfile.blocks(lfdb, size)
    if len(chunks) > 256:
        raise ValueError("a load file has at most 256 blocks")
    last = len(chunks) - 1
    return [
        Command(0x80, INS_LOAD, 0x80 if number == last else 0x00, number, chunk, SHORT_LE_MAX)
        for number, chunk in enumerate(chunks)
    ]


def install_parameters(application_parameters: bytes, system_parameters: bytes = b"") -> bytes:
    """Return the install parameters field: C9 with what the application gets, EF with what the system reads."""
    return tlv.encode(0xC9, application_parameters) + (
        tlv.encode(0xEF, system_parameters) if system_parameters else b""
    )


def install_for_install(
    package_aid: bytes,
    module_aid: bytes,
    instance_aid: bytes,
    *,
    privileges: bytes = NO_PRIVILEGES,
    application_parameters: bytes = b"",
    system_parameters: bytes = b"",
    token: bytes = b"",
    selectable: bool = False,
) -> Command:
    """Return INSTALL [for install], or [for install and make selectable]."""
    p1 = INSTALL_FOR_INSTALL | (INSTALL_FOR_MAKE_SELECTABLE if selectable else 0)
    parameters = install_parameters(application_parameters, system_parameters)
    return _install(p1, package_aid, module_aid, instance_aid, privileges, parameters, token)


def install_for_install_and_make_selectable(
    package_aid: bytes,
    module_aid: bytes,
    instance_aid: bytes,
    *,
    privileges: bytes = NO_PRIVILEGES,
    application_parameters: bytes = b"",
    system_parameters: bytes = b"",
    token: bytes = b"",
) -> Command:
    """Return INSTALL [for install and make selectable]; `application_parameters` is the value of C9."""
    return install_for_install(
        package_aid,
        module_aid,
        instance_aid,
        privileges=privileges,
        application_parameters=application_parameters,
        system_parameters=system_parameters,
        token=token,
        selectable=True,
    )


def install_for_make_selectable(
    instance_aid: bytes, *, privileges: bytes = NO_PRIVILEGES, token: bytes = b""
) -> Command:
    """Return INSTALL [for make selectable] of an installed application."""
    return _install(INSTALL_FOR_MAKE_SELECTABLE, b"", b"", instance_aid, privileges, b"", token)


def install_for_personalization(aid: bytes) -> Command:
    """Return INSTALL [for personalization]: the STORE DATA that follows is for this application."""
    return _install(INSTALL_FOR_PERSONALIZATION, b"", b"", aid, b"", b"", b"")


def store_data(data: bytes, size: int = 239, *, structure: int = 0x08, answered: bool = False) -> list[Command]:
    """Return the STORE DATA commands that carry the data, `size` bytes each (GPCS 11.11).

    `structure` is 08 for data groups, 10 for BER-TLV. `answered`: the last block is to be answered with data.
    """
    parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    if len(parts) > 256:
        raise ValueError("STORE DATA has at most 256 blocks")
    first = [Command(0x80, INS_STORE_DATA, structure, number, part) for number, part in enumerate(parts[:-1])]
    p1 = 0x80 | structure | (0x01 if answered else 0x00)
    return [*first, Command(0x80, INS_STORE_DATA, p1, len(parts) - 1, parts[-1], SHORT_LE_MAX if answered else None)]


def install_ssd(
    aid: bytes,
    *,
    privileges: bytes = SECURITY_DOMAIN_PRIVILEGE,
    parameter_i: int = 0x70,
    module_aid: bytes = SECURITY_DOMAIN_MODULE_AID,
    package_aid: bytes = SECURITY_DOMAIN_PACKAGE_AID,
) -> Command:
    """Return INSTALL that makes a supplementary security domain speaking SCP03 (UICC configuration, table 9-1)."""
    parameters = (
        tlv.encode(0x81, bytes((0x03, parameter_i)))
        + tlv.encode(0x82, b"\x20\x20")  # accepts extradition to it
        + tlv.encode(0x83, b"\x20")  # accepts deletion of what it holds
        + tlv.encode(0x87, b"\x20\x20")  # accepts extradition away
    )
    return install_for_install_and_make_selectable(
        package_aid, module_aid, aid, privileges=privileges, application_parameters=parameters
    )


def delete(aid: bytes, *, related: bool = False, token: bytes = b"") -> Command:
    """Return DELETE of an application, security domain or load file; `related` takes its applications too."""
    data = tlv.encode(0x4F, aid) + (tlv.encode(0x9E, token) if token else b"")
    return Command(0x80, INS_DELETE, 0x00, 0x80 if related else 0x00, data, SHORT_LE_MAX)


def delete_key(version: int | None = None, identifier: int | None = None) -> Command:
    """Return DELETE of the selected domain's keys with this version, this identifier, or both."""
    data = b"" if identifier is None else tlv.encode(0xD0, bytes((identifier,)))
    data += b"" if version is None else tlv.encode(0xD2, bytes((version,)))
    return Command(0x80, INS_DELETE, 0x00, 0x00, data, SHORT_LE_MAX)


def aes_key_field(key: bytes, dek: bytes, *, with_length: bool = True) -> bytes:
    """Return an AES key as PUT KEY carries it, under the DEK of the session's static keys, with its check value.

    `with_length` puts the clear length before the block (Amendment D table 7-10); without it the block stands alone
    (GPCS table 11-71), which 24-byte keys do not allow.
    """
    if len(key) % 16 and not with_length:
        raise ValueError("a 24-byte key needs its length")
    block = encrypt_sensitive(dek, key + bytes(-len(key) % 16))
    block = bytes((len(key),)) + block if with_length else block
    return bytes((KEY_TYPE_AES, len(block))) + block + b"\x03" + key_check_value(key)


def put_keys(
    keys: Sequence[bytes],
    *,
    version: int,
    first_identifier: int,
    dek: bytes,
    replace: int = 0,
    with_length: bool = True,
) -> Command:
    """Return PUT KEY for AES keys with consecutive identifiers; `replace` is the version they take the place of."""
    p2 = first_identifier | (0x80 if len(keys) > 1 else 0)
    fields = b"".join(aes_key_field(key, dek, with_length=with_length) for key in keys)
    return Command(0x80, INS_PUT_KEY, replace, p2, bytes((version,)) + fields, SHORT_LE_MAX)


def put_key(new: KeySet, *, dek: bytes, replace: int = 0, with_length: bool = True) -> Command:
    """Return PUT KEY for a whole SCP03 key set: an addition, or with `replace` in the place of that version."""
    return put_keys(
        new.keys, version=new.version, first_identifier=1, dek=dek, replace=replace, with_length=with_length
    )
