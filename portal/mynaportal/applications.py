"""What happens to an application: begun, saved, sent to the phone to be signed, received.

The name and the address come from the holder's own signature certificate. Mynaportal is a verifier of both kinds, so
it may ask which signature certificate belongs to the authentication certificate that signed in (article 18(5),
jpki-facts 2); what was filled in is held against the certificate that signed.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ca import clock, journal
from ca.models import Certificate, Holder
from ca.profiles import Medium, Purpose
from portal import attributes, documents
from portal.attributes import Attributes
from portal.handoff import asking, hand_offs, results
from portal.handoff.asking import Asked
from portal.handoff.errors import HandOffUnknown
from portal.handoff.states import OPEN as OPEN_HAND_OFFS
from portal.handoff.states import State as HandOffState
from portal.mynaportal import answering, procedures, registration
from portal.mynaportal.errors import ApplicationNotOpen, NoSignatureCertificate, ServiceNotRegistered
from portal.mynaportal.models import Application
from portal.notices import outbox, texts
from portal.notices.models import Happening

State = Application.State


class Event(StrEnum):
    SEND = "send"
    RETURN = "return"
    RECEIVE = "receive"


LIFE: Mapping[tuple[State, Event], State] = {
    (State.DRAFT, Event.SEND): State.SIGNING,
    (State.SIGNING, Event.RETURN): State.DRAFT,  # declined, out of time, or not this applicant's signature
    (State.SIGNING, Event.RECEIVE): State.FILED,
}


def signature_certificate(holder: Holder) -> Certificate | None:
    """Return the holder's valid signature certificate, the phone's before the card's; None when there is none."""
    now = clock.now(holder.realm)
    found = Certificate.objects.filter(
        holder=holder, purpose=Purpose.SIGNATURE, status=Certificate.Status.VALID, not_after__gte=now
    )
    return next(iter(sorted(found, key=lambda one: (one.medium != Medium.PHONE, -one.pk))), None)


def applicant(holder: Holder) -> Attributes:
    """Return name, address, birth date and sex from the signature certificate. Raise `NoSignatureCertificate`."""
    certificate = signature_certificate(holder)
    told = attributes.of(certificate) if certificate is not None else None
    if told is None:
        raise NoSignatureCertificate("no valid signature certificate")
    return told


def begin(holder: Holder, procedure: procedures.Procedure) -> Application:
    """Return the holder's draft for a procedure: the one that was left, or a new one."""
    standing = Application.objects.filter(holder=holder, procedure=procedure.code, state=State.DRAFT).first()
    if standing is not None:
        return standing
    now = clock.now(holder.realm)
    return Application.objects.create(
        realm=holder.realm, holder=holder, procedure=procedure.code, created_at=now, changed_at=now
    )


def save(application: Application, answers: dict[str, str]) -> None:
    """Keep a draft's answers, whole or not. Raise `ApplicationNotOpen`."""
    now = clock.now(application.realm)
    if not _drafts(application).update(answers=answers, changed_at=now):
        raise ApplicationNotOpen("not a draft")
    application.answers, application.changed_at = answers, now


def discard(application: Application) -> None:
    """Throw a draft away."""
    _drafts(application).delete()


def send(application: Application, *, state: str, code_challenge: str, language: str | None) -> Asked:
    """Fix the document and ask the phone to sign it; the answers must have been checked.

    Raise `NoSignatureCertificate`, `ServiceNotRegistered`, `ApplicationNotOpen`, `DocumentUnavailable`.
    """
    credential = registration.credential(application.realm)
    if credential is None:
        raise ServiceNotRegistered("not in the register")
    told = _as_row(applicant(application.holder))
    procedure = procedures.find(application.procedure)
    if procedure is None:
        raise ApplicationNotOpen("the procedure is no more")
    now = clock.now(application.realm)
    number = application.number or f"{timezone.localdate(now):%Y%m%d}-{application.pk:08d}"
    pdf = document(procedure, told, application.answers, number=number, now=now)
    asked = asking.ask(
        credential,
        purpose=Purpose.SIGNATURE,
        return_url=registration.return_url(),
        pdf=pdf,
        document_name=procedure.name.in_language(language),
        state=state,
        code_challenge=code_challenge,
    )
    if asked.hand_off.state == HandOffState.REFUSED:
        raise ServiceNotRegistered("the register says no", reason=asked.hand_off.reason)
    # As it was read: what another window saved meanwhile is not in the document.
    sent = (
        _drafts(application)
        .filter(changed_at=application.changed_at)
        .update(state=LIFE[State.DRAFT, Event.SEND], hand_off_id=asked.hand_off.id, applicant=told, number=number)
    )
    if not sent:
        raise ApplicationNotOpen("sent or changed in another window")
    return asked


