"""DELETE of applications, security domains and load files (GPCS 9.5, 11.2)."""

from collections.abc import Collection
from typing import Final

from sandbox.virtual import authorisation
from sandbox.virtual.applet import Refusal
from sandbox.virtual.registry import Entry, LoadFileEntry, Registry, SecurityDomain
from tsm.globalplatform import tlv
from tsm.globalplatform.status import SW_CONDITIONS_OF_USE, SW_REFERENCED_DATA_NOT_FOUND, SW_WRONG_DATA

TAG_AID: Final = 0x4F
TAG_CONTROL_REFERENCE: Final = 0xB6
TAG_TOKEN: Final = 0x9E


def names_content(data: bytes) -> bool:
    """Tell whether the data of DELETE names an AID rather than a key."""
    return data[:1] == bytes((TAG_AID,))


def delete(
    registry: Registry, requester: SecurityDomain, data: bytes, *, related: bool, selected: Collection[bytes]
) -> Registry:
    """Return the registry without the named entry, and with `related` without a load file's applications too.

    `selected` are the AIDs selected on any channel. A security domain's keys go with it. Raises Refusal 6985 (in use,
    not empty, not allowed), 6A80, 6A88; TlvMalformed.
    """
    objects = tlv.parse(data)
    if {item.tag for item in objects} - {TAG_AID, TAG_CONTROL_REFERENCE, TAG_TOKEN}:
        raise Refusal(SW_WRONG_DATA)
    token = tlv.find(objects, TAG_TOKEN)
    authorisation.require_content_management(registry, requester, token.value if token else b"")
    name = tlv.find(objects, TAG_AID)
    entry = registry.find(name.value) if name else None
    if entry is None or not registry.is_within(entry, requester.aid):
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    doomed = _doomed(registry, entry, related=related)
    if not doomed.isdisjoint(selected):
        raise Refusal(SW_CONDITIONS_OF_USE)
    return registry.without(*doomed)


def _doomed(registry: Registry, entry: Entry, *, related: bool) -> set[bytes]:
    if isinstance(entry, SecurityDomain) and (entry.domain is None or registry.associated(entry.aid)):
        raise Refusal(SW_CONDITIONS_OF_USE)
    doomed = {entry.aid}
    if isinstance(entry, LoadFileEntry):
        applications = {application.aid for application in registry.applications_of(entry.aid)}
        if entry.built_in or (applications and not related):
            raise Refusal(SW_CONDITIONS_OF_USE)
        doomed |= applications
    return doomed
