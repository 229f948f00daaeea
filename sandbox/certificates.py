"""A workspace's certificates: found, held, released, revoked by one call, and handed out with their keys.

Only `ca.revocation` changes a status, and its tables decide what may become of what; here is nothing but whose it is.
"""

import uuid

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PublicFormat,
    load_der_private_key,
    pkcs12,
)
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ca import clock, linkage, revocation
from ca.causes import RULES, Cause, Event
from ca.models import Authority, Certificate, Realm
from ca.profiles import Medium, Purpose
from sandbox import power, sealing, specimens
from sandbox.errors import CauseUnfit, KeyNotHeld
from sandbox.models import VirtualCard, VirtualPhone
from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.jpki import JpkiApplet
from tsm.jpki import AID, Key
from tsm.models import Enrolment
from tsm.purposes import KEYS

HOLDS = [str(cause) for cause, rule in RULES.items() if Event.HOLD in rule.events]
REVOCATIONS = [str(cause) for cause, rule in RULES.items() if Event.REVOKE in rule.events]


def id_of(certificate: Certificate) -> str:
    """Return how the API names a certificate: serial numbers are an authority's own, and each purpose has one."""
    return f"{Purpose(certificate.purpose).slug}-{certificate.serial_number}"


def issued_in(realm: Realm) -> QuerySet[Certificate]:
    """Return the realm's certificates, found by its authorities' ids: those of their serial numbers' index.

    No index leads from a realm to its certificates, and of a join PostgreSQL thinks that a workspace has as many as
    the middle realm: either way it would read every certificate there is.
    """
    issuers = list(Authority.objects.filter(realm=realm).values_list("pk", flat=True))
    return Certificate.objects.filter(issuer__in=issuers)


def of(realm: Realm, *, phone: uuid.UUID | None = None) -> QuerySet[Certificate]:
    """Return the realm's certificates, or those that were issued for one phone.

    Each knows `enrolment_reference` and `phone_reference`, where it is a phone's.
    """
    enrolments = Enrolment.objects.filter(realm=realm)
    as_signature = enrolments.filter(signature_certificate=OuterRef("pk"))
    as_authentication = enrolments.filter(authentication_certificate=OuterRef("pk"))
    rows = issued_in(realm).select_related("realm", "generation", "linked_to", "holder__citizen", "specimen")

    def of_enrolment(path: str) -> Coalesce:
        return Coalesce(Subquery(as_signature.values(path)[:1]), Subquery(as_authentication.values(path)[:1]))

    found = rows.annotate(
        enrolment_reference=of_enrolment("reference"), phone_reference=of_enrolment("phone__reference")
    )
    return found if phone is None else found.filter(phone_reference=phone)


def find(realm: Realm, id: str) -> Certificate | None:
    """Return the realm's certificate that the API names so, or None."""
    slug, _, number = id.rpartition("-")
    purpose = next((one for one in Purpose if one.slug == slug), None)
    if purpose is None or not number:
        return None
    return of(realm).filter(purpose=purpose.value, serial_number=number.upper()).first()


def hold(certificate: Certificate, *, cause: str = Cause.LOSS) -> None:
    """Put a certificate on hold. Raises CauseUnfit, IllegalTransition."""
    _require(certificate, cause, Event.HOLD)
    revocation.hold(certificate, cause=cause, now=clock.now(certificate.realm))


def release(certificate: Certificate) -> None:
    """Make a certificate on hold valid again. Raises IllegalTransition, CardCertificateNotValid."""
    revocation.release(certificate, now=clock.now(certificate.realm))


def revoke(certificate: Certificate, *, cause: str, at_once: bool = False) -> list[int]:
    """Revoke a certificate for good; return the ids of phone certificates that fell with a card's at this moment.

    Without `at_once` those that stand on it fall when the linkage sweep next runs. Raises as `hold` does.
    """
    _require(certificate, cause, Event.REVOKE)
    revocation.revoke(certificate, cause=cause, now=clock.now(certificate.realm))
    return linkage.sweep(certificate.realm) if at_once and certificate.medium == Medium.CARD else []


def _require(certificate: Certificate, cause: str, event: Event) -> None:
    rule = RULES.get(cause)
    if rule is None or event not in rule.events or not rule.concerns(certificate):
        raise CauseUnfit(f"no such certificate meets {event} for that cause", cause=cause)


# --- files --------------------------------------------------------------------------------------------------
def pem(certificate: Certificate, *, chain: bool = False) -> bytes:
    """Return the certificate as PEM; with `chain`, that of its authority's generation after it."""
    octets = [bytes(certificate.der)]
    if chain:
        octets.append(bytes(certificate.generation.certificate))
    return b"".join(x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in octets)


def bundle(certificate: Certificate, password: str) -> bytes:
    """Return certificate, its authority's, and its private key as PKCS#12 (PBES2, AES-256). Needs the seal key.

    Raises KeyNotHeld where the key is in no chip of the workspace any more.
    """
    return pkcs12.serialize_key_and_certificates(
        id_of(certificate).encode(),
        private_key(certificate),
        x509.load_der_x509_certificate(bytes(certificate.der)),
        [x509.load_der_x509_certificate(bytes(certificate.generation.certificate))],
        BestAvailableEncryption(password.encode()),
    )


def private_key(certificate: Certificate) -> rsa.RSAPrivateKey:
    """Return the certificate's private key: a specimen's, or the one in the citizen's card or phone. Raises KeyNotHeld.

    No real chip gives it out. These are test material, and whoever owns the workspace owns what is in its chips.
    """
    found = specimens.key_of(certificate) or _key_in_chip(certificate)
    if found is None:
        raise KeyNotHeld("the key of this certificate is in no chip of the workspace")
    return found


def _key_in_chip(certificate: Certificate) -> rsa.RSAPrivateKey | None:
    key = KEYS[Purpose(certificate.purpose)]
    if certificate.medium == Medium.CARD:
        states = VirtualCard.objects.filter(holder=certificate.holder_id).values_list("sealed_state", flat=True)
        chips = [MyNumberCard.restore(sealing.unseal(bytes(state))).private_key(key) for state in states]
    else:
        enrolments = Enrolment.objects.filter(
            Q(signature_certificate=certificate) | Q(authentication_certificate=certificate)
        )
        phones = VirtualPhone.objects.filter(phone__enrolments__in=enrolments).values_list("sealed_state", flat=True)
        chips = [_in_element(sealing.unseal(bytes(state)), key) for state in phones]
    return next((one for one in map(_loaded, chips) if one is not None and _fits(one, certificate)), None)


def _in_element(state: bytes, key: Key) -> bytes | None:
    applet = Element.restore(state, power.NATIVES).applet(AID)
    return applet.private_key(key) if isinstance(applet, JpkiApplet) else None


def _loaded(octets: bytes | None) -> rsa.RSAPrivateKey | None:
    if octets is None:
        return None
    key = load_der_private_key(octets, None, unsafe_skip_rsa_key_validation=True)
    return key if isinstance(key, rsa.RSAPrivateKey) else None


def _fits(key: rsa.RSAPrivateKey, certificate: Certificate) -> bool:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public == bytes(certificate.public_key)