def document(
    procedure: procedures.Procedure,
    applicant: Mapping[str, str],
    answers: Mapping[str, str],
    *,
    number: str,
    now: datetime,
) -> bytes:
    """Return the application as it is signed, PDF. Raise `DocumentUnavailable`."""
    rows = [
        (field.label.ja, answering.shown(field, answers.get(field.code, ""), "ja") or "（なし）")
        for field in procedure.fields
    ]
    context = {
        "procedure": procedure,
        "applicant": applicant,
        "born": texts.moment_day(date.fromisoformat(born)).ja if (born := applicant["born_on"]) else "（不明）",
        "rows": rows,
        "number": number,
        "made": texts.moment(now),
    }
    return documents.pdf("mynaportal/application.html", context)


def settle(application: Application) -> str:
    """Look how asking for the signature ended, and receive what was signed. Safe to call again and at once.

    The application is read anew: filed, still being signed, or a draft again, and then this returns the reason.
    What the hand-off gave stays there: should we have died after the code was redeemed, the next look receives it.
    """
    application.refresh_from_db()
    if application.state != State.SIGNING:
        return ""
    credential = registration.credential(application.realm)
    try:
        hand_off = hand_offs.by_id(str(application.hand_off_id), credential=credential) if credential else None
    except HandOffUnknown:
        hand_off = None
    if hand_off is None:
        return _back(application, "not_registered")
    if hand_off.state in OPEN_HAND_OFFS:
        return ""
    if hand_off.state != HandOffState.ANSWERED:
        return _back(application, str(hand_off.state))
    result = results.of(hand_off)
    if result is None:  # The browser hasn't brought the code: it may still come.
        return ""
    signer = Certificate.objects.filter(
        realm=application.realm, holder=application.holder, purpose=Purpose.SIGNATURE, der=result.certificate
    ).first()
    told = attributes.read(result.certificate)
    if signer is None or told is None or result.pdf is None:
        return _back(application, "another_person")
    if _as_row(told) != application.applicant:
        return _back(application, "attributes_changed")
    _receive(application, result.pdf, signer)
    return ""


def withdraw(application: Application) -> None:
    """Take an application back to be changed; what the phone is still asked for will not be received."""
    _back(application, "withdrawn")


def _receive(application: Application, pdf: bytes, signer: Certificate) -> None:
    now = clock.now(application.realm)
    procedure = procedures.find(application.procedure)
    with transaction.atomic():
        journal.take(application.realm)
        received = _in_state(application, State.SIGNING).update(
            state=LIFE[State.SIGNING, Event.RECEIVE], receipt=pdf, filed_at=now, changed_at=now, signed_with=signer
        )
        if received:
            journal.record(
                application.realm,
                "application.received",
                str(application.reference),
                procedure=application.procedure,
                number=application.number,
                certificate=signer.serial_number,
            )
            name = procedure.name if procedure else None
            said = {
                "procedure_ja": name.ja if name else application.procedure,
                "procedure_en": name.en if name else application.procedure,
                "number": application.number,
            }
            happening = Happening.objects.create(
                realm=application.realm,
                holder=application.holder,
                kind=Happening.Kind.APPLICATION_RECEIVED,
                at=now,
                entries=[said],
            )
            outbox.put(happening, now=now)
    application.refresh_from_db()


def _back(application: Application, reason: str) -> str:
    _in_state(application, State.SIGNING).update(state=LIFE[State.SIGNING, Event.RETURN])
    application.refresh_from_db()
    return reason


def _drafts(application: Application) -> QuerySet[Application]:
    return _in_state(application, State.DRAFT)


def _in_state(application: Application, state: State) -> QuerySet[Application]:
    """Return the row as long as it is in the state, and about the same hand-off, as it was read."""
    return Application.objects.filter(pk=application.pk, state=state, hand_off_id=application.hand_off_id)


def _as_row(told: Attributes) -> dict[str, str]:
    return {
        "name": told.name,
        "address": told.address,
        "born_on": told.born_on.isoformat() if told.born_on else "",
        "sex": told.sex,
    }
