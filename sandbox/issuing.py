"""Issuing: a citizen's way to certificates in a phone, in one call or step by step.

The citizen's part is done by hand and by APDU (`sandbox.hands`): the card signs the application, the phone's passwords
are set in its element, both new keys sign. Everything else is the TSM's and the authorities', as ever: workers do it,
and the enrolment's own row says how far it is. `sandbox.pace` keeps a phone from going further than was wished.
"""

import json
import uuid
from dataclasses import asdict

from celery import shared_task
from django.db import transaction
from django.db.models import QuerySet

from ca import messages
from ca.errors import CaError
from ca.models import Realm
from ca.profiles import Purpose
from sandbox import cards, citizens, hands, pace, phones, sealing, trace
from sandbox.errors import CardUnderWay, ChipCertificateMissing, EnrolmentFinished, PhoneGone, SandboxError
from sandbox.hands import PhonePasswords
from sandbox.models import Citizen, Issuing, VirtualPhone
from sandbox.pace import Until
from tsm import enrolment as enrolments
from tsm.errors import TsmError
from tsm.jpki import Key
from tsm.models import Enrolment
from tsm.purposes import PURPOSES
from tsm.transports.base import ReaderBusy

State = Enrolment.State
HANDS = "hands"  # who has the chip, as the trace says it


def enrol(
    row: VirtualPhone, citizen: Citizen, *, until: str = Until.ACTIVE, passwords: PhonePasswords | None = None
) -> Enrolment:
    """Apply for certificates in the phone with the citizen's card, and go on as far as `until`; return the enrolment.

    `passwords` are what the citizen will choose on the phone; without them, those of the card. A citizen who has a pair
    in another phone changes to this one. Raises what the card (`sandbox.hands`) and the TSM refuse, CardUnderWay.
    """
    if row.gone_at is not None:
        raise PhoneGone("this phone was thrown away")
    card = citizens.card_of(citizen)
    if card is None or not cards.is_certified(card):
        raise CardUnderWay("the citizen's card isn't certified yet")
    known = citizens.secrets_of(citizen)
    passwords = passwords or PhonePasswords(known.signature, known.user_authentication)
    text = enrolments.application_text(row.phone)
    try:
        with trace.about(phone=row.phone.reference, by=HANDS):
            signed = hands.sign_with_card(card, Key.SIGNATURE, known.signature, text.encode())
    except ChipCertificateMissing:
        if known.signature and not cards.is_ready(card):
            raise CardUnderWay("the certificates aren't in the citizen's card yet") from None
        raise
    with transaction.atomic():
        # In one transaction, so that no phone goes further than it should before it is known how far that is.
        made = enrolments.apply(row.phone, text=text, certificate=signed.certificate, signature=signed.signature)
        Issuing.objects.create(enrolment=made, until=until, sealed_passwords=_sealed(passwords))
    return made


def advance(enrolment: Enrolment, *, until: str) -> Issuing:
    """Let the enrolment go on as far as `until`. Raises EnrolmentFinished where there is nowhere to go."""
    wished = Issuing.objects.filter(enrolment=enrolment).first()
    if wished is None or enrolment.state not in enrolments.UNDER_WAY:
        raise EnrolmentFinished("this enrolment isn't under way, or a person's own hands are at it")
    wished.until, wished.failed, wished.failed_detail = until, "", ""
    wished.save(update_fields=["until", "failed", "failed_detail"])
    row = VirtualPhone.objects.select_related("phone__element").get(phone=enrolment.phone_id)
    phones.wake(row)
    messages.send("sandbox.go_on_issuing", str(row.phone.reference))
    return wished


def of(realm: Realm) -> QuerySet[Enrolment]:
    """Return the realm's enrolments, in the order in which they were applied for, driven by API or by hand."""
    rows = Enrolment.objects.filter(realm=realm).order_by("pk")
    return rows.select_related(
        "phone", "holder__citizen", "issuing", "replaces", "signature_certificate", "authentication_certificate"
    )


def find(realm: Realm, reference: uuid.UUID | str) -> Enrolment | None:
    """Return the realm's enrolment of that reference, or None."""
    return of(realm).filter(reference=reference).first()


def go_on(phone: uuid.UUID | str) -> None:
    """Do the citizen's next part for the phone's enrolment, if it is due. Safe to run again. Needs the seal key."""
    row = VirtualPhone.objects.select_related("phone__realm", "phone__element").filter(phone__reference=phone).first()
    wished = pace.of(row.phone) if row is not None else None
    if row is None or wished is None or wished.failed or wished.until != Until.ACTIVE:
        return
    found = enrolments.find(row.phone, wished.enrolment.reference)
    if found.state == State.INSTALLED:
        try:
            with trace.about(enrolment=found.reference, by=HANDS):
                _take_over(row, found, _unsealed(wished))
        except ReaderBusy:
            raise  # somebody else has the element for a moment: the task is tried again
        except (SandboxError, TsmError, CaError) as error:
            # Two may be woken for one part: whatever the second stumbled over, what the first did counts.
            standing = Issuing.objects.filter(pk=wished.pk, enrolment__state=State.INSTALLED)
            standing.update(failed=error.code, failed_detail=str(error)[:300])


def end(row: VirtualPhone, enrolment: Enrolment) -> None:
    """End the use of the phone, asked for by the phone's signature key. Raises what the chip and the TSM refuse."""
    found = enrolments.find(row.phone, enrolment.reference)
    text = enrolments.end_text(found)
    with trace.about(enrolment=found.reference, by=HANDS):
        signed = hands.sign_with_phone(row, Key.SIGNATURE, _known(row).signature, text.encode())
    enrolments.end(found, text=text, signature=signed.signature)


def sweep() -> int:
    """Go on with what a lost message left standing. Return how many were sent on."""
    waiting = Issuing.objects.filter(until=Until.ACTIVE, failed="", enrolment__state=State.INSTALLED)
    phones_waiting = waiting.values_list("enrolment__phone__reference", flat=True)
    return sum(messages.send("sandbox.go_on_issuing", str(one)) for one in phones_waiting)


def _take_over(row: VirtualPhone, enrolment: Enrolment, chosen: PhonePasswords) -> None:
    """Set both passwords, and prove both keys with them: that makes the pair valid."""
    hands.set_passwords(row, chosen)
    phones.remember(row, chosen)
    message = enrolments.activation_text(enrolment).encode()
    signatures: dict[Purpose, bytes] = {
        purpose: hands.sign_with_phone(row, key, chosen.of(key), message).signature for key, purpose in PURPOSES.items()
    }
    enrolments.activate(enrolment, signatures=signatures)


def _known(row: VirtualPhone) -> PhonePasswords:
    known = phones.passwords(row)
    return known if known is not None else PhonePasswords("", "")


def _sealed(passwords: PhonePasswords) -> bytes:
    return sealing.seal(json.dumps(asdict(passwords)).encode())


def _unsealed(wished: Issuing) -> PhonePasswords:
    return PhonePasswords(**json.loads(sealing.unseal(bytes(wished.sealed_passwords))))


@shared_task(name="sandbox.go_on_issuing", autoretry_for=(ReaderBusy,), retry_backoff=True, max_retries=5)
def go_on_task(phone: str) -> None:
    go_on(phone)


@shared_task(name="sandbox.sweep_issuing")
def sweep_task() -> int:
    return sweep()
