"""Who may manage content on the element, and with whose token (GPCS 9.1.3, 9.2, C.4).

Three ways: Authorized Management needs no token and gets no receipt; Delegated Management needs a token, made by the
issuer, for every order; without either nothing is managed. What this element cannot honour is refused, not passed over.
"""

from typing import Final

from sandbox.virtual import signatures
from sandbox.virtual.applet import Refusal
from sandbox.virtual.make import Identity, Policy
from sandbox.virtual.orders import Order
from sandbox.virtual.registry import PERSONALIZED, Entry, LoadFileEntry, Privileges, Registry, SecurityDomain, is_locked
from tsm.globalplatform import tlv
from tsm.globalplatform.status import SW_CONDITIONS_OF_USE, SW_SECURITY_STATUS, SW_WRONG_DATA

TOKEN_KEY: Final = (0x70, 0x01)  # version and identifier (GPC_GUI_010)
# Tags of the control reference template B6 (GPCS table 11-50).
TAG_IIN: Final = 0x42
TAG_CIN: Final = 0x45
TAG_TOKEN_NUMBER: Final = 0x93

# Tags of a security domain's installation parameters: what it lets happen (UICC configuration, table 9-1).
ACCEPTS_EXTRADITION: Final = 0x82
ACCEPTS_DELETION: Final = 0x83
LETS_GO: Final = 0x87

# Privileges that this element can honour; any other is refused at INSTALL (6A80).
DOMAIN_PRIVILEGES: Final = (
    Privileges.SECURITY_DOMAIN
    | Privileges.DAP_VERIFICATION
    | Privileges.MANDATED_DAP_VERIFICATION
    | Privileges.DELEGATED_MANAGEMENT
    | Privileges.AUTHORIZED_MANAGEMENT
    | Privileges.CARD_LOCK
    | Privileges.CARD_TERMINATE
    | Privileges.CARD_RESET
    | Privileges.TRUSTED_PATH
    | Privileges.TOKEN_VERIFICATION
    | Privileges.GLOBAL_DELETE
    | Privileges.GLOBAL_LOCK
    | Privileges.GLOBAL_REGISTRY
    | Privileges.FINAL_APPLICATION
    | Privileges.RECEIPT_GENERATION
)
APPLICATION_PRIVILEGES: Final = Privileges.CARD_RESET
# Pairs that no security domain has together (GPCS 6.6.1).
EXCLUSIVE: Final = tuple(
    Privileges.DELEGATED_MANAGEMENT | other
    for other in (Privileges.AUTHORIZED_MANAGEMENT, Privileges.TOKEN_VERIFICATION, Privileges.RECEIPT_GENERATION)
)


def authorise(
    registry: Registry, requester: SecurityDomain, order: Order, *, identity: Identity, policy: Policy
) -> tuple[Registry, bool]:
    """Return the registry, and whether the order was delegated: then a receipt is due.

    Raises Refusal 6985 (may not manage content, restricted, no token key, token bound to another element or used),
    6982 (token missing or wrong), 6A80 (a token that nobody needs).
    """
    require_manager(registry, requester, order.right)
    if requester.privileges & Privileges.AUTHORIZED_MANAGEMENT:
        if order.token:
            raise Refusal(SW_WRONG_DATA)
        return registry, False
    if not order.token:
        raise Refusal(SW_SECURITY_STATUS)
    verifier = registry.holder_of(Privileges.TOKEN_VERIFICATION, requester)
    key = verifier.keys.get(TOKEN_KEY) if verifier else None
    if verifier is None or key is None:
        raise Refusal(SW_CONDITIONS_OF_USE)
    if not signatures.verifies(key, order.signed, order.token):
        raise Refusal(SW_SECURITY_STATUS)
    return _redeemed(registry, verifier, order, identity=identity, policy=policy), True


def require_manager(registry: Registry, requester: SecurityDomain, right: int) -> None:
    """Refuse (6985) a domain that manages no content, with or without tokens, or no longer."""
    require_services(registry, requester)
    require_right(registry, requester, right)
    if not requester.privileges & (Privileges.AUTHORIZED_MANAGEMENT | Privileges.DELEGATED_MANAGEMENT):
        raise Refusal(SW_CONDITIONS_OF_USE)


def require_right(registry: Registry, requester: SecurityDomain, right: int) -> None:
    """Refuse (6985) what a registry update has taken away from this domain, or from all."""
    if (registry.restrictions | requester.restrictions) & right:
        raise Refusal(SW_CONDITIONS_OF_USE)


def require_services(registry: Registry, domain: SecurityDomain) -> None:
    """Refuse (6985) a domain that can own nothing: locked, or supplementary and not yet personalised (GPCS 5.3.2)."""
    if not has_services(registry, domain):
        raise Refusal(SW_CONDITIONS_OF_USE)


def has_services(registry: Registry, domain: SecurityDomain) -> bool:
    """Tell whether a domain can own and check anything."""
    return not is_locked(domain) and (domain.aid == registry.issuer or domain.life_cycle == PERSONALIZED)


def lets(registry: Registry, domain: SecurityDomain, tag: int, entry: Entry) -> bool:
    """Tell whether a domain's installation parameters let this happen to an entry; the issuer's lets everything.

    This element reads a parameter as one byte for applications and a second one for load files, not zero meaning yes.
    """
    if domain.aid == registry.issuer:
        return True
    found = tlv.find(domain.parameters, tag)
    if found is None or not found.value:
        return False
    return bool(found.value[-1 if isinstance(entry, LoadFileEntry) else 0])


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
    fits = bool(privileges & Privileges.SECURITY_DOMAIN) == security_domain
    if not fits or privileges & ~allowed or any(privileges & pair == pair for pair in EXCLUSIVE):
        raise Refusal(SW_WRONG_DATA)


def _redeemed(
    registry: Registry, verifier: SecurityDomain, order: Order, *, identity: Identity, policy: Policy
) -> Registry:
    bound = {item.tag: item.value for item in tlv.parse(order.control)}
    expected = {TAG_IIN: identity.iin, TAG_CIN: identity.cin} | dict(verifier.objects)
    for tag in (TAG_IIN, TAG_CIN):
        if bound.get(tag, expected[tag]) != expected[tag]:
            raise Refusal(SW_CONDITIONS_OF_USE)
    if not policy.single_use_tokens:
        return registry
    # Nothing in a token binds it to one element or one time, unless its control reference template does.
    number = int.from_bytes(bound.get(TAG_TOKEN_NUMBER, b""), "big")
    if not bound.keys() >= {TAG_IIN, TAG_CIN} or number <= verifier.token_number:
        raise Refusal(SW_CONDITIONS_OF_USE)
    return registry.with_changed(verifier.aid, token_number=number)
