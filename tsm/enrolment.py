"""An enrolment's life: applied, verified, prepared, keyed, certified, installed, active; and its end.

The arrow table says how a state moves; `move` is the only way, and a row that someone else moved first is left alone.
"""

import secrets
import uuid
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.db import transaction

from ca import clock, journal, messages, revocation, status
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tsm import compatibility
from tsm.errors import (
    ActivationRefused,
    ApplicationRefused,
    ApplicationTextWrong,
    CardAuthenticationCertificateMissing,
    EndRefused,
    EnrolmentUnknown,
    PhoneInUse,
    PhoneNotSupported,
    WrongState,
)
from tsm.jpki import CHALLENGE_LENGTH
from tsm.models import Enrolment, EnrolmentStep, Phone

State = Enrolment.State

# The specification of an enrolment's life. Nothing else decides.
LIFE: dict[State, frozenset[State]] = {
    State.APPLIED: frozenset({State.VERIFIED}),
    State.VERIFIED: frozenset({State.PREPARED, State.ABANDONED, State.DELETED}),
    State.PREPARED: frozenset({State.KEYED, State.ABANDONED}),
    State.KEYED: frozenset({State.CERTIFIED, State.ABANDONED}),
    State.CERTIFIED: frozenset({State.INSTALLED, State.ABANDONED}),
    State.INSTALLED: frozenset({State.ACTIVE, State.ABANDONED}),
    State.ACTIVE: frozenset({State.ENDED}),
    State.ENDED: frozenset({State.DELETED}),
    State.ABANDONED: frozenset({State.DELETED}),
    State.DELETED: frozenset(),
}
# With a worker, or waiting for one.
WORKING = (State.VERIFIED, State.PREPARED, State.KEYED, State.CERTIFIED)
# Over: never active again.
GIVEN_UP = (State.ENDED, State.ABANDONED, State.DELETED)
# Not yet active: may still be abandoned.
UNDER_WAY = (*WORKING, State.INSTALLED)
# The certificates are dead, the element may still hold them.
LEAVING = (State.ENDED, State.ABANDONED)


# How an enrolment's requests to the CA are named.
REQUEST_KEY = "enrolment:"


def request_key(enrolment: Enrolment, purpose: Purpose) -> str:
    """Return the key under which the CA issues this enrolment's certificate of that purpose, once."""
    return f"{REQUEST_KEY}{enrolment.reference}:{purpose}"


def application_text(phone: Phone) -> str:
    """Return the text that the holder signs with the card to apply for certificates in this phone.

    It counts the phone's applications, so that a signed one is good once: whoever kept it can't send it again.
    """
    return (
        "移動端末設備用電子証明書発行申請\n"
        "スマートフォン用の署名用電子証明書及び利用者証明用電子証明書の発行を申請します。\n"
        f"端末: {phone.name}\n"
        f"端末番号: {phone.reference}\n"
        f"この端末での申請: {Enrolment.objects.filter(phone=phone).count() + 1}回目\n"
    )


def activation_text(enrolment: Enrolment) -> str:
    """Return the text that the phone signs with both new keys to activate its certificates."""
    return f"JPKI-ACTIVATION-1\n{enrolment.reference}\n{bytes(enrolment.challenge).hex()}\n"


def end_text(enrolment: Enrolment) -> str:
    """Return the text that the phone's signature key signs to end the use of the phone."""
    return (
        "移動端末設備の使用停止の届出\n"
        "この端末のスマートフォン用電子証明書(署名用・利用者証明用)の失効を申請します。\n"
        f"申請番号: {enrolment.reference}\n"
        f"発行の番号: {_serial(enrolment.signature_certificate)} {_serial(enrolment.authentication_certificate)}\n"
    )


def find(phone: Phone, reference: uuid.UUID) -> Enrolment:
    """Return the phone's enrolment of that reference. Raises `EnrolmentUnknown`, also for another phone's."""
    enrolment = Enrolment.objects.filter(phone=phone, reference=reference).first()
    if enrolment is None:
        raise EnrolmentUnknown("this phone has no such enrolment")
    return enrolment


def current(phone: Phone) -> Enrolment | None:
    """Return the phone's newest enrolment, or None."""
    return Enrolment.objects.filter(phone=phone).order_by("-pk").first()


