"""Receipts: what the element signs to have done by delegated management (GPCS 11.1.6, C.5)."""

from typing import Final

from sandbox.virtual import signatures
from sandbox.virtual.applet import Refusal
from sandbox.virtual.authorisation import TAG_CIN, TAG_IIN, TAG_TOKEN_NUMBER
from sandbox.virtual.make import Identity
from sandbox.virtual.orders import Order
from sandbox.virtual.registry import Privileges, Registry, SecurityDomain
from tsm.globalplatform import tlv
from tsm.globalplatform.status import SW_CONDITIONS_OF_USE

RECEIPT_KEY: Final = (0x71, 0x01)  # version and identifier (GPC_GUI_010)
NO_RECEIPT: Final = b"\x00"
LAST_COUNT: Final = 0xFFFF


def confirmation(
    registry: Registry, requester: SecurityDomain, order: Order, done: bytes, *, identity: Identity
) -> tuple[Registry, bytes]:
    """Return the registry with the receipt counted, and the confirmation: length, receipt, confirmation data.

    `done` names what was done, in the fields that each kind of receipt signs. Without a receipt key above the
    requester there is none, which is the single byte 00. Raises Refusal 6985 when the counter has ended.
    """
    giver = registry.holder_of(Privileges.RECEIPT_GENERATION, requester)
    key = giver.keys.get(RECEIPT_KEY) if giver else None
    if giver is None or key is None:
        return registry, NO_RECEIPT
    if giver.receipts == LAST_COUNT:
        raise Refusal(SW_CONDITIONS_OF_USE)
    count = giver.receipts + 1
    unique = giver.objects.get(TAG_IIN, identity.iin) + giver.objects.get(TAG_CIN, identity.cin)
    number = tlv.find(order.control, TAG_TOKEN_NUMBER)
    data = tlv.encode_fields(count.to_bytes(2, "big"), unique, *((number.value,) if number else ()))
    receipt = signatures.signed(key, data + done)
    answer = tlv.encode_fields(tlv.encode_fields(receipt) + data)
    return registry.with_changed(giver.aid, receipts=count), answer
