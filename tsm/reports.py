"""What a phone's report proves: each leg's answers checked against its script, and what follows from them."""

import logging
from collections.abc import Callable

from django.db import transaction

from ca import journal
from tsm import enrolment as enrolments
from tsm import findings as finding
from tsm import keysets, legs, plans, sei, services, sp
from tsm.enrolment import State
from tsm.errors import LegFailed, TsmError
from tsm.findings import Findings, Reading
from tsm.globalplatform import commands
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.jpki import JpkiError, Key
from tsm.models import Conversation, Enrolment, Leg, SecureElement
from tsm.plans import Plan

logger = logging.getLogger(__name__)

# The trouble of an enrolment whose element keeps answering other than planned.
ANSWERS_WRONG = "element_answers_wrong"
Effect = Callable[[SecureElement, Leg, Plan, Reading], None]


def settle(element: SecureElement, leg: Leg) -> None:
    """Check what the phone reported, and take over what it proves."""
    plan = Plan.from_json(leg.plan)
    try:
        reading = plans.read(plan, bytes(element.iin) + bytes(element.cin), leg.answers or [])
        effect = _EFFECTS[plan.kind]
        with transaction.atomic():
            journal.take(element.phone.realm)
            if not legs.move(Leg.objects.filter(pk=leg.pk), Leg.State.CHECKED):
                return
            _take_counters(element, plan)
            effect(element, leg, plan, reading)
    except (TsmError, GlobalPlatformError, JpkiError) as error:
        logger.warning("leg %s of %s failed: %s", leg.pk, leg.enrolment.reference, error)
        _fail(leg, error)


def _fail(leg: Leg, error: TsmError | GlobalPlatformError | JpkiError) -> None:
    with transaction.atomic():
        failed = legs.move(Leg.objects.filter(pk=leg.pk), Leg.State.FAILED, outcome=f"{error.code}: {error}"[:200])
        if failed:
            label = str(error.data.get("label", "")) if isinstance(error, LegFailed) else ""
            enrolments.note(leg.enrolment, "leg_failed", leg=leg.kind, code=error.code, at=label)
            conversation = leg.conversation
            Conversation.objects.filter(pk=conversation.pk).update(findings=None, failures=conversation.failures + 1)


def _take_counters(element: SecureElement, plan: Plan) -> None:
    SecureElement.objects.filter(pk=element.pk).update(
        isd_counter=plan.counter_after("issuer"), domain_counter=plan.counter_after("provider")
    )


def _surveyed(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    survey = finding.surveyed(reading, domain_generation=element.domain_generation)
    found = survey.found
    SecureElement.objects.filter(pk=element.pk).update(isd_counter=survey.issuer, domain_counter=survey.provider)
    Conversation.objects.filter(pk=leg.conversation_id).update(findings=found.as_json())
    enrolments.note(leg.enrolment, "surveyed", domain=found.domain, applet=found.applet, keys=len(found.keys))


def _registered(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    before = Findings.from_json(leg.conversation.findings or {"keys": ()})
    found = finding.registered(reading, before)
    Conversation.objects.filter(pk=leg.conversation_id).update(findings=found.as_json())
    _order_done(leg)


def _prepared(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    enrolment = leg.enrolment
    keys = sp.proven_keys(reading["make_keys"], bytes(enrolment.challenge))
    Enrolment.objects.filter(pk=enrolment.pk).update(
        signature_key=keys[Key.SIGNATURE], authentication_key=keys[Key.AUTHENTICATION], trouble=""
    )
    if any(entry.name == "install_application" for entry in plan.entries):
        SecureElement.objects.filter(pk=element.pk).update(applet_version=plan.load_file)
    # What was found before is not how it is now.
    Conversation.objects.filter(pk=leg.conversation_id).update(findings=None)
    enrolments.move(enrolment, State.PREPARED, **_figures(leg))
    enrolments.move(enrolment, State.KEYED, generated=len(plan.generate))


def _part(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    before = Findings.from_json(leg.conversation.findings or {"keys": ()})
    found = finding.progressed(before, plan.entries[0].name)
    Conversation.objects.filter(pk=leg.conversation_id).update(findings=found.as_json())
    if plan.entries[0].name == "install_application":
        SecureElement.objects.filter(pk=element.pk).update(applet_version=plan.load_file)


def _installed(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    sp.check_read_back(reading["write_certificates"], plan.by_key())
    Enrolment.objects.filter(pk=leg.enrolment_id, trouble=ANSWERS_WRONG).update(trouble="")
    enrolments.move(leg.enrolment, State.INSTALLED, **_figures(leg))


def _deleted(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    SecureElement.objects.filter(pk=element.pk).update(
        occupant=None, domain_counter=0, domain_pending=None, applet_version=""
    )
    enrolments.move(leg.enrolment, State.DELETED, **_figures(leg))


def _suspended(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    _require(sei.is_locked(reading["lock"]["applications"]) is True, "the applet isn't locked", "lock.applications")
    _order_done(leg)


def _resumed(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    _require(sei.is_locked(reading["lock"]["applications"]) is False, "the applet is locked", "lock.applications")
    _order_done(leg)
    if leg.enrolment.state == State.ACTIVE:
        services.release(leg.enrolment)


def _unblocked(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    _require(sp.is_not_set(reading["unblock"], Key(plan.key)), "the password is still set", "unblock.status")
    _order_done(leg)


def _rotated(role: str, version_of: Callable[[int], int]) -> Effect:
    def effect(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
        left = commands.parse_key_information(reading["drop_keys"]["keys"].data)
        present = version_of(plan.entries[-1].generation)
        _require({entry.version for entry in left} == {present}, "the old keys are still there", "drop_keys.keys")
        services.take_next_keys(element, role)
        Conversation.objects.filter(pk=leg.conversation_id).update(findings=None)
        enrolments.note(leg.enrolment, "keys_rotated", domain=role, version=f"{present:02X}")
        _order_done(leg)

    return effect


def _order_done(leg: Leg) -> None:
    if leg.order is not None:
        services.done(leg.order)


def _require(holds: bool, message: str, label: str) -> None:
    if not holds:
        raise LegFailed(message, label=label)


_EFFECTS: dict[str, Effect] = {
    "survey": _surveyed,
    "registry": _registered,
    "prepare": _prepared,
    "install": _installed,
    "delete": _deleted,
    "part": _part,
    "suspend": _suspended,
    "resume": _resumed,
    "unblock": _unblocked,
    "rotate_issuer": _rotated("issuer", keysets.issuer_version),
    "rotate_domain": _rotated("provider", keysets.domain_version),
}


def _figures(leg: Leg) -> dict[str, int]:
    answers = leg.answers or []
    took = leg.reported_at - leg.sent_at if leg.reported_at and leg.sent_at else None
    return {
        "apdus": len(answers),
        "bytes": sum(len(answer) // 2 for answer in answers),
        "milliseconds": round(took.total_seconds() * 1000) if took else 0,
    }