def apply(phone: Phone, *, text: str, certificate: bytes, signature: bytes) -> Enrolment:
    """Take a signed application: verify signature, card certificate and phone, then hand it to the workers.

    `certificate` is the card's signature certificate (DER), `signature` PKCS#1 v1.5 over SHA-256 of the UTF-8 text.
    """
    realm = phone.realm
    now = clock.now(realm)
    model = compatibility.find(phone.model_code)
    reason = compatibility.Reason.NO_SECURE_ELEMENT if model is None else model.unsupported_because
    if reason is not None or not hasattr(phone, "element"):
        raise PhoneNotSupported("this phone can't hold certificates", reason=str(reason))
    _require_free(phone)
    _require_text(phone, text)
    verdict = status.check_signature(
        realm, certificate, text.encode(), signature, now=now, purpose=Purpose.SIGNATURE, medium=Medium.CARD
    )
    if verdict.standing is not status.Standing.VALID or verdict.certificate is None:
        reasons = [str(reason) for reason in verdict.reasons]
        journal.record(realm, "enrolment.refused", str(phone.reference), reasons=reasons)
        raise ApplicationRefused("the application's signature doesn't hold", reasons=reasons)
    card = verdict.certificate
    authentication = _card_authentication(realm, card, now)
    with transaction.atomic():
        journal.take(realm)
        _require_free(phone)
        _require_text(phone, text)
        for earlier in Enrolment.objects.filter(realm=realm, holder=card.holder, state__in=UNDER_WAY):
            abandon(earlier, trouble="newer_application")
        enrolment = Enrolment.objects.create(
            realm=realm,
            holder=card.holder,
            phone=phone,
            element=phone.element,
            state=State.APPLIED,
            state_since=now,
            created_at=now,
            application_text=text,
            application_signature=signature,
            card_signature_certificate=card,
            card_authentication_certificate=authentication,
            challenge=secrets.token_bytes(CHALLENGE_LENGTH),
            replaces=Enrolment.objects.filter(realm=realm, holder=card.holder, state=State.ACTIVE).first(),
        )
        note(enrolment, State.APPLIED, phone=phone.name)
        move(enrolment, State.VERIFIED, certificate=card.serial_number)
        wake(enrolment)
    return enrolment


def _require_free(phone: Phone) -> None:
    if Enrolment.objects.filter(phone=phone, state__in=[*UNDER_WAY, State.ACTIVE]).exists():
        raise PhoneInUse("this phone has certificates, or an application under way")


def _require_text(phone: Phone, text: str) -> None:
    if text != application_text(phone):
        raise ApplicationTextWrong("what was signed isn't this phone's next application")


def activate(enrolment: Enrolment, *, signatures: dict[Purpose, bytes]) -> None:
    """Make the new pair valid, for the phone has proved that it can use both keys; a pair that it replaces ends.

    All in one transaction: there is no moment with two valid pairs, and none with neither.
    """
    if enrolment.state == State.ACTIVE:
        return
    if enrolment.state != State.INSTALLED:
        raise WrongState("the certificates aren't in the phone yet", state=enrolment.state)
    now = clock.now(enrolment.realm)
    message = activation_text(enrolment).encode()
    for purpose, certificate in _pair(enrolment).items():
        if not _signed_by(certificate, message, signatures.get(purpose, b"")):
            raise ActivationRefused("a signature isn't by the new certificate's key", purpose=str(purpose))
    with transaction.atomic():
        journal.take(enrolment.realm)
        _end_active(enrolment, now)
        if not move(enrolment, State.ACTIVE):
            raise WrongState("the enrolment has moved on meanwhile")
        for certificate in _pair(enrolment).values():
            revocation.activate(certificate, now=now)


def end(enrolment: Enrolment, *, text: str, signature: bytes) -> None:
    """End the use of the phone at the holder's signed request: both certificates revoked, the element to be emptied."""
    if enrolment.state in (State.ENDED, State.DELETED):
        return
    if enrolment.state != State.ACTIVE or enrolment.signature_certificate is None:
        raise WrongState("this phone has no certificates in use", state=enrolment.state)
    if text != end_text(enrolment) or not _signed_by(enrolment.signature_certificate, text.encode(), signature):
        raise EndRefused("the request isn't signed by this phone's signature key")
    with transaction.atomic():
        journal.take(enrolment.realm)
        finish(enrolment, Cause.PHONE_USE_ENDED, clock.now(enrolment.realm))


