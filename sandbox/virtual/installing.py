"""INSTALL [for install], [for make selectable], both in one; applications and security domains (GPCS 9.3.6, 11.5)."""

from collections.abc import Mapping
from typing import Final

from sandbox.virtual import authorisation
from sandbox.virtual.applet import Applet, Random, Refusal
from sandbox.virtual.make import Policy
from sandbox.virtual.orders import Order
from sandbox.virtual.registry import (
    INSTALLED,
    SELECTABLE,
    Application,
    LoadFileEntry,
    Registry,
    SecurityDomain,
)
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.scp03.keys import PROTOCOL
from tsm.globalplatform.status import (
    SW_CONDITIONS_OF_USE,
    SW_NOT_ENOUGH_MEMORY,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_DATA,
)

TAG_APPLICATION_PARAMETERS: Final = 0xC9
TAG_SYSTEM_PARAMETERS: Final = 0xEF
TAG_NON_VOLATILE_QUOTA: Final = 0xC8


def install(
    registry: Registry,
    requester: SecurityDomain,
    order: Order,
    *,
    natives: Mapping[bytes, type[Applet]],
    policy: Policy,
    random: Random,
) -> tuple[Registry, bytes]:
    """Return the registry with a new application or security domain, and what the receipt names.

    Raises Refusal 6985 (AID taken, domain not personalised), 6A80, 6A84, 6A88; TlvMalformed.
    """
    package_aid, module, instance, privilege_field, parameters = order.fields
    package = registry.find(package_aid)
    if not isinstance(package, LoadFileEntry) or module not in package.modules:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    instance = instance or module
    if not 5 <= len(instance) <= 16:
        raise Refusal(SW_WRONG_DATA)
    if registry.find(instance) is not None:
        raise Refusal(SW_CONDITIONS_OF_USE)
    objects = tlv.parse(parameters)
    own = tlv.find(objects, TAG_APPLICATION_PARAMETERS)
    if own is None:
        raise Refusal(SW_WRONG_DATA)
    quota = tlv.find(objects, TAG_SYSTEM_PARAMETERS, TAG_NON_VOLATILE_QUOTA)
    memory = int.from_bytes(quota.value, "big") if quota else 0
    if registry.memory_used() + memory > policy.memory:
        raise Refusal(SW_NOT_ENOUGH_MEMORY)
    privileges = authorisation.parse_privileges(privilege_field)
    is_domain = package_aid == commands.SECURITY_DOMAIN_PACKAGE_AID
    authorisation.require_grantable(privileges, security_domain=is_domain)
    life_cycle = SELECTABLE if order.p1 & commands.INSTALL_FOR_MAKE_SELECTABLE else INSTALLED
    done = tlv.encode_fields(package_aid, instance)
    if is_domain:
        # A new security domain stands under the one that makes it, not under the load file's.
        _require_protocol(own.value, policy)
        made = SecurityDomain(instance, life_cycle, privileges, requester.aid, parameters=own.value)
        return registry.with_entries(made).with_privileges(instance, privileges), done
    owner = registry.domain(package.domain)
    if owner is None or not registry.is_within(package, requester.aid):
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    authorisation.require_services(registry, owner)
    native = natives.get(package_aid)
    if native is None:
        raise Refusal(SW_WRONG_DATA)
    applet = _instance(native, instance, own.value, random)
    application = Application(instance, package_aid, module, life_cycle, privileges, owner.aid, memory, applet)
    return registry.with_entries(application).with_privileges(instance, privileges), done


def _instance(native: type[Applet], aid: bytes, parameters: bytes, random: Random) -> Applet:
    try:
        return native.install(instance_aid=aid, parameters=parameters, random=random)
    except Refusal:
        raise
    except Exception as error:  # the applet's install method is foreign code: GPCS 11.5.3.2 answers 6A80
        raise Refusal(SW_WRONG_DATA) from error


def _require_protocol(parameters: bytes, policy: Policy) -> None:
    wanted = [item.value for item in tlv.parse(parameters) if item.tag == 0x81]
    if wanted and bytes((PROTOCOL, policy.parameter_i)) not in wanted:
        raise Refusal(SW_WRONG_DATA)


def make_selectable(registry: Registry, requester: SecurityDomain, order: Order) -> tuple[Registry, bytes]:
    """Return the registry with an installed application or domain made selectable, and what the receipt names.

    Raises Refusal 6985, 6A80, 6A88.
    """
    package, module, instance, privilege_field, _ = order.fields
    entry = registry.find(instance)
    if package or module:
        raise Refusal(SW_WRONG_DATA)
    if entry is None or isinstance(entry, LoadFileEntry) or not registry.is_within(entry, requester.aid):
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    if entry.life_cycle != INSTALLED:
        raise Refusal(SW_CONDITIONS_OF_USE)
    asked = authorisation.parse_privileges(privilege_field)
    if asked & ~entry.privileges:
        raise Refusal(SW_WRONG_DATA)
    package = entry.package if isinstance(entry, Application) else commands.SECURITY_DOMAIN_PACKAGE_AID
    return registry.with_changed(instance, life_cycle=SELECTABLE), tlv.encode_fields(package, instance)
