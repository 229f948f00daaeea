"""The works at an element, one function a state or an order: each asks first, lays a leg ready, or moves on."""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import F

from ca import issuance, messages
from ca.models import Certificate, Issuance
from ca.profiles import Medium
from tsm import conversation as conversations
from tsm import enrolment as enrolments
from tsm import plans, rows, services, store
from tsm.enrolment import State
from tsm.errors import ApplicationRefused, TsmError
from tsm.findings import Findings
from tsm.jpki import Key
from tsm.models import Enrolment, SecureElement, ServiceOrder
from tsm.plans import Plan, Standing
from tsm.purposes import PURPOSES
from tsm.scene import Scene

logger = logging.getLogger(__name__)

Function = ServiceOrder.Function


@dataclass(frozen=True)
class Job:
    """What an element is wanted for: whose work, by which order where there is one, and what does the next of it."""

    enrolment: Enrolment
    work: "Work"
    order: ServiceOrder | None = None


# Whether there may be more to do.
Work = Callable[[Scene, Job], bool]


def _prepare(scene: Scene, job: Job) -> bool:
    element, conversation, enrolment = scene.element, scene.conversation, job.enrolment
    unknown = _ask_first(scene, job)
    if unknown is not None:
        return unknown
    found = Findings.from_json(conversation.findings) if conversation and conversation.findings else Findings()
    plan = plans.prepare(
        found,
        _standing(element),
        challenge=bytes(enrolment.challenge),
        load_file=store.to_load(),
        random=secrets.token_bytes,
    )
    smaller = conversation is not None and conversation.failures > 0
    if smaller:
        plan = plans.first_part(plan)
    before = [("smaller_leg", {"section": plan.entries[0].name})] if plan.kind == "part" else []
    with transaction.atomic():
        # Ours only while nobody has given it up; from here on there may be something of it on the element.
        if not Enrolment.objects.filter(pk=enrolment.pk, state=State.VERIFIED).update(trouble=F("trouble")):
            enrolment.refresh_from_db()
            return True
        _offer(scene, job, plan, before, occupant=enrolment)
    return True


def _certify(scene: Scene, job: Job) -> bool:
    """Ask a CA worker for both certificates; go on when both are there."""
    enrolment = job.enrolment
    keys = {key: enrolments.request_key(enrolment, purpose) for key, purpose in PURPOSES.items()}
    found = issuance.find_all(keys.values())
    refused = [one for one in found.values() if one.state == Issuance.State.REFUSED]
    if refused:
        enrolments.abandon(enrolment, trouble=refused[0].error_code or "issuance_refused")
        return True
    missing = [key for key, request_key in keys.items() if request_key not in found]
    if missing:
        if not enrolments.is_holders(enrolment):
            logger.error("enrolment %s isn't what its holder's card signed: not certified", enrolment.reference)
            enrolments.abandon(enrolment, trouble=ApplicationRefused.code)
            return True
        _ask(scene, enrolment, missing)
        return False
    if any(one.state != Issuance.State.ISSUED for one in found.values()):
        return False
    signature, authentication = (found[keys[key]].certificate for key in (Key.SIGNATURE, Key.AUTHENTICATION))
    assert signature is not None  # noqa: S101  (ISSUED has one)
    assert authentication is not None  # noqa: S101
    detail = {"signature": signature.serial_number, "authentication": authentication.serial_number}
    enrolments.walk(
        enrolment,
        [(State.CERTIFIED, detail)],
        signature_certificate=signature,
        authentication_certificate=authentication,
    )
    return True


def _ask(scene: Scene, enrolment: Enrolment, missing: Sequence[Key]) -> None:
    public_keys = {Key.SIGNATURE: enrolment.signature_key, Key.AUTHENTICATION: enrolment.authentication_key}
    card_ids = {
        Key.SIGNATURE: enrolment.card_signature_certificate_id,
        Key.AUTHENTICATION: enrolment.card_authentication_certificate_id,
    }
    # The holder comes along with the cards: they are his.
    cards = Certificate.objects.select_related("holder").in_bulk([card_ids[key] for key in missing])
    asked = []
    for key in missing:
        public_key = public_keys[key]
        assert public_key is not None  # noqa: S101  (KEYED has both)
        card = cards[card_ids[key]]
        asked.append(
            {
                "realm": enrolment.realm,
                "purpose": PURPOSES[key],
                "medium": Medium.PHONE,
                "holder": card.holder,
                "public_key": bytes(public_key),
                "linked_to": card,
                "pending": True,
                "request_key": enrolments.request_key(enrolment, PURPOSES[key]),
                "continuation": {"task": "tsm.advance", "args": [scene.element.pk]},
            }
        )
    made = issuance.request_all(asked)
    enrolments.note(enrolment, "issuing")
    messages.send("ca.issue", [one.pk for one in made])


