"""The application: what the holder signs with the card, and what must hold before work begins."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from ca import clock, journal, status
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tsm import measures, store
from tsm.enrolment.ending import abandon, finish
from tsm.enrolment.life import UNDER_WAY, State, note_all, wake
from tsm.enrolment.proofs import pair, signed_by
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
    return _text(phone, Enrolment.objects.filter(phone=phone).count() + 1)


def _text(phone: Phone, number: int) -> str:
    return (
        "移動端末設備用電子証明書発行申請\n"
        "スマートフォン用の署名用電子証明書及び利用者証明用電子証明書の発行を申請します。\n"
        f"端末: {phone.name}\n"
        f"端末番号: {phone.reference}\n"
        f"この端末での申請: {number}回目\n"
    )


def is_holders(enrolment: Enrolment) -> bool:
    """Tell whether the row says what a holder's card has signed: for this phone, by his own card, as its n-th.

    The site has asked all this before it wrote the row. A worker asks again before it has anything certified: the site
    is what strangers reach, and whoever got hold of it could write rows, but sign none.
    """
    card, authentication, phone = (
        enrolment.card_signature_certificate,
        enrolment.card_authentication_certificate,
        enrolment.phone,
    )
    number = Enrolment.objects.filter(phone=phone, pk__lte=enrolment.pk).count()
    return (
        {card.holder_id, authentication.holder_id} == {enrolment.holder_id}
        and {card.realm_id, authentication.realm_id, phone.realm_id} == {enrolment.realm_id}
        and {card.medium, authentication.medium} == {Medium.CARD}
        and (card.purpose, authentication.purpose) == (Purpose.SIGNATURE, Purpose.USER_AUTHENTICATION)
        and enrolment.element.phone_id == phone.pk
        and _but_for_the_name(enrolment.application_text) == _but_for_the_name(_text(phone, number))
        and signed_by(card, enrolment.application_text.encode(), bytes(enrolment.application_signature))
    )


def _but_for_the_name(text: str) -> list[str]:
    # What a phone is called may have changed since.
    return [line for line in text.split("\n") if not line.startswith("端末: ")]


def apply(phone: Phone, *, text: str, certificate: bytes, signature: bytes) -> Enrolment:
    """Take a signed application: verify signature, card certificate and phone, then hand it to the workers.

    `certificate` is the card's signature certificate (DER), `signature` PKCS#1 v1.5 over SHA-256 of the UTF-8 text.
    """
    realm = phone.realm
    now = clock.now(realm)
    _require_eligible(phone)
    earlier = list(Enrolment.objects.filter(phone=phone).order_by())
    _require_free(earlier, text, signature)
    _require_text(phone, earlier, text)
    verdict = status.check_signature(
        realm, certificate, text.encode(), signature, now=now, purpose=Purpose.SIGNATURE, medium=Medium.CARD
    )
    if verdict.standing is not status.Standing.VALID or verdict.certificate is None:
        reasons = [str(reason) for reason in verdict.reasons]
        journal.record(realm, "enrolment.refused", str(phone.reference), reasons=reasons)
        raise ApplicationRefused("the application's signature doesn't hold", reasons=reasons)
    card = verdict.certificate
    authentication = _card_authentication(realm, card, now)
    _report_another(earlier, card)
    with transaction.atomic():
        journal.take(realm)
        standing = list(
            Enrolment.objects.filter(
                Q(phone=phone) | Q(realm=realm, holder=card.holder_id, state__in=(*UNDER_WAY, State.ACTIVE))
            ).order_by()
        )
        on_phone = [one for one in standing if one.phone_id == phone.pk]
        _require_free(on_phone, text, signature)
        _make_room(phone, on_phone, card, now)
        if any(one.state == State.ACTIVE for one in on_phone):
            raise _in_use("this phone has certificates in use", on_phone, text, signature)
        _require_text(phone, on_phone, text)
        of_holder = [one for one in standing if one.holder_id == card.holder_id]
        for one in of_holder:
            if one.state in UNDER_WAY:
                abandon(one, trouble="newer_application")
        # Applied and verified are one moment: what isn't verified leaves no row.
        enrolment = Enrolment.objects.create(
            realm=realm,
            holder_id=card.holder_id,
            phone=phone,
            element=phone.element,
            state=State.VERIFIED,
            state_since=now,
            created_at=now,
            application_text=text,
            application_signature=signature,
            card_signature_certificate=card,
            card_authentication_certificate=authentication,
            challenge=secrets.token_bytes(CHALLENGE_LENGTH),
            replaces=next((one for one in of_holder if one.state == State.ACTIVE), None),
        )
        detail = {"certificate": card.serial_number}
        note_all(enrolment, [(State.APPLIED, {"phone": phone.name}), (State.VERIFIED, detail)])
        journal.record(realm, f"enrolment.{State.VERIFIED}", str(enrolment.reference), **detail)
        wake(enrolment)
    return enrolment


def _require_eligible(phone: Phone) -> None:
    number = phone.element.identifier if hasattr(phone, "element") else ""
    found = parties.sei().check_global_eligibility(CheckGlobalEligibility(number, phone.model_code))
    if not found.eligible:
        raise PhoneNotSupported("this phone can't hold certificates", reason=found.reasons[0])


def _require_free(on_phone: Sequence[Enrolment], text: str, signature: bytes) -> None:
    if any(one.state in UNDER_WAY for one in on_phone):
        raise _in_use("this phone has an application under way", on_phone, text, signature)


def _in_use(message: str, on_phone: Iterable[Enrolment], text: str, signature: bytes) -> PhoneInUse:
    """Return the refusal. Where it is this very application that was accepted before, it says under which reference.

    The answer to the first may have been lost on its way, and the phone would never learn what it has to go on with.
    """
    same = next(
        (
            one
            for one in on_phone
            if (one.application_text, bytes(one.application_signature)) == (text, signature)
            and one.state in (*UNDER_WAY, State.ACTIVE)
        ),
        None,
    )
    return PhoneInUse(message, **({"enrolment": str(same.reference)} if same is not None else {}))


def _report_another(on_phone: Iterable[Enrolment], card: Certificate) -> None:
    """Tell the measures where the phone is another's: this application, signed with another's card, shows it."""
    for active in on_phone:
        if active.state == State.ACTIVE and active.holder_id != card.holder_id:
            measures.report(active, measures.Signal.ANOTHER_HOLDER, source="application")


def _make_room(phone: Phone, on_phone: Iterable[Enrolment], card: Certificate, now: datetime) -> None:
    """End the holder's own pair on this phone where this application is to replace it.

    That is one that isn't whole any more, as after a move, or stands on an applet for which there is a newer version.
    """
    for active in on_phone:
        if active.state != State.ACTIVE or active.holder_id != card.holder_id:
            continue
        if not _is_whole(active) or store.is_outdated(phone.element.applet_version):
            finish(active, Cause.PHONE_USE_ENDED, now)


def _is_whole(enrolment: Enrolment) -> bool:
    return all(certificate.status != Certificate.Status.REVOKED for certificate in pair(enrolment).values())


def _require_text(phone: Phone, on_phone: Sequence[Enrolment], text: str) -> None:
    if text != _text(phone, len(on_phone) + 1):
        raise ApplicationTextWrong("what was signed isn't this phone's next application")


def _card_authentication(realm: Realm, card: Certificate, now: datetime) -> Certificate:
    valid = Certificate.objects.filter(
        realm=realm,
        holder=card.holder_id,
        purpose=Purpose.USER_AUTHENTICATION,
        medium=Medium.CARD,
        status=Certificate.Status.VALID,
        not_after__gt=now,
    )
    found = max(valid, key=lambda one: one.pk, default=None)
    if found is None:
        raise CardAuthenticationCertificateMissing("the card has no valid user authentication certificate")
    return found