def abandon(enrolment: Enrolment, *, trouble: str) -> None:
    """Give an enrolment up: what was issued is revoked, what was loaded is deleted when the phone is next seen."""
    with transaction.atomic():
        journal.take(enrolment.realm)
        if enrolment.state not in UNDER_WAY or not move(enrolment, State.ABANDONED, reason=trouble):
            return
        Enrolment.objects.filter(pk=enrolment.pk).update(trouble=trouble)
        enrolment.trouble = trouble
        _revoke_pair(enrolment, Cause.NOT_DELIVERED, clock.now(enrolment.realm))
        _leave(enrolment)


def move(enrolment: Enrolment, to: State, **detail: Any) -> bool:
    """Claim the arrow from the enrolment's state to `to`; False when someone else moved it. Illegal arrows raise."""
    origin = State(enrolment.state)
    if to not in LIFE[origin]:
        raise WrongState(f"no way from {origin} to {to}", state=str(origin))
    now = clock.now(enrolment.realm)
    with transaction.atomic():
        # The realm's turn first, always: two that wait for each other's rows would wait for ever.
        journal.take(enrolment.realm)
        if not Enrolment.objects.filter(pk=enrolment.pk, state=origin).update(state=to, state_since=now):
            return False
        enrolment.state, enrolment.state_since = to, now
        note(enrolment, to, **detail)
        journal.record(enrolment.realm, f"enrolment.{to}", str(enrolment.reference), **detail)
    return True


def note(enrolment: Enrolment, step: str, **detail: Any) -> None:
    """Add a step to what the citizen's screen and the trace show."""
    EnrolmentStep.objects.create(enrolment=enrolment, step=step, at=clock.now(enrolment.realm), detail=detail)


def wake(enrolment: Enrolment) -> None:
    """Send the element's work to a worker as soon as what is decided is committed."""
    element_id = enrolment.element_id
    transaction.on_commit(lambda: send_advance(element_id))


def send_advance(element_id: int) -> None:
    """Ask a `tsm` worker to go on with the element's work."""
    messages.send("tsm.advance", element_id)


def _end_active(successor: Enrolment, now: datetime) -> None:
    active = Enrolment.objects.filter(realm=successor.realm, holder=successor.holder, state=State.ACTIVE)
    for enrolment in active.exclude(pk=successor.pk):
        finish(enrolment, Cause.PHONE_USE_ENDED, now)


def finish(enrolment: Enrolment, cause: Cause, now: datetime) -> None:
    """End an active enrolment for that cause: both certificates revoked, the element to be emptied."""
    if not move(enrolment, State.ENDED, cause=str(cause)):
        return
    _revoke_pair(enrolment, cause, now)
    _leave(enrolment)


def _revoke_pair(enrolment: Enrolment, cause: Cause, now: datetime) -> None:
    for certificate in (enrolment.signature_certificate, enrolment.authentication_certificate):
        if certificate is not None:
            certificate.refresh_from_db()
            if certificate.status != Certificate.Status.REVOKED:
                revocation.revoke(certificate, cause=cause, now=now)


def _leave(enrolment: Enrolment) -> None:
    """Have the element emptied; where nothing was ever written, there's nothing to wait for."""
    enrolment.element.refresh_from_db()
    if enrolment.element.occupant_id == enrolment.pk:
        wake(enrolment)
    else:
        move(enrolment, State.DELETED)


def _card_authentication(realm: Realm, card: Certificate, now: datetime) -> Certificate:
    found = (
        Certificate.objects.filter(
            realm=realm,
            holder=card.holder,
            purpose=Purpose.USER_AUTHENTICATION,
            medium=Medium.CARD,
            status=Certificate.Status.VALID,
            not_after__gt=now,
        )
        .order_by("-pk")
        .first()
    )
    if found is None:
        raise CardAuthenticationCertificateMissing("the card has no valid user authentication certificate")
    return found


def _pair(enrolment: Enrolment) -> dict[Purpose, Certificate]:
    signature, authentication = enrolment.signature_certificate, enrolment.authentication_certificate
    if signature is None or authentication is None:
        raise WrongState("the certificates aren't issued yet", state=enrolment.state)
    return {Purpose.SIGNATURE: signature, Purpose.USER_AUTHENTICATION: authentication}


def _signed_by(certificate: Certificate, message: bytes, signature: bytes) -> bool:
    key = load_der_public_key(bytes(certificate.public_key))
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _serial(certificate: Certificate | None) -> str:
    return certificate.serial_number if certificate is not None else ""
