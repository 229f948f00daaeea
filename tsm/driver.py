"""What a worker does next for an element: have a report checked, decide, lay the next leg ready.

One element, one worker, one open conversation. Every step ends in the database; a worker that dies between two of them
leaves a state from which the next one goes on.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction
from django.db.models import F

from ca import issuance, messages
from ca.models import Certificate, Issuance
from ca.profiles import Medium, Purpose
from tsm import conversation as conversations
from tsm import enrolment as enrolments
from tsm import lease, plans, reports, services, store
from tsm.enrolment import State
from tsm.errors import TsmError
from tsm.findings import Findings
from tsm.jpki import Key
from tsm.models import Conversation, Enrolment, Leg, SecureElement, ServiceOrder
from tsm.plans import Plan, Standing

logger = logging.getLogger(__name__)

Function = ServiceOrder.Function
ANSWERS_WRONG = reports.ANSWERS_WRONG
PURPOSES = {Key.SIGNATURE: Purpose.SIGNATURE, Key.AUTHENTICATION: Purpose.USER_AUTHENTICATION}


def advance(element_id: int) -> bool:
    """Do all that can be done now for this element. False when another worker is at it."""
    with lease.held(element_id, seconds=settings.TSM_LEASE_SECONDS) as mine:
        if not mine:
            return False
        element = SecureElement.objects.select_related("phone__realm").get(pk=element_id)
        while _step(element):
            phone, element = element.phone, SecureElement.objects.get(pk=element_id)
            element.phone = phone
    # Outside the lease: the phone may answer before the push returns.
    leg = conversations.open_leg(element_id)
    if leg is not None:
        conversations.wake_phone(leg.conversation)
    return True


@dataclass(frozen=True)
class Job:
    """What an element is wanted for: whose work, by which order where there is one, and what does the next of it."""

    enrolment: Enrolment
    work: "Work"
    order: ServiceOrder | None = None


Work = Callable[[SecureElement, Job, Conversation | None], bool]


def _step(element: SecureElement) -> bool:
    """Do one thing; True when there may be another."""
    leg = conversations.open_leg(element.pk)
    if leg is not None and leg.state == Leg.State.REPORTED:
        reports.settle(element, leg)
        return True
    if leg is not None:
        return False
    conversation = conversations.of(element)
    job = _job(element)
    if job is None:
        if conversation is not None:
            conversations.close(conversation)
        return False
    if conversation is not None and conversation.failures >= settings.TSM_FAILURES:
        _stand_still(conversation, job.enrolment)
        return False
    return job.work(element, job, conversation)


def _job(element: SecureElement) -> Job | None:
    """Return what is next: keys that are on their way, what must leave the element, what comes, what is ordered."""
    leaving = element.occupant is not None and element.occupant.state in enrolments.LEAVING
    turning = services.turning(element, leaving=leaving)
    newest = Enrolment.objects.filter(element=element).last() if turning else None
    if newest is not None:
        return Job(newest, _ROTATIONS[turning], services.standing(element, services.ROTATES[turning]))
    if leaving and element.occupant is not None:
        return Job(element.occupant, _delete)
    working = Enrolment.objects.filter(element=element, state__in=enrolments.WORKING).first()
    if working is not None:
        return Job(working, _WORK[State(working.state)])
    order = services.next_order(element)
    return Job(order.enrolment, _ORDERS[order.function], order) if order is not None else None


# --- one function a state -------------------------------------------------------------------------------


def _prepare(element: SecureElement, job: Job, conversation: Conversation | None) -> bool:
    enrolment = job.enrolment
    unknown = _ask_first(element, job, conversation)
    if unknown is not None:
        return unknown
    found = Findings.from_json(conversation.findings) if conversation and conversation.findings else Findings()
    plan = plans.prepare(
        found,
        _standing(element),
        challenge=bytes(enrolment.challenge),
        load_file=store.to_load().version,
        random=secrets.token_bytes,
    )
    smaller = conversation is not None and conversation.failures > 0
    if smaller:
        plan = plans.first_part(plan)
    with transaction.atomic():
        # Ours only while nobody has given it up; from here on there may be something of it on the element.
        if not Enrolment.objects.filter(pk=enrolment.pk, state=State.VERIFIED).update(trouble=F("trouble")):
            return True
        SecureElement.objects.filter(pk=element.pk).update(occupant=enrolment)
        if plan.kind == "part":
            enrolments.note(enrolment, "smaller_leg", section=plan.entries[0].name)
        _offer(element, job, plan)
    return True


def _certify(element: SecureElement, job: Job, conversation: Conversation | None) -> bool:
    """Ask a CA worker for both certificates; go on when both are there."""
    enrolment = job.enrolment
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


def _install(element: SecureElement, job: Job, conversation: Conversation | None) -> bool:
    if element.domain_counter is None:
        return _survey(element, job)
    if conversation is not None and conversation.findings is not None and not conversation.findings["applet"]:
        enrolments.abandon(job.enrolment, trouble="element_content_missing")
        return True
    pair = _pair(job.enrolment)
    plan = plans.install(
        {key: bytes(certificate.der) for key, certificate in pair.items()},
        # The one that signed, which a ceremony since then may have made the one before.
        {key: bytes(certificate.generation.certificate) for key, certificate in pair.items()},
        _standing(element),
        random=secrets.token_bytes,
    )
    _offer(element, job, plan)
    return True


def _keyed_later(element: SecureElement, job: Job, conversation: Conversation | None) -> bool:
    raise TsmError("prepared and keyed are one leg: nothing waits in between")


def _planned(plan: Callable[[SecureElement, Standing], Plan]) -> Work:
    """Return the work that lays one leg ready as soon as the counters are known."""

    def work(element: SecureElement, job: Job, conversation: Conversation | None) -> bool:
        if element.isd_counter is None or element.domain_counter is None:
            return _survey(element, job)
        _offer(element, job, plan(element, _standing(element)))
        return True

    return work


def _rotate(role: str) -> Work:
    def work(element: SecureElement, job: Job, conversation: Conversation | None) -> bool:
        if element.isd_counter is None or element.domain_counter is None:
            return _survey(element, job)
        findings = conversation.findings if conversation is not None else None
        added = findings is not None and role in Findings.from_json(findings).rotated
        # Known before it is put: whatever happens to the report, it is known which keys to try.
        services.expect_next_keys(element, role)
        _offer(element, job, plans.rotate(role, _standing(element), added=added, random=secrets.token_bytes))
        return True

    return work


_delete = _planned(lambda element, at: plans.delete(at, random=secrets.token_bytes))
_ROTATIONS: Mapping[str, Work] = {role: _rotate(role) for role in services.ROTATES}
_WORK: Mapping[State, Work] = {
    State.VERIFIED: _prepare,
    State.PREPARED: _keyed_later,
    State.KEYED: _certify,
    State.CERTIFIED: _install,
}
_ORDERS: Mapping[str, Work] = {
    Function.SUSPEND: _planned(lambda element, at: plans.lock("suspend", at, random=secrets.token_bytes)),
    Function.RESUME: _planned(lambda element, at: plans.lock("resume", at, random=secrets.token_bytes)),
    Function.UNBLOCK_SIGNATURE: _planned(
        lambda element, at: plans.unblock(Key.SIGNATURE, at, random=secrets.token_bytes)
    ),
    Function.UNBLOCK_AUTHENTICATION: _planned(
        lambda element, at: plans.unblock(Key.AUTHENTICATION, at, random=secrets.token_bytes)
    ),
    Function.CHECK_IN: _planned(lambda element, at: plans.registry(at, secrets.token_bytes)),
    **{function: _ROTATIONS[role] for role, function in services.ROTATES.items()},
}


def _ask_first(element: SecureElement, job: Job, conversation: Conversation | None) -> bool | None:
    """Lay a question ready where something isn't known: counters first, then the registry. None: all is known."""
    if element.isd_counter is None:
        return _survey(element, job)
    if conversation is not None and conversation.findings is not None and not conversation.findings["confirmed"]:
        _offer(element, job, plans.registry(_standing(element), secrets.token_bytes))
        return True
    return None


def _survey(element: SecureElement, job: Job) -> bool:
    enrolments.note(job.enrolment, "counters_unknown")
    _offer(element, job, plans.survey(services.probes(element)))
    return True


def _standing(element: SecureElement) -> Standing:
    return Standing(
        element.isd_counter or 0, element.domain_counter or 0, element.isd_generation, element.domain_generation
    )


def _offer(element: SecureElement, job: Job, plan: Plan) -> None:
    plan = replace(plan, before={"issuer": element.isd_counter, "provider": element.domain_counter})
    commands = plans.render(plan, bytes(element.iin) + bytes(element.cin))
    with transaction.atomic():
        told = plans.described(plan, bytes(element.iin) + bytes(element.cin))
        conversations.offer(element, job.enrolment, plan, commands, told, job.order)
        apdus = [apdu for section in commands for apdu in section]
        enrolments.note(
            job.enrolment, "order", leg=plan.kind, commands=len(apdus), bytes=sum(len(apdu) // 2 for apdu in apdus)
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
