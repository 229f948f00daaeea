"""Faults of the responder: before its desk stands one (RESPONDER_DESKS) that looks whether a workspace armed something.

What is told is made as the truth is, by the same code and, where it is signed properly, with the same responder's key;
nothing of it is kept, and a workspace's late answer keeps nobody else's waiting: no thread waits for it.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ca import assembly, clock, der, responder
from ca.connections import connections
from ca.models import Certificate, Realm
from ca.ocsp import access, endpoint, standing
from ca.ocsp import house as houses
from ca.ocsp.answer import VALIDITY, Asked, Draft, ResponseStatus, drafted, refused, response_data, sign
from ca.ocsp.house import Speaker
from ca.ocsp.request import Question
from ca.ocsp.standing import Standing
from ca.profiles import Medium, Purpose
from ca.reply import NO_STORE, TEXT, Reply, Request
from ca.revocation import Cause
from ca.serving import Connection, Desk, Trouble
from sandbox.faults import arming, lists, standins, strangers
from sandbox.faults.about import About
from sandbox.faults.catalogue import Place
from sandbox.faults.forging import properly
from sandbox.faults.standins import OTHERS
from sandbox.models import Fault

logger = logging.getLogger(__name__)

THREADS = 4
REFUSALS = {
    "ocsp_try_later": ResponseStatus.TRY_LATER,
    "ocsp_internal_error": ResponseStatus.INTERNAL_ERROR,
    "ocsp_unauthorized": ResponseStatus.UNAUTHORIZED,
}
AWAY = Reply("503 Service Unavailable", TEXT, b"away\n", (*NO_STORE, ("Retry-After", "5")))


@dataclass(frozen=True)
class Told:
    """What is said in place of the truth; `late`: so many seconds later, and without a reply the truth is said then."""

    reply: Reply | None
    late: float = 0.0


class FaultyDesk:
    """A desk before the responder's, which answers itself where a fault strikes. Made in the event loop."""

    def __init__(self, inner: Desk) -> None:
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS, "faults")

    def take(self, request: Request, connection: Connection) -> None:
        """Have a thread look whether something is armed; the responder's own desk goes on where nothing is."""
        self._threads.submit(self._look, request, connection)

    def refusal(self, trouble: Trouble, target: bytes) -> Reply:
        """Return what the responder's desk says."""
        return self._inner.refusal(trouble, target)

    async def close(self) -> None:
        """End, and let the responder's desk end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._inner.close()

    def _look(self, request: Request, connection: Connection) -> None:
        try:
            with connections():
                told = told_to(request)
        except Exception:
            logger.exception("a fault could not be looked for")
            told = None
        self._loop.call_soon_threadsafe(self._go_on, request, connection, told)

    def _go_on(self, request: Request, connection: Connection, told: Told | None) -> None:
        if told is None:
            self._inner.take(request, connection)
        elif told.reply is None:
            self._loop.call_later(told.late, self._inner.take, request, connection)
        else:
            connection.reply(told.reply)


def told_to(request: Request) -> Told | None:
    """Return what a request is told in place of the truth; None where nothing is armed for it. It may wait."""
    slug = _slug(request)
    if not slug:
        return None
    realm = Realm.objects.filter(slug=slug).first()
    place = Place.OCSP if request.target.startswith(endpoint.PREFIX) else Place.CRL
    # The one query of a realm in which nothing is armed.
    if realm is None or not arming.standing(realm).filter(place=place).exists():
        return None
    return _ocsp(request, realm) if place is Place.OCSP else _list(request, realm)


def _slug(request: Request) -> str:
    """Return the realm that a request is about; empty where it is about nothing that is signed."""
    parts = request.target.partition(b"?")[0].split(b"/")
    signed = len(parts) > 2 and parts[1] in (b"ocsp", b"crl", b"directory")
    return parts[2].decode("ascii", "replace") if signed else ""


def _ocsp(request: Request, realm: Realm) -> Told | None:
    houses.current()
    asked = endpoint.asked(request)
    if asked is None:
        return None
    purpose = _purpose(asked)
    if not access.is_open():
        try:
            access.verifier(request, access.Subject(realm, purpose, asked.medium))
        except access.NotAVerifier:
            return None  # who may not ask isn't lied to either
    numbers = tuple(der.integer_hex(max(one.serial_number, 0)) for one in asked.request.questions)
    about = About(realm.pk, str(purpose), str(asked.medium), numbers)
    fault = arming.hit(
        realm.pk, Place.OCSP, clients=about.clients, hand_offs=about.hand_offs, fits=lambda fault: about.fits(fault)
    )
    if fault is None:
        return None
    if fault.name == "ocsp_away":
        return Told(AWAY)
    if fault.name == "ocsp_late":
        return Told(None, late=float(fault.parameters["seconds"]))
    if fault.name in REFUSALS:
        return Told(refused(REFUSALS[fault.name]).uncached)
    body = _answer(fault, asked)
    return None if body is None else Told(replace(refused(ResponseStatus.TRY_LATER).uncached, body=body))


def _answer(fault: Fault, asked: Asked) -> bytes | None:
    """Return the false OCSPResponse (DER); None where even the truth can't be told."""
    seen = standing.seen(standing.read(asked.reading))
    draft = drafted(asked, seen, time.monotonic())
    if draft is None:
        return None
    name = fault.name
    if name == "ocsp_malformed":
        whole = _signed(draft)
        return whole and whole[: len(whole) // 2]
    if name == "ocsp_signature_wrong":
        signature = sign(draft.key_label, draft.data)
        return _bytes(draft, signature[:-1] + bytes((signature[-1] ^ 1,)))
    if name == "ocsp_unsigned":
        return _bytes(draft, b"")
    if name == "ocsp_signer_wrong":
        return _by_stranger(draft)
    if name == "ocsp_signer_of_other_authority":
        return _by_other_authority(draft)
    if name == "ocsp_signer_not_delegated":
        return _by_holder(draft)
    return _signed(_changed(draft, fault, seen))


def _changed(draft: Draft, fault: Fault, seen: standing.Look) -> Draft:
    """Return the answer with something else in it, to be signed properly."""
    request, found, now = draft.asked.request, draft.found, _now(draft)
    name = fault.name
    if name == "ocsp_card_says_good":
        name = "good" if draft.asked.medium is Medium.CARD else "ocsp_revoked"
        found = tuple(seen.standings.get(one) if one else None for one in draft.asked.names)
    if name in ("ocsp_revoked", "ocsp_on_hold", "good"):
        found = tuple(None if one is None else _standing(one, name, now.timestamp()) for one in found)
    elif name == "ocsp_unknown":
        found = tuple(None for _ in found)
    elif name == "ocsp_stale":
        now -= 3 * VALIDITY
    elif name == "ocsp_future":
        now += 3 * VALIDITY
    elif name == "ocsp_nonce_missing":
        request = replace(request, nonce=None)
    elif name == "ocsp_nonce_other":
        # Its value is an OCTET STRING in the extension's own.
        other = der.tlv(der.OCTET_STRING, secrets.token_bytes(32))
        request = replace(request, nonce=other)
    elif name == "ocsp_about_another":
        request = replace(request, questions=tuple(_about_another(one) for one in request.questions))
        found = tuple(None if one is None else _standing(one, "good", now.timestamp()) for one in found)
    return replace(draft, data=response_data(request, draft.speaker, found, now), found=found)


def _standing(one: Standing, name: str, now: float) -> Standing:
    if name == "good":
        return replace(one, status=Certificate.Status.VALID.value)
    held = name == "ocsp_on_hold"
    status = Certificate.Status.ON_HOLD if held else Certificate.Status.REVOKED
    cause = Cause.LOSS if held else Cause.HOLDER_REQUEST
    return replace(one, status=status.value, cause=str(cause), since=int(now))


def _about_another(question: Question) -> Question:
    """Return the CertID of the next serial number: the last INTEGER of its octets."""
    number = question.serial_number + 1
    whole = question.encoded
    # CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
    old = der.tlv(0x02, _integer(question.serial_number))
    inner = _content(whole)[: -len(old)] + der.tlv(0x02, _integer(number))
    return replace(question, encoded=der.tlv(der.SEQUENCE, inner), serial_number=number)


def _integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _content(encoded: bytes) -> bytes:
    length = encoded[1]
    return encoded[2:] if length < 0x80 else encoded[2 + (length & 0x7F) :]


# --- other signers
def _by_stranger(draft: Draft) -> bytes:
    """Have a responder of the look-alike authority sign, with the true responder's name."""
    key = strangers.responder_key()
    certificate = strangers.copy_of(draft.speaker.certificate, key=key, signed_by=strangers.authority_key())
    return _by(draft, certificate, key)


def _by_other_authority(draft: Draft) -> bytes | None:
    """Have the true responder of the realm's other authority sign."""
    asked = draft.asked
    for issuer in asked.house.generations(asked.realm, OTHERS[_purpose(asked)]):
        speaker = issuer.speaker(_now(draft))
        if speaker is not None:
            data = response_data(asked.request, speaker, draft.found, _now(draft))
            return _bytes(replace(draft, speaker=speaker, data=data), sign(speaker.key_label, data))
    return None


def _by_holder(draft: Draft) -> bytes | None:
    """Have the key of a certificate of the same authority sign, to which nothing was delegated."""
    signer = standins.find(draft.asked.realm, _purpose(draft.asked), Medium.PHONE, "valid")
    return None if signer is None else _by(draft, signer.certificate, signer.key)


def _by(draft: Draft, certificate: bytes, key: rsa.RSAPrivateKey) -> bytes:
    bits = assembly.public_key_bits(x509.load_der_x509_certificate(certificate))
    identifier = hashlib.sha1(bits, usedforsecurity=False).digest()
    speaker = Speaker("", certificate, identifier, draft.speaker.not_before, draft.speaker.not_after)
    data = response_data(draft.asked.request, speaker, draft.found, _now(draft))
    return _bytes(replace(draft, speaker=speaker, data=data), properly(key, data))


def _signed(draft: Draft) -> bytes:
    return _bytes(draft, sign(draft.key_label, draft.data))


def _bytes(draft: Draft, signature: bytes) -> bytes:
    """Return the OCSPResponse; a fault takes the time that it takes."""
    made = replace(draft, begun=time.monotonic()).signed(signature)
    return b"" if made is None else made.der


def _now(draft: Draft) -> datetime:
    return (clock.machine() + timedelta(microseconds=draft.offset)).replace(microsecond=0)


def _purpose(asked: Asked) -> Purpose:
    for (realm, purpose), issuers in asked.house.issuers.items():
        if realm == asked.realm.pk and asked.issuer in issuers:
            return Purpose(purpose)
    raise LookupError("an issuer of no authority")


def _list(request: Request, realm: Realm) -> Told | None:
    true = responder.respond(request)
    if true.status != "200 OK":
        return None
    fault = arming.hit(realm.pk, Place.CRL, fits=lambda fault: lists.fits(fault, request.target, true))
    if fault is None:
        return None
    if fault.name == "crl_away":
        return Told(AWAY)
    return Told(lists.told(fault, realm, true))
