"""What a phone's report proves: each leg's answers checked against its script, and what follows from them."""

import logging
from collections.abc import Callable

from django.db import transaction

from ca import journal
from tsm import enrolment as enrolments
from tsm import legs, scripts, sp
from tsm.enrolment import State
from tsm.errors import LegFailed, TsmError
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.jpki import JpkiError, Key
from tsm.models import Conversation, Enrolment, Leg, SecureElement
from tsm.scripts import Findings, Plan, Reading

logger = logging.getLogger(__name__)

# The trouble of an enrolment whose element keeps answering other than planned.
ANSWERS_WRONG = "element_answers_wrong"


def settle(element: SecureElement, leg: Leg) -> None:
    """Check what the phone reported, and take over what it proves."""
    plan = Plan.from_json(leg.plan)
    try:
        reading = scripts.read(plan, bytes(element.iin) + bytes(element.cin), leg.answers or [])
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
    issuer, provider, found = scripts.surveyed(reading)
    SecureElement.objects.filter(pk=element.pk).update(isd_counter=issuer, domain_counter=provider)
    Conversation.objects.filter(pk=leg.conversation_id).update(findings=found.as_json())
    enrolments.note(leg.enrolment, "surveyed", domain=found.domain, applet=found.applet, keys=len(found.keys))


def _registered(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    before = Findings.from_json(leg.conversation.findings or {"keys": ()})
    found = scripts.registered(reading, before)
    Conversation.objects.filter(pk=leg.conversation_id).update(findings=found.as_json())


def _prepared(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    enrolment = leg.enrolment
    keys = sp.proven_keys(reading["make_keys"], bytes(enrolment.challenge))
    Enrolment.objects.filter(pk=enrolment.pk).update(
        signature_key=keys[Key.SIGNATURE], authentication_key=keys[Key.AUTHENTICATION], trouble=""
    )
    # What was found before is not how it is now.
    Conversation.objects.filter(pk=leg.conversation_id).update(findings=None)
    enrolments.move(enrolment, State.PREPARED, **_figures(leg))
    enrolments.move(enrolment, State.KEYED, generated=len(plan.generate))


def _installed(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    sp.check_read_back(reading["write_certificates"], plan.by_key())
    Enrolment.objects.filter(pk=leg.enrolment_id, trouble=ANSWERS_WRONG).update(trouble="")
    enrolments.move(leg.enrolment, State.INSTALLED, **_figures(leg))


def _deleted(element: SecureElement, leg: Leg, plan: Plan, reading: Reading) -> None:
    SecureElement.objects.filter(pk=element.pk).update(occupant=None, domain_counter=0)
    enrolments.move(leg.enrolment, State.DELETED, **_figures(leg))


_EFFECTS: dict[str, Callable[[SecureElement, Leg, Plan, Reading], None]] = {
    "survey": _surveyed,
    "registry": _registered,
    "prepare": _prepared,
    "install": _installed,
    "delete": _deleted,
}


def _figures(leg: Leg) -> dict[str, int]:
    answers = leg.answers or []
    took = leg.reported_at - leg.sent_at if leg.reported_at and leg.sent_at else None
    return {
        "apdus": len(answers),
        "bytes": sum(len(answer) // 2 for answer in answers),
        "milliseconds": round(took.total_seconds() * 1000) if took else 0,
    }
