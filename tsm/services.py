"""SP-TSM's service state: what can be asked for an enrolment that is in use, and what stands ordered of it.

Suspend, resume, unblock, upgrade, terminate, and the rotation of keys. An order is a row: it stands until a report
proves it done, however often the phone vanishes, or until the enrolment ends.
"""

from django.db import transaction

from ca import clock, journal, revocation, status
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tsm import keysets, measures, orders, rows, store
from tsm.enrolment.ending import finish
from tsm.enrolment.life import State, note
from tsm.enrolment.proofs import UNBLOCKS, pair, resume_text, signed_by, unblock_text
from tsm.errors import ResumeRefused, UnblockRefused, WrongState
from tsm.jpki import Key
from tsm.messaging.functions import ServiceState
from tsm.models import Enrolment, SecureElement, ServiceOrder
from tsm.orders import OrderState, orders_of

# Beside what stands here: what callers ask of an enrolment's orders.
__all__ = ["OrderState", "orders_of", "unblock_text"]

Function = ServiceOrder.Function
# Which function gives which role's domain its next keys.
ROTATES = {"issuer": Function.ROTATE_ISSUER_KEYS, "provider": Function.ROTATE_DOMAIN_KEYS}


def state(enrolment: Enrolment) -> ServiceState:
    """Return how an enrolment's service stands, from the rows; the element isn't asked."""
    held = any(certificate.status == Certificate.Status.ON_HOLD for certificate in enrolment.pair)
    version = enrolment.element.applet_version
    return ServiceState(
        state=enrolment.state,
        suspended=held,
        orders=tuple(orders.standing(enrolment).values_list("function", flat=True)),
        applet_version=version,
        upgrade_available=store.is_outdated(version),
    )


def suspend(enrolment: Enrolment, *, source: str) -> ServiceOrder:
    """Put the pair on hold at once, and have the applet locked when the phone is next in contact."""
    with transaction.atomic():
        journal.take(enrolment.realm)
        _require_active(enrolment)
        measures.hold(enrolment, clock.now(enrolment.realm))
        return orders.place(enrolment, Function.SUSPEND, source=source)


def resume(enrolment: Enrolment, *, source: str) -> ServiceOrder:
    """Have the applet unlocked; what is on hold is released when the element has shown that it is."""
    with transaction.atomic():
        journal.take(enrolment.realm)
        _require_active(enrolment)
        return orders.place(enrolment, Function.RESUME, source=source)


def resume_by_holder(enrolment: Enrolment, *, text: str, signature: bytes) -> None:
    """Release what a measure put on hold: the holder has proved himself with the phone's signature key and password.

    Raises `ResumeRefused`. Not for a suspended service, whose applet is locked: that one the help desk resumes.
    """
    certificate = pair(enrolment)[Purpose.SIGNATURE]
    with transaction.atomic():
        # No hold begins or ends from here on, so the text is the present hold's.
        journal.take(enrolment.realm)
        _require_active(enrolment)
        if text != resume_text(enrolment) or not signed_by(certificate, text.encode(), signature):
            raise ResumeRefused("the request isn't signed by this phone's signature key, or was for another hold")
        if orders.suspended(enrolment):
            raise WrongState("the service is suspended: the help desk resumes it", state=enrolment.state)
        release(enrolment)


def release(enrolment: Enrolment) -> None:
    """Make valid again what is on hold, and close what stood about the enrolment."""
    now = clock.now(enrolment.realm)
    for certificate in pair(enrolment).values():
        certificate.refresh_from_db()
        if certificate.status == Certificate.Status.ON_HOLD:
            revocation.release(certificate, now=now)
    measures.settle(enrolment)
    note(enrolment, "resumed")


def unblock(enrolment: Enrolment, key: Key, *, source: str) -> ServiceOrder:
    """Have the password of a key returned to "not set"; the holder then sets a new one on the phone.

    Whoever calls has made sure that the holder asks: by the card's signature, or the phone's other key.
    """
    with transaction.atomic():
        journal.take(enrolment.realm)
        _require_active(enrolment)
        if state(enrolment).suspended:
            raise WrongState("the service is suspended: resume it first", state=enrolment.state)
        return orders.place(enrolment, UNBLOCKS[key], source=source)


def unblock_by_holder(
    enrolment: Enrolment, key: Key, *, text: str, signature: bytes, certificate: bytes = b""
) -> ServiceOrder:
    """Have the password of a key returned to "not set" at its holder's signed request.

    For the signature password the holder signs with the card, whose signature certificate (DER) comes along; for the
    authentication PIN with the phone's signature key (jpki-facts, unlock). Raises `UnblockRefused`.
    """
    if text != unblock_text(enrolment, key) or not _asked_by_holder(enrolment, key, text, signature, certificate):
        raise UnblockRefused("the request isn't signed by the key that may ask for it")
    return unblock(enrolment, key, source="holder")


