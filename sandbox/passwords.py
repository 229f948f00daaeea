"""The passwords in a workspace's phones: how they stand in the element; blocked, and unblocked by the holder."""

from dataclasses import dataclass, replace

from sandbox import cards, citizens, hands, phones
from sandbox.errors import CardUnderWay, ChipPasswordBlocked, ChipPasswordWrong
from sandbox.hands import PhonePasswords
from sandbox.models import VirtualPhone
from tsm import enrolment as enrolments
from tsm import services
from tsm.enrolment.proofs import UNBLOCKS
from tsm.errors import WrongState
from tsm.jpki import Key, PasswordState
from tsm.models import Enrolment, ServiceOrder

# As many as no chip lets pass, of the form that each password has.
WRONG = {Key.SIGNATURE: "WRONG0WRONG0", Key.AUTHENTICATION: "0000"}
OTHER = {Key.SIGNATURE: "WRONG1WRONG1", Key.AUTHENTICATION: "9999"}


@dataclass(frozen=True)
class Standing:
    """How one password stands, as the element says it without any: not_set, set or blocked, and the tries left."""

    state: str
    tries_left: int


def standing(row: VirtualPhone) -> dict[Key, Standing]:
    """Ask the phone's element. Raises WrongState where it has no applet."""
    _active(row)
    found = hands.status(row)
    return {key: Standing(found.passwords[key].name.lower(), found.tries_left[key]) for key in Key}


def block(row: VirtualPhone, key: Key) -> None:
    """Type wrong passwords on the phone until the key's is blocked. Raises WrongState."""
    _active(row)
    known = phones.passwords(row)
    wrong = OTHER[key] if known is not None and known.of(key) == WRONG[key] else WRONG[key]
    for _ in range(key.tries):
        try:
            hands.log_in(row, key, wrong)
        except ChipPasswordWrong:
            continue
        except ChipPasswordBlocked:
            return


def unblock(row: VirtualPhone, key: Key, chosen: str) -> bool:
    """Go on with having a key's password unblocked and setting it anew; tell whether it is set.

    The first call applies for it, as its holder: by the card's signature for the signature password, by the phone's for
    the PIN. When the TSM has returned it to "not set", the next call sets it. Raises what chips and the TSM refuse.
    """
    enrolment = _active(row)
    if hands.status(row).passwords[key] is PasswordState.NOT_SET:
        hands.set_password(row, key, chosen)
        phones.remember(row, _with(phones.passwords(row) or PhonePasswords("", ""), key, chosen))
        return True
    asked = ServiceOrder.objects.filter(enrolment=enrolment, function=UNBLOCKS[key], state=ServiceOrder.State.OPEN)
    if not asked.exists():
        _apply(row, enrolment, key)
    return False


def _apply(row: VirtualPhone, enrolment: Enrolment, key: Key) -> None:
    text = services.unblock_text(enrolment, key)
    if key is Key.AUTHENTICATION:
        known = phones.passwords(row) or PhonePasswords("", "")
        signed = hands.sign_with_phone(row, Key.SIGNATURE, known.signature, text.encode())
        services.unblock_by_holder(enrolment, key, text=text, signature=signed.signature)
        return
    citizen = citizens.of_phone(row)
    card = citizens.card_of(citizen) if citizen is not None else None
    if citizen is None or card is None or not cards.is_ready(card):
        raise CardUnderWay("the holder's card isn't ready")
    signed = hands.sign_with_card(card, Key.SIGNATURE, citizens.secrets_of(citizen).signature, text.encode())
    services.unblock_by_holder(enrolment, key, text=text, signature=signed.signature, certificate=signed.certificate)


def _with(known: PhonePasswords, key: Key, chosen: str) -> PhonePasswords:
    return replace(known, signature=chosen) if key is Key.SIGNATURE else replace(known, user_authentication=chosen)


def _active(row: VirtualPhone) -> Enrolment:
    """Return the phone's enrolment in use. Raises WrongState."""
    found = enrolments.current(row.phone)
    if found is None or found.state != Enrolment.State.ACTIVE:
        raise WrongState("the phone has no certificates in use", state=found.state if found is not None else None)
    return enrolments.find(row.phone, found.reference)