def _install(scene: Scene, job: Job) -> bool:
    element, conversation = scene.element, scene.conversation
    if element.domain_counter is None:
        return _survey(scene, job)
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
    _offer(scene, job, plan)
    return True


def _keyed_later(scene: Scene, job: Job) -> bool:
    raise TsmError("prepared and keyed are one leg: nothing waits in between")


def _planned(plan: Callable[[SecureElement, Standing], Plan]) -> Work:
    """Return the work that lays one leg ready as soon as the counters are known."""

    def work(scene: Scene, job: Job) -> bool:
        element = scene.element
        if element.isd_counter is None or element.domain_counter is None:
            return _survey(scene, job)
        _offer(scene, job, plan(element, _standing(element)))
        return True

    return work


def _rotate(role: str) -> Work:
    def work(scene: Scene, job: Job) -> bool:
        element = scene.element
        if element.isd_counter is None or element.domain_counter is None:
            return _survey(scene, job)
        findings = scene.conversation.findings if scene.conversation is not None else None
        added = findings is not None and role in Findings.from_json(findings).rotated
        # Known before it is put: whatever happens to the report, it is known which keys to try.
        services.expect_next_keys(element, role)
        _offer(scene, job, plans.rotate(role, _standing(element), added=added, random=secrets.token_bytes))
        return True

    return work


delete = _planned(lambda element, at: plans.delete(at, random=secrets.token_bytes))
ROTATIONS: Mapping[str, Work] = {role: _rotate(role) for role in services.ROTATES}
BY_STATE: Mapping[State, Work] = {
    State.VERIFIED: _prepare,
    State.PREPARED: _keyed_later,
    State.KEYED: _certify,
    State.CERTIFIED: _install,
}
BY_ORDER: Mapping[str, Work] = {
    Function.SUSPEND: _planned(lambda element, at: plans.lock("suspend", at, random=secrets.token_bytes)),
    Function.RESUME: _planned(lambda element, at: plans.lock("resume", at, random=secrets.token_bytes)),
    Function.UNBLOCK_SIGNATURE: _planned(
        lambda element, at: plans.unblock(Key.SIGNATURE, at, random=secrets.token_bytes)
    ),
    Function.UNBLOCK_AUTHENTICATION: _planned(
        lambda element, at: plans.unblock(Key.AUTHENTICATION, at, random=secrets.token_bytes)
    ),
    Function.CHECK_IN: _planned(lambda element, at: plans.registry(at, secrets.token_bytes)),
    **{function: ROTATIONS[role] for role, function in services.ROTATES.items()},
}


def _ask_first(scene: Scene, job: Job) -> bool | None:
    """Lay a question ready where something isn't known: counters first, then the registry. None: all is known."""
    if scene.element.isd_counter is None:
        return _survey(scene, job)
    findings = scene.conversation.findings if scene.conversation is not None else None
    if findings is not None and not findings["confirmed"]:
        _offer(scene, job, plans.registry(_standing(scene.element), secrets.token_bytes))
        return True
    return None


def _survey(scene: Scene, job: Job) -> bool:
    _offer(scene, job, plans.survey(services.probes(scene.element)), [("counters_unknown", {})])
    return True


def _standing(element: SecureElement) -> Standing:
    return Standing(
        element.isd_counter or 0, element.domain_counter or 0, element.isd_generation, element.domain_generation
    )


def _offer(scene: Scene, job: Job, plan: Plan, before: Sequence[enrolments.Noted] = (), **changes: Any) -> None:
    """Lay a plan's leg ready, and note it, after what is to be noted before; `changes` are the element's."""
    element = scene.element
    plan = replace(plan, before={"issuer": element.isd_counter, "provider": element.domain_counter})
    script = plans.render(plan, bytes(element.iin) + bytes(element.cin))
    apdus = [apdu for section in script.commands for apdu in section]
    figures = {"leg": plan.kind, "commands": len(apdus), "bytes": sum(len(apdu) // 2 for apdu in apdus)}
    with transaction.atomic(savepoint=False):
        # The counters are uncertain from here on.
        rows.write(element, isd_counter=None, domain_counter=None, **changes)
        scene.leg = conversations.offer(element, scene.conversation, job.enrolment, plan, script, job.order)
        enrolments.note_all(job.enrolment, [*before, ("order", figures)])
    scene.conversation = scene.leg.conversation


def _pair(enrolment: Enrolment) -> dict[Key, Certificate]:
    signature, authentication = enrolment.signature_certificate, enrolment.authentication_certificate
    assert signature is not None  # noqa: S101  (CERTIFIED has both)
    assert authentication is not None  # noqa: S101
    return {Key.SIGNATURE: signature, Key.AUTHENTICATION: authentication}
