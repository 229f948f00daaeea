"""DELETE of applications, security domains and load files (GPCS 9.5, 11.2)."""

from collections.abc import Collection

from sandbox.virtual import authorisation
from sandbox.virtual.applet import Refusal
from sandbox.virtual.orders import TAG_AID, Order
from sandbox.virtual.registry import Entry, LoadFileEntry, Privileges, Registry, SecurityDomain
from tsm.globalplatform import tlv
from tsm.globalplatform.status import SW_CONDITIONS_OF_USE, SW_REFERENCED_DATA_NOT_FOUND


def names_content(data: bytes) -> bool:
    """Tell whether the data of DELETE names an AID rather than a key."""
    return data[:1] == bytes((TAG_AID,))


def delete(
    registry: Registry, requester: SecurityDomain, order: Order, *, related: bool, selected: Collection[bytes]
) -> tuple[Registry, bytes]:
    """Return the registry without the named entry, and what the receipt names; `related`: with its applications.

    `selected` are the AIDs selected on any channel. A security domain's keys go with it. Raises Refusal 6985 (in use,
    not empty, not let go by the domain that holds it), 6A88.
    """
    (aid,) = order.fields
    entry = registry.find(aid)
    everywhere = bool(requester.privileges & Privileges.GLOBAL_DELETE)
    if entry is None or not (everywhere or registry.is_within(entry, requester.aid)):
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    holder = registry.domain(entry.domain or b"")
    own = everywhere or holder is None or holder.aid == requester.aid
    # GPCS 9.5: what belongs to a domain below goes with that domain's acceptance.
    if not own and holder and not authorisation.lets(registry, holder, authorisation.ACCEPTS_DELETION, entry):
        raise Refusal(SW_CONDITIONS_OF_USE)
    doomed = _doomed(registry, entry, related=related)
    if not doomed.isdisjoint(selected):
        raise Refusal(SW_CONDITIONS_OF_USE)
    return registry.without(*doomed), tlv.encode_fields(aid)


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
