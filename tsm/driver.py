"""What a worker does next for an element: have a report checked, decide, lay the next leg ready.

One element, one worker, one open conversation. Every step ends in the database; a worker that dies between two of them
leaves a state from which the next one goes on.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.db.models import F

from ca import issuance, messages
from ca.models import Certificate, Issuance
from ca.profiles import Medium, Purpose
from tsm import conversation as conversations
from tsm import enrolment as enrolments
from tsm import lease, reports, scripts
from tsm.enrolment import State
from tsm.errors import TsmError
from tsm.jpki import Key
from tsm.models import Conversation, Enrolment, Leg, SecureElement
from tsm.scripts import Findings, Plan

logger = logging.getLogger(__name__)

ANSWERS_WRONG = reports.ANSWERS_WRONG
PURPOSES = {Key.SIGNATURE: Purpose.SIGNATURE, Key.AUTHENTICATION: Purpose.USER_AUTHENTICATION}


def advance(element_id: int) -> bool:
    """Do all that can be done now for this element. False when another worker is at it."""
    element = SecureElement.objects.select_related("phone__realm").get(pk=element_id)
    with lease.held(element_id, seconds=settings.TSM_LEASE_SECONDS) as mine:
        if not mine:
            return False
        while _step(SecureElement.objects.select_related("phone__realm").get(pk=element_id)):
            pass
    # Outside the lease: the phone may answer before the push returns.
    _wake(element)
    return True


def _step(element: SecureElement) -> bool:
    """Do one thing; True when there may be another."""
    conversation = conversations.of(element)
    leg = conversations.open_leg(conversation) if conversation is not None else None
    if leg is not None and leg.state == Leg.State.REPORTED:
        reports.settle(element, leg)
        return True
    if leg is not None:
        return False
    enrolment = _work(element)
    if enrolment is None:
        if conversation is not None:
            conversations.close(conversation)
        return False
    if conversation is not None and conversation.failures >= settings.TSM_FAILURES:
        _stand_still(conversation, enrolment)
        return False
    return _WORK[State(enrolment.state)](element, enrolment, conversation)


def _wake(element: SecureElement) -> None:
    conversation = conversations.of(element)
    if conversation is not None and conversations.open_leg(conversation) is not None:
        conversations.wake_phone(conversation)


def _work(element: SecureElement) -> Enrolment | None:
    """Return whose work is next: first what must leave the element, then what is to be put there."""
    if element.occupant is not None and element.occupant.state in enrolments.LEAVING:
        return element.occupant
    return Enrolment.objects.filter(element=element, state__in=enrolments.WORKING).first()


# --- one function a state -------------------------------------------------------------------------------


def _prepare(element: SecureElement, enrolment: Enrolment, conversation: Conversation | None) -> bool:
    unknown = _ask_first(element, enrolment, conversation)
    if unknown is not None:
        return unknown
    assert element.isd_counter is not None  # noqa: S101  (_ask_first saw to it)
    found = Findings.from_json(conversation.findings) if conversation and conversation.findings else Findings()
    plan = scripts.prepare(
        found,
        issuer_counter=element.isd_counter,
        domain_counter=element.domain_counter or 0,
        challenge=bytes(enrolment.challenge),
        random=secrets.token_bytes,
    )
    with transaction.atomic():
        # Ours only while nobody has given it up; from here on there may be something of it on the element.
        if not Enrolment.objects.filter(pk=enrolment.pk, state=State.VERIFIED).update(trouble=F("trouble")):
            return True
        SecureElement.objects.filter(pk=element.pk).update(occupant=enrolment)
        _offer(element, enrolment, plan)
    return True


def _certify(element: SecureElement, enrolment: Enrolment, conversation: Conversation | None) -> bool:
    """Ask a CA worker for both certificates; go on when both are there."""
    public_keys = {Key.SIGNATURE: enrolment.signature_key, Key.AUTHENTICATION: enrolment.authentication_key}
    cards = {
        Key.SIGNATURE: enrolment.card_signature_certificate,
        Key.AUTHENTICATION: enrolment.card_authentication_certificate,
    }
    asked: dict[Key, Issuance] = {}
    new = False
    for key, purpose in PURPOSES.items():
        request_key = enrolments.request_key(enrolment, purpose)
        found = issuance.find(request_key)
        if found is None:
            public_key = public_keys[key]
            assert public_key is not None  # noqa: S101  (KEYED has both)
            new = True
            found = issuance.request(
                realm=enrolment.realm,
                purpose=purpose,
                medium=Medium.PHONE,
                holder=enrolment.holder,
                public_key=bytes(public_key),
                linked_to=cards[key],
                pending=True,
                request_key=request_key,
                continuation={"task": "tsm.advance", "args": [element.pk]},
            )
        asked[key] = found
    refused = [found for found in asked.values() if found.state == Issuance.State.REFUSED]
    if refused:
        enrolments.abandon(enrolment, trouble=refused[0].error_code or "issuance_refused")
        return True
    if any(found.state != Issuance.State.ISSUED for found in asked.values()):
        if new:
            enrolments.note(enrolment, "issuing")
            messages.send("ca.issue", [found.pk for found in asked.values()])
        return False
    with transaction.atomic():
        signature, authentication = asked[Key.SIGNATURE].certificate, asked[Key.AUTHENTICATION].certificate
        assert signature is not None  # noqa: S101  (ISSUED has one)
        assert authentication is not None  # noqa: S101
        if enrolments.move(
            enrolment, State.CERTIFIED, signature=signature.serial_number, authentication=authentication.serial_number
        ):
            Enrolment.objects.filter(pk=enrolment.pk).update(
                signature_certificate=signature, authentication_certificate=authentication
            )
    return True


def _install(element: SecureElement, enrolment: Enrolment, conversation: Conversation | None) -> bool:
    if element.domain_counter is None:
        return _survey(element, enrolment)
    if conversation is not None and conversation.findings is not None and not conversation.findings["applet"]:
        enrolments.abandon(enrolment, trouble="element_content_missing")
        return True
    pair = _pair(enrolment)
    plan = scripts.install(
        {key: bytes(certificate.der) for key, certificate in pair.items()},
        # The one that signed, which a ceremony since then may have made the one before.
        {key: bytes(certificate.generation.certificate) for key, certificate in pair.items()},
        domain_counter=element.domain_counter,
        random=secrets.token_bytes,
    )
    _offer(element, enrolment, plan)
    return True


def _delete(element: SecureElement, enrolment: Enrolment, conversation: Conversation | None) -> bool:
    if element.isd_counter is None:
        return _survey(element, enrolment)
    _offer(element, enrolment, scripts.delete(issuer_counter=element.isd_counter, random=secrets.token_bytes))
    return True


def _keyed_later(element: SecureElement, enrolment: Enrolment, conversation: Conversation | None) -> bool:
    raise TsmError("prepared and keyed are one leg: nothing waits in between")


_WORK: dict[State, Callable[[SecureElement, Enrolment, Conversation | None], bool]] = {
    State.VERIFIED: _prepare,
    State.PREPARED: _keyed_later,
    State.KEYED: _certify,
    State.CERTIFIED: _install,
    State.ENDED: _delete,
    State.ABANDONED: _delete,
}


def _ask_first(element: SecureElement, enrolment: Enrolment, conversation: Conversation | None) -> bool | None:
    """Lay a question ready where something isn't known: counters first, then the registry. None: all is known."""
    if element.isd_counter is None:
        return _survey(element, enrolment)
    if conversation is not None and conversation.findings is not None and not conversation.findings["confirmed"]:
        _offer(element, enrolment, scripts.registry(element.isd_counter, secrets.token_bytes))
        return True
    return None


