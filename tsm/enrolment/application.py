"""The application: what the holder signs with the card, and what must hold before work begins."""

import secrets
from datetime import datetime

from django.db import transaction

from ca import clock, journal, status
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tsm import measures, store
from tsm.enrolment.ending import abandon, finish
from tsm.enrolment.life import UNDER_WAY, State, move, note, wake
from tsm.enrolment.proofs import pair
from tsm.errors import (
    ApplicationRefused,
    ApplicationTextWrong,
    CardAuthenticationCertificateMissing,
    PhoneInUse,
    PhoneNotSupported,
)
from tsm.jpki import CHALLENGE_LENGTH
from tsm.messaging import parties
from tsm.messaging.functions import CheckGlobalEligibility
from tsm.models import Enrolment, Phone


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


def apply(phone: Phone, *, text: str, certificate: bytes, signature: bytes) -> Enrolment:
    """Take a signed application: verify signature, card certificate and phone, then hand it to the workers.

    `certificate` is the card's signature certificate (DER), `signature` PKCS#1 v1.5 over SHA-256 of the UTF-8 text.
    """
    realm = phone.realm
    now = clock.now(realm)
    _require_eligible(phone)
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
    _report_another(phone, card)
    with transaction.atomic():
        journal.take(realm)
        _require_free(phone)
        _make_room(phone, card, now)
        _require_empty(phone)
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


def _require_eligible(phone: Phone) -> None:
    number = phone.element.identifier if hasattr(phone, "element") else ""
    found = parties.sei().check_global_eligibility(CheckGlobalEligibility(number, phone.model_code))
    if not found.eligible:
        raise PhoneNotSupported("this phone can't hold certificates", reason=found.reasons[0])


def _require_free(phone: Phone) -> None:
    if Enrolment.objects.filter(phone=phone, state__in=UNDER_WAY).exists():
        raise PhoneInUse("this phone has an application under way")


def _require_empty(phone: Phone) -> None:
    if Enrolment.objects.filter(phone=phone, state=State.ACTIVE).exists():
        raise PhoneInUse("this phone has certificates in use")


def _report_another(phone: Phone, card: Certificate) -> None:
    """Tell the measures where the phone is another's: this application, signed with another's card, shows it."""
    active = Enrolment.objects.filter(phone=phone, state=State.ACTIVE).first()
    if active is not None and active.holder_id != card.holder_id:
        measures.report(active, measures.Signal.ANOTHER_HOLDER, source="application")


def _make_room(phone: Phone, card: Certificate, now: datetime) -> None:
    """End the holder's own pair on this phone where this application is to replace it.

    That is one that isn't whole any more, as after a move, or stands on an applet for which there is a newer version.
    """
    active = Enrolment.objects.filter(phone=phone, holder=card.holder, state=State.ACTIVE).first()
    if active is not None and (not _is_whole(active) or store.is_outdated(phone.element.applet_version)):
        finish(active, Cause.PHONE_USE_ENDED, now)


def _is_whole(enrolment: Enrolment) -> bool:
    return all(certificate.status != Certificate.Status.REVOKED for certificate in pair(enrolment).values())


def _require_text(phone: Phone, text: str) -> None:
    if text != application_text(phone):
        raise ApplicationTextWrong("what was signed isn't this phone's next application")


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
