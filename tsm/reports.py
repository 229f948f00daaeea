"""What a phone's report proves: each leg's answers checked against its script, and what follows from them."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction

from ca import journal
from tsm import enrolment as enrolments
from tsm import findings as finding
from tsm import keysets, legs, plans, rows, sei, services, sp
from tsm.enrolment import State
from tsm.errors import LegFailed, TsmError
from tsm.findings import Findings, Reading
from tsm.globalplatform import commands
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.jpki import JpkiError, Key
from tsm.models import Conversation, Leg, SecureElement
from tsm.plans import Plan

logger = logging.getLogger(__name__)

# The trouble of an enrolment whose element keeps answering other than planned.
ANSWERS_WRONG = "element_answers_wrong"
# What a leg's effect writes into the element beside the counters.
Changes = dict[str, Any]
Effect = Callable[[SecureElement, Leg, Plan, Reading], Changes | None]


def settle(element: SecureElement, leg: Leg) -> bool:
    """Check what the phone reported, and take over what it proves; the rows in hand are kept in step.

    False when another worker has checked it: then nothing is known of how things stand.
    """
    plan = Plan.from_json(leg.plan)
    try:
        reading = plans.read(plan, bytes(element.iin) + bytes(element.cin), leg.answers or [])
        effect = _EFFECTS[plan.kind]
        with transaction.atomic():
            journal.take(element.phone.realm)
            if not legs.move(Leg.objects.filter(pk=leg.pk), Leg.State.CHECKED):
                return False
            counters = {"isd_counter": plan.counter_after("issuer"), "domain_counter": plan.counter_after("provider")}
            rows.write(element, **counters | (effect(element, leg, plan, reading) or {}))
    except (TsmError, GlobalPlatformError, JpkiError) as error:
        logger.warning("leg %s of %s failed: %s", leg.pk, leg.enrolment.reference, error)
        return _fail(leg, error)
    return True


def _fail(leg: Leg, error: TsmError | GlobalPlatformError | JpkiError) -> bool:
    # What the effect wrote into the rows in hand went back: they are read anew.
    with transaction.atomic():
        failed = legs.move(Leg.objects.filter(pk=leg.pk), Leg.State.FAILED, outcome=f"{error.code}: {error}"[:200])
        if failed:
            label = str(error.data.get("label", "")) if isinstance(error, LegFailed) else ""
            enrolments.note(leg.enrolment, "leg_failed", leg=leg.kind, code=error.code, at=label)
            conversation = leg.conversation
            Conversation.objects.filter(pk=conversation.pk).update(findings=None, failures=conversation.failures + 1)
    return False


def _found(leg: Leg, findings: Findings | None) -> None:
    """Note what is on the element, as far as it is known; None where it must be asked again."""
    value = findings.as_json() if findings is not None else None
    if leg.conversation.findings != value:
        rows.write(leg.conversation, findings=value)


def _surveyed(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> Changes:
    survey = finding.surveyed(reading, domain_generation=element.domain_generation)
    found = survey.found
    _found(leg, found)
    enrolments.note(leg.enrolment, "surveyed", domain=found.domain, applet=found.applet, keys=len(found.keys))
    return {"isd_counter": survey.issuer, "domain_counter": survey.provider}


def _registered(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    before = Findings.from_json(leg.conversation.findings or {"keys": ()})
    _found(leg, finding.registered(reading, before))
    _order_done(leg)


def _prepared(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> Changes:
    enrolment = leg.enrolment
    keys = sp.proven_keys(reading["make_keys"], bytes(enrolment.challenge))
    # What was found before is not how it is now.
    _found(leg, None)
    enrolments.walk(
        enrolment,
        [(State.PREPARED, _figures(leg)), (State.KEYED, {"generated": len(plan.generate)})],
        signature_key=keys[Key.SIGNATURE],
        authentication_key=keys[Key.AUTHENTICATION],
        trouble="",
    )
    return _loaded(plan)


def _part(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> Changes:
    before = Findings.from_json(leg.conversation.findings or {"keys": ()})
    _found(leg, finding.progressed(before, plan.entries[0].name))
    return _loaded(plan)


def _loaded(plan: Plan) -> Changes:
    installed = any(entry.name == "install_application" for entry in plan.entries)
    return {"applet_version": plan.load_file} if installed else {}


def _installed(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    sp.check_read_back(reading["write_certificates"], plan.by_key())
    enrolment = leg.enrolment
    trouble = "" if enrolment.trouble == ANSWERS_WRONG else enrolment.trouble
    enrolments.walk(enrolment, [(State.INSTALLED, _figures(leg))], trouble=trouble)


def _deleted(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> Changes:
    enrolments.move(leg.enrolment, State.DELETED, **_figures(leg))
    return {"occupant": None, "domain_counter": 0, "domain_pending": None, "applet_version": ""}


def _suspended(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    _require(sei.is_locked(reading["lock"]["applications"]) is True, "the applet isn't locked", "lock.applications")
    _order_done(leg)


def _resumed(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    _require(sei.is_locked(reading["lock"]["applications"]) is False, "the applet is locked", "lock.applications")
    # The order is open until it is carried out: by it the database knows that this is meant (portal.rights.guards).
    if leg.enrolment.state == State.ACTIVE:
        services.release(leg.enrolment)
    _order_done(leg)


def _unblocked(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    _require(sp.is_not_set(reading["unblock"], Key(plan.key)), "the password is still set", "unblock.status")
    _order_done(leg)


def _rotated(role: str, version_of: Callable[[int], int]) -> Effect:
    def effect(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> Changes:
        left = commands.parse_key_information(reading["drop_keys"]["keys"].data)
        present = version_of(plan.entries[-1].generation)
        _require({entry.version for entry in left} == {present}, "the old keys are still there", "drop_keys.keys")
        _found(leg, None)
        enrolments.note(leg.enrolment, "keys_rotated", domain=role, version=f"{present:02X}")
        _order_done(leg)
        return services.next_keys_taken(element, role)

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
