"""What happens to a screen lock: set up, used, turned off. Each in the journal, none with a PIN."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import webauthn
from django.conf import settings
from django.db import transaction
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorAttachment,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ca import clock, journal
from portal import gestures
from portal.gestures import GestureRefused
from portal.screen_lock import challenges, proof
from portal.screen_lock.challenges import Use
from portal.screen_lock.errors import (
    PinDue,
    ScreenLockKindRefused,
    ScreenLockMissing,
    ScreenLockRefused,
    ScreenLockStale,
    ScreenLockUnsupported,
)
from portal.screen_lock.models import ScreenLock
from tsm import compatibility
from tsm.models import Enrolment, Phone, ServiceOrder

Kind = ScreenLock.Kind
SECRET_BYTES = 32

# Briefing of 2022-06: from Android 11 on PIN, pattern or biometrics; Android 9 and 10 biometrics only; Class 3 always.
KINDS: Mapping[compatibility.ScreenLock, tuple[Kind, ...]] = {
    compatibility.ScreenLock.DEVICE_CREDENTIAL: (Kind.BIOMETRICS, Kind.DEVICE_CREDENTIAL),
    compatibility.ScreenLock.BIOMETRICS: (Kind.BIOMETRICS,),
    compatibility.ScreenLock.NONE: (),
}


class Offer(NamedTuple):
    """What the page needs to set it up: the text that the PIN signs, and options for `navigator.credentials`."""

    text: str
    options: dict[str, Any]
    salt: bytes


class Gesture(NamedTuple):
    """What the page needs for a gesture."""

    options: dict[str, Any]
    salt: bytes


def kinds(phone: Phone) -> tuple[Kind, ...]:
    """Return the kinds of screen lock that may stand for the PIN on this phone's model; none when no kind may."""
    model = compatibility.find(phone.model_code)
    return KINDS[model.screen_lock] if model else ()


def find(phone: Phone) -> ScreenLock | None:
    """Return what stands for the PIN of the pair that is in the phone now, or None."""
    lock = ScreenLock.objects.select_related("enrolment__realm", "phone").filter(phone=phone).first()
    return lock if lock and not _stale(lock) else None


def name(lock: ScreenLock) -> str:
    """Return how pages name its credential: Base64."""
    return base64.b64encode(bytes(lock.credential_id)).decode()


def hours() -> str:
    """Return after how many hours the PIN is due, as it is told: without a fraction that is none."""
    return f"{settings.SCREEN_LOCK_PIN_HOURS:g}"


