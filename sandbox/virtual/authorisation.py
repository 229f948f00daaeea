"""Who may manage content on the element (GPCS 9.1.3, 9.2).

Delegated management with tokens finds its place here; until then only Authorized Management is honoured, and what
nothing checks yet is refused rather than passed over.
"""

from typing import Final

from sandbox.virtual.applet import Refusal
from sandbox.virtual.registry import PERSONALIZED, Privileges, Registry, SecurityDomain, is_locked
from tsm.globalplatform.status import SW_CONDITIONS_OF_USE, SW_WRONG_DATA

# Privileges that this element can honour; any other is refused at INSTALL (6A80).
DOMAIN_PRIVILEGES: Final = (
    Privileges.SECURITY_DOMAIN
    | Privileges.DELEGATED_MANAGEMENT
    | Privileges.AUTHORIZED_MANAGEMENT
    | Privileges.TRUSTED_PATH
)
APPLICATION_PRIVILEGES: Final = Privileges.NONE


def require_content_management(registry: Registry, requester: SecurityDomain, token: bytes) -> None:
    """Refuse (6985) a domain that may not load, install or delete; a token that nobody needs is refused too (6A80)."""
    require_services(registry, requester)
    if not requester.privileges & Privileges.AUTHORIZED_MANAGEMENT:
        raise Refusal(SW_CONDITIONS_OF_USE)
    if token:
        raise Refusal(SW_WRONG_DATA)


def require_services(registry: Registry, domain: SecurityDomain) -> None:
    """Refuse (6985) a domain that can own nothing: locked, or supplementary and not yet personalised (GPCS 5.3.2)."""
    if is_locked(domain) or (domain.aid != registry.issuer and domain.life_cycle != PERSONALIZED):
        raise Refusal(SW_CONDITIONS_OF_USE)


def parse_privileges(field: bytes) -> Privileges:
    """Return the privileges of an INSTALL field of no, one or three bytes (GPCS 11.1.2); raises Refusal 6A80.

    One byte: a security domain gets Trusted Path besides.
    """
    if len(field) not in (0, 1, 3):
        raise Refusal(SW_WRONG_DATA)
    privileges = Privileges(int.from_bytes(field.ljust(3, b"\x00"), "big"))
    if len(field) == 1 and privileges & Privileges.SECURITY_DOMAIN:
        privileges |= Privileges.TRUSTED_PATH
    return privileges


def require_grantable(privileges: Privileges, *, security_domain: bool) -> None:
    """Refuse (6A80) privileges that exclude each other, do not fit, or cannot be honoured."""
    allowed = DOMAIN_PRIVILEGES if security_domain else APPLICATION_PRIVILEGES
    both = Privileges.AUTHORIZED_MANAGEMENT | Privileges.DELEGATED_MANAGEMENT
    fits = bool(privileges & Privileges.SECURITY_DOMAIN) == security_domain
    if not fits or privileges & ~allowed or privileges & both == both:
        raise Refusal(SW_WRONG_DATA)