def _asked_by_holder(enrolment: Enrolment, key: Key, text: str, signature: bytes, certificate: bytes) -> bool:
    if key is Key.AUTHENTICATION:
        return signed_by(pair(enrolment)[Purpose.SIGNATURE], text.encode(), signature)
    realm = enrolment.realm
    verdict = status.check_signature(
        realm,
        certificate,
        text.encode(),
        signature,
        now=clock.now(realm),
        purpose=Purpose.SIGNATURE,
        medium=Medium.CARD,
    )
    card = verdict.certificate
    valid = verdict.standing is status.Standing.VALID
    return valid and card is not None and card.holder_id == enrolment.holder_id


def rotate(enrolment: Enrolment, role: str, *, source: str) -> ServiceOrder:
    """Have the next key set put into the issuer's (`issuer`) or the provider's (`provider`) domain."""
    with transaction.atomic():
        journal.take(enrolment.realm)
        _require_active(enrolment)
        return orders.place(enrolment, ROTATES[role], source=source)


def upgrade(realm: Realm) -> int:
    """Tell the holders whose applet is older than the store's newest that they may apply again. Return how many.

    An applet can't be exchanged under its keys, and a new key needs a new certificate: so the upgrade is an application
    on the same phone, which is accepted although a pair is in use, and replaces it.
    """
    active = Enrolment.objects.filter(realm=realm, state=State.ACTIVE).select_related("element")
    return sum(offer_upgrade(enrolment) for enrolment in active)


def offer_upgrade(enrolment: Enrolment) -> bool:
    """Tell one holder, once for each version that was loaded; False where there is nothing to tell."""
    version, newest = enrolment.element.applet_version, store.newest()
    told = enrolment.steps.filter(step="upgrade_available", detail__loaded=version).exists()
    if enrolment.state != State.ACTIVE or newest is None or told or not store.is_outdated(version):
        return False
    note(enrolment, "upgrade_available", loaded=version, newest=newest.version)
    return True


def terminate(enrolment: Enrolment, *, source: str) -> None:
    """End the service: both certificates revoked, the element to be emptied."""
    with transaction.atomic():
        journal.take(enrolment.realm)
        _require_active(enrolment)
        journal.record(enrolment.realm, "service.terminate", str(enrolment.reference), source=source)
        finish(enrolment, Cause.PHONE_USE_ENDED, clock.now(enrolment.realm))


# --- for the driver -----------------------------------------------------------------------------------


def next_order(element: SecureElement) -> ServiceOrder | None:
    """Return the oldest order that stands for an enrolment in use on this element."""
    found = ServiceOrder.objects.filter(
        enrolment__element=element, enrolment__state=State.ACTIVE, state=ServiceOrder.State.OPEN
    )
    return found.select_related("enrolment__realm").first()


def standing(element: SecureElement, function: str) -> ServiceOrder | None:
    """Return the order for that function that stands for this element, whatever became of its enrolment."""
    return ServiceOrder.objects.filter(
        enrolment__element=element, function=function, state=ServiceOrder.State.OPEN
    ).first()


def turning(element: SecureElement, *, leaving: bool) -> str:
    """Return the role whose next keys are on their way into the element; empty when none are.

    The issuer's go before everything else. The provider's don't matter any more where its domain is to be deleted.
    """
    if element.isd_pending is not None:
        return "issuer"
    return "provider" if element.domain_pending is not None and not leaving else ""


def expect_next_keys(element: SecureElement, role: str) -> None:
    """Note, before anything is sent, that a domain may have its next keys from here on."""
    if role == "issuer" and element.isd_pending is None:
        rows.write(element, isd_pending=element.isd_generation + 1)
    elif role == "provider" and element.domain_pending is None:
        rows.write(element, domain_pending=element.domain_generation + 1)


def next_keys_taken(element: SecureElement, role: str) -> dict[str, int | None]:
    """Return what is to be written when the element has proved that the next keys are the present ones."""
    if role == "issuer":
        return {"isd_generation": element.isd_pending, "isd_pending": None}
    return {"domain_generation": element.domain_pending, "domain_pending": None}


def probes(element: SecureElement) -> dict[str, tuple[int, int]]:
    """Return, by role, the present and the next key version where a rotation is under way."""
    found = {}
    if element.isd_pending is not None:
        found["issuer"] = keysets.issuer_version(element.isd_generation), keysets.issuer_version(element.isd_pending)
    if element.domain_pending is not None:
        found["provider"] = (
            keysets.domain_version(element.domain_generation),
            keysets.domain_version(element.domain_pending),
        )
    return found


def done(order: ServiceOrder) -> None:
    """Note that a report proved an order done."""
    if orders.settle(ServiceOrder.objects.filter(pk=order.pk), ServiceOrder.State.DONE, order.enrolment):
        note(order.enrolment, "service", function=order.function)


def _require_active(enrolment: Enrolment) -> None:
    enrolment.refresh_from_db()
    if enrolment.state != State.ACTIVE:
        raise WrongState("this phone has no certificates in use", state=enrolment.state)