def offer(phone: Phone, kind: str) -> Offer:
    """Begin to set it up. Raises `ScreenLockUnsupported`, `ScreenLockKindRefused`, `ProofRefused`."""
    _require_kind(phone, kind)
    nonce = challenges.give(phone, Use.REGISTER)
    options = webauthn.generate_registration_options(
        rp_id=gestures.site_id(),
        rp_name=gestures.NAME,
        user_name=phone.name,
        # Whom the authenticator keeps it for: nothing that tells a person, or two phones' owner, apart.
        user_id=secrets.token_bytes(SECRET_BYTES),
        challenge=nonce,
        authenticator_selection=AuthenticatorSelectionCriteria(
            authenticator_attachment=AuthenticatorAttachment.PLATFORM,
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return Offer(proof.text(phone, Use.REGISTER, nonce), options_to_json_dict(options), _salt(nonce))


def set_up(phone: Phone, *, kind: str, text: str, signature: bytes, credential: Mapping[str, Any]) -> ScreenLock:
    """Take the new credential, and the signature by which the PIN showed to be the right one; the old one goes.

    Raises `ScreenLockUnsupported`, `ScreenLockKindRefused`, `ChallengeOver`, `ProofRefused`, `ScreenLockRefused`.
    """
    _require_kind(phone, kind)
    nonce = proof.nonce_of(phone, Use.REGISTER, text)
    challenges.take(phone, Use.REGISTER, nonce)
    enrolment = proof.check(phone, text, signature)
    try:
        verified = gestures.registered(credential, nonce)
    except GestureRefused as refused:
        raise ScreenLockRefused(str(refused)) from refused
    now = clock.now(phone.realm)
    with transaction.atomic():
        journal.take(phone.realm)
        ScreenLock.objects.filter(phone=phone).delete()
        lock = ScreenLock.objects.create(
            phone=phone,
            enrolment=enrolment,
            kind=kind,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            salt=_salt(nonce),
            share=secrets.token_bytes(SECRET_BYTES),
            created_at=now,
            pin_typed_at=now,
        )
        journal.record(phone.realm, "screen_lock.set_up", str(enrolment.reference), lock=kind)
    return lock


def ask(phone: Phone) -> Gesture:
    """Begin a gesture. Raises `ScreenLockMissing`, `ScreenLockStale`, `PinDue`."""
    lock = _require(phone)
    options = webauthn.generate_authentication_options(
        rp_id=gestures.site_id(),
        challenge=challenges.give(phone, Use.UNLOCK),
        allow_credentials=[PublicKeyCredentialDescriptor(id=bytes(lock.credential_id))],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Gesture(options_to_json_dict(options), bytes(lock.salt))


def unlock(phone: Phone, credential: Mapping[str, Any]) -> bytes:
    """Take the gesture and return the server's share of the sealing key, 32 bytes.

    Raises `ScreenLockMissing`, `ScreenLockStale`, `PinDue`, `ChallengeOver`, `ScreenLockRefused`.
    """
    lock = _require(phone)
    try:
        nonce = gestures.nonce_in(credential)
        challenges.take(phone, Use.UNLOCK, nonce)
        verified = gestures.answered(credential, nonce, public_key=bytes(lock.public_key), sign_count=lock.sign_count)
    except GestureRefused as refused:
        raise ScreenLockRefused(str(refused)) from refused
    if verified.credential_id != bytes(lock.credential_id):
        raise ScreenLockRefused("another credential than this phone's")
    with transaction.atomic():
        journal.take(phone.realm)
        # Of two answers with the same count one is a copy's.
        claimed = ScreenLock.objects.filter(pk=lock.pk, sign_count=lock.sign_count).update(
            sign_count=verified.new_sign_count, used_at=clock.now(phone.realm)
        )
        if not claimed:
            raise ScreenLockRefused("used or turned off meanwhile")
        journal.record(
            phone.realm, "screen_lock.used", str(lock.enrolment.reference), sign_count=verified.new_sign_count
        )
    return bytes(lock.share)


def typed(phone: Phone, enrolment: Enrolment) -> None:
    """Note that the PIN itself was typed, and was right."""
    ScreenLock.objects.filter(phone=phone, enrolment=enrolment).update(pin_typed_at=clock.now(phone.realm))


def turn_off(phone: Phone, *, reason: str) -> bool:
    """Delete credential and share: what is sealed in a browser opens no more. Return whether there was anything.

    `reason`: by_holder, pin_changed, not_finished.
    """
    with transaction.atomic():
        journal.take(phone.realm)
        lock = ScreenLock.objects.select_related("enrolment").filter(phone=phone).first()
        if lock is None or not ScreenLock.objects.filter(pk=lock.pk).delete()[0]:
            return False
        journal.record(phone.realm, "screen_lock.turned_off", str(lock.enrolment.reference), reason=reason)
    return True


def _require(phone: Phone) -> ScreenLock:
    lock = ScreenLock.objects.select_related("enrolment__realm").filter(phone=phone).first()
    if lock is None:
        raise ScreenLockMissing("no screen lock is set up on this phone")
    if _stale(lock):
        raise ScreenLockStale("the PIN isn't the one that was sealed")
    if is_pin_due(phone, lock):
        raise PinDue("the PIN is asked for again")
    return lock


def is_pin_due(phone: Phone, lock: ScreenLock) -> bool:
    """Tell whether the PIN itself is asked for: it was typed too long ago, by the realm's clock."""
    # A clock that was set back doesn't make the time longer.
    since = clock.now(phone.realm) - lock.pin_typed_at
    return not timedelta(0) <= since < timedelta(hours=settings.SCREEN_LOCK_PIN_HOURS)


def _stale(lock: ScreenLock) -> bool:
    """Tell whether the pair is another by now, or its PIN was unblocked since."""
    if lock.enrolment.state != Enrolment.State.ACTIVE:
        return True
    unblocked = lock.enrolment.orders.filter(
        function=ServiceOrder.Function.UNBLOCK_AUTHENTICATION, asked_at__gte=lock.created_at
    )
    return unblocked.exists()


def _require_kind(phone: Phone, kind: str) -> None:
    possible = kinds(phone)
    if not possible:
        raise ScreenLockUnsupported("this model's screen lock is not strong enough")
    if kind not in possible:
        raise ScreenLockKindRefused("not this kind on this model", kinds=[str(each) for each in possible])


def _salt(nonce: bytes) -> bytes:
    """Return the PRF extension's input for the credential of this challenge: no secret, but no other's."""
    return hashlib.sha256(b"JPKI screen lock salt" + nonce).digest()