def _survey(element: SecureElement, enrolment: Enrolment) -> bool:
    _offer(element, enrolment, scripts.survey())
    return True


def _offer(element: SecureElement, enrolment: Enrolment, plan: Plan) -> None:
    plan = replace(plan, before={"issuer": element.isd_counter, "provider": element.domain_counter})
    commands = scripts.render(plan, bytes(element.iin) + bytes(element.cin))
    with transaction.atomic():
        conversations.offer(element, enrolment, plan, commands)
        apdus = [apdu for section in commands for apdu in section]
        enrolments.note(
            enrolment, "order", leg=plan.kind, commands=len(apdus), bytes=sum(len(apdu) // 2 for apdu in apdus)
        )


def _stand_still(conversation: Conversation, enrolment: Enrolment) -> None:
    """Stop trying for now: the sweep begins a new conversation later, and the policy's time gives up."""
    with transaction.atomic():
        conversations.close(conversation)
        Enrolment.objects.filter(pk=enrolment.pk, state__in=enrolments.WORKING).update(trouble=ANSWERS_WRONG)
        enrolments.note(enrolment, "trouble", code=ANSWERS_WRONG)


def _pair(enrolment: Enrolment) -> dict[Key, Certificate]:
    signature, authentication = enrolment.signature_certificate, enrolment.authentication_certificate
    assert signature is not None  # noqa: S101  (CERTIFIED has both)
    assert authentication is not None  # noqa: S101
    return {Key.SIGNATURE: signature, Key.AUTHENTICATION: authentication}
