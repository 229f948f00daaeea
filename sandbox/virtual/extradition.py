"""INSTALL [for extradition] and [for registry update]: who owns what, who may do what (GPCS 9.4, 11.5.2.3)."""

from dataclasses import replace
from typing import Final

from sandbox.virtual import authorisation
from sandbox.virtual.applet import Refusal
from sandbox.virtual.orders import Order
from sandbox.virtual.registry import Entry, LoadFileEntry, Privileges, Registry, SecurityDomain
from tsm.globalplatform import tlv
from tsm.globalplatform.status import SW_CONDITIONS_OF_USE, SW_REFERENCED_DATA_NOT_FOUND, SW_WRONG_DATA

TAG_SYSTEM_PARAMETERS: Final = 0xEF
TAG_RESTRICT: Final = 0xD9
DAP: Final = Privileges.DAP_VERIFICATION | Privileges.MANDATED_DAP_VERIFICATION


def extradite(registry: Registry, requester: SecurityDomain, order: Order) -> tuple[Registry, bytes]:
    """Return the registry with an entry under another security domain, and what the receipt names.

    Raises Refusal 6985 (a domain does not let it go, or does not accept it), 6A80, 6A88.
    """
    target, nothing, aid, privileges, _ = order.fields
    if nothing or privileges:
        raise Refusal(SW_WRONG_DATA)
    entry = _entry(registry, requester, aid)
    before = entry.domain or b""
    return _moved(registry, requester, entry, target), tlv.encode_fields(before, aid, target)


def update(registry: Registry, requester: SecurityDomain, order: Order) -> tuple[Registry, bytes]:
    """Return the registry with domain, privileges and restrictions of an entry changed, all or none; and the receipt's.

    Without an AID the restrictions are everybody's, and the issuer's to give. Restrictions are never taken back.
    Raises Refusal 6985, 6A80, 6A88.
    """
    target, nothing, aid, privileges, parameters = order.fields
    if nothing:
        raise Refusal(SW_WRONG_DATA)
    restrict = tlv.find(parameters, TAG_SYSTEM_PARAMETERS, TAG_RESTRICT)
    if restrict is not None and len(restrict.value) != 1:
        raise Refusal(SW_WRONG_DATA)
    restrictions = restrict.value[0] if restrict else 0
    if not aid:
        if target or privileges:
            raise Refusal(SW_WRONG_DATA)
        if requester.aid != registry.issuer:
            raise Refusal(SW_CONDITIONS_OF_USE)
        done = replace(registry, restrictions=registry.restrictions | restrictions)
        return done, tlv.encode_fields(b"", b"", b"", privileges, parameters)
    entry = registry.find(aid) if aid == requester.aid else _entry(registry, requester, aid)
    if entry is None:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    before = entry.domain or b""
    if target:
        registry = _moved(registry, requester, entry, target)
    if privileges:
        registry = _empowered(registry, entry, privileges)
    if restrictions:
        if not isinstance(entry, SecurityDomain):
            raise Refusal(SW_WRONG_DATA)
        registry = registry.with_changed(aid, restrictions=entry.restrictions | restrictions)
    return registry, tlv.encode_fields(before, aid, target, privileges, parameters)


def _entry(registry: Registry, requester: SecurityDomain, aid: bytes) -> Entry:
    entry = registry.find(aid)
    if entry is None or entry.domain is None or aid == requester.aid or not registry.is_within(entry, requester.aid):
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    return entry


def _moved(registry: Registry, requester: SecurityDomain, entry: Entry, target: bytes) -> Registry:
    to, away = registry.domain(target), registry.domain(entry.domain or b"")
    if to is None or away is None:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    authorisation.require_services(registry, to)
    is_file = isinstance(entry, LoadFileEntry)
    refused = (
        not authorisation.lets(registry, to, authorisation.ACCEPTS_EXTRADITION, entry)
        or (away.aid != requester.aid and not authorisation.lets(registry, away, authorisation.LETS_GO, entry))
        or (is_file and to.privileges & DAP)  # its signature was not seen when it was loaded
        or (isinstance(entry, LoadFileEntry) and entry.built_in)
        or registry.is_within(to, entry.aid)
    )
    if refused:
        raise Refusal(SW_CONDITIONS_OF_USE)
    return registry.with_changed(entry.aid, domain=to.aid)


def _empowered(registry: Registry, entry: Entry, field: bytes) -> Registry:
    if isinstance(entry, LoadFileEntry):
        raise Refusal(SW_WRONG_DATA)
    privileges = authorisation.parse_privileges(field)
    authorisation.require_grantable(privileges, security_domain=isinstance(entry, SecurityDomain))
    return registry.with_privileges(entry.aid, privileges)
