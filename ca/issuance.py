"""Issuance: reserve the serial number, assemble, lint, record the intent, sign, store: in that order, each a commit.

A crash at any point leaves a record of what was about to be signed; whoever comes next goes on from there. RSA PKCS#1
v1.5 gives the same signature for the same bytes, so signing a recorded intent again makes no second certificate. No
key is used inside a database transaction.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from ca import assembly, clock, der, journal, keys, linkage, lint, profiles, revocation
from ca.errors import (
    CaError,
    CardCertificateNotValid,
    HolderUnfit,
    IssuanceInProgress,
    IssuanceRefused,
    LinkageWrong,
    LintFailed,
    NoAuthority,
    PhoneCertificateExists,
    PublicKeyTaken,
    PublicKeyUnfit,
    RequestKeyTaken,
)
from ca.models import Authority, Certificate, Generation, Holder, Issuance, Partition, Realm
from ca.profiles import PROFILES, Life, Medium, Profile, Purpose

State = Issuance.State
_REFUSALS = {
    error.code: error
    for error in (
        CardCertificateNotValid,
        HolderUnfit,
        LinkageWrong,
        LintFailed,
        PhoneCertificateExists,
        PublicKeyTaken,
        PublicKeyUnfit,
    )
}


# --- Asking ----------------------------------------------------------------------------------------------------------
def request(
    *,
    realm: Realm,
    purpose: Purpose,
    medium: Medium,
    holder: Holder,
    public_key: bytes,
    linked_to: Certificate | None = None,
    pending: bool = False,
    request_key: str,
    continuation: Mapping[str, Any] | None = None,
) -> Issuance:
    """Ask for a certificate, joining the caller's transaction; the same request_key gives the same row.

    `public_key` is a SubjectPublicKeyInfo in DER, `linked_to` the card certificate that a phone certificate stands on,
    `continuation` {"task": name, "args": [...]}: sent when every request that names the same one is issued or refused.
    Raises LinkageWrong, RequestKeyTaken. What else may be wrong is found when it is issued.
    """
    purpose, medium = Purpose(purpose), Medium(medium)
    _require_linkage(realm, purpose, medium, holder, linked_to)
    issuance, created = Issuance.objects.get_or_create(
        request_key=request_key,
        defaults={
            "realm": realm,
            "purpose": purpose.value,
            "medium": medium.value,
            "holder": holder,
            "public_key": public_key,
            "linked_to": linked_to,
            "pending": pending,
            "requested_at": clock.machine(),
            "continuation": dict(continuation) if continuation is not None else None,
            "continuation_key": _continuation_key(continuation),
        },
    )
    if not created:
        before = (issuance.realm_id, issuance.purpose, issuance.medium, issuance.holder_id, bytes(issuance.public_key))
        asked = (realm.pk, purpose.value, medium.value, holder.pk, public_key)
        if before != asked or issuance.linked_to_id != (linked_to.pk if linked_to else None):
            raise RequestKeyTaken(f"the request key {request_key!r} belongs to another request")
    return issuance


def find(request_key: str) -> Issuance | None:
    """Return the request of that key, or None."""
    return Issuance.objects.filter(request_key=request_key).select_related("certificate").first()


def _require_linkage(
    realm: Realm, purpose: Purpose, medium: Medium, holder: Holder, linked_to: Certificate | None
) -> None:
    if holder.realm_id != realm.pk:
        raise LinkageWrong("the holder belongs to another realm")
    if medium is Medium.CARD:
        if linked_to is not None:
            raise LinkageWrong("a card certificate stands on no other")
        return
    if linked_to is None:
        raise LinkageWrong("a phone certificate stands on a card certificate: none is named")
    named = (linked_to.realm_id, linked_to.holder_id, linked_to.purpose, linked_to.medium)
    if named != (realm.pk, holder.pk, purpose.value, Medium.CARD.value):
        raise LinkageWrong("a phone certificate stands on the same holder's card certificate of the same purpose")


def _continuation_key(continuation: Mapping[str, Any] | None) -> str:
    if continuation is None:
        return ""
    return hashlib.sha256(json.dumps(continuation, sort_keys=True).encode()).hexdigest()


# --- Issuing ---------------------------------------------------------------------------------------------------------
def issue(issuance_id: int) -> Certificate:
    """Issue what was asked for, or return what was issued before; safe to run twice and at once. Needs the CA's keys.

    Raises IssuanceRefused (its code says why) when it is, or was, refused; IssuanceInProgress while another worker
    holds it; KeysUnavailable, NoAuthority.
    """
    issuance = _claim(issuance_id)
    if issuance.state == State.ISSUED:
        return _issued(issuance)
    if issuance.state == State.REFUSED:
        raise _refusal(issuance)
    try:
        recovered = issuance.state == State.SIGNING
        if not recovered:
            _prepare(issuance)
        return _store(issuance, _sign(issuance), recovered=recovered)
    except IssuanceRefused as refused:
        _refuse(issuance, refused)
        raise
    except CaError:
        # Nothing of the request's fault: whoever comes next need not wait for the lease.
        Issuance.objects.filter(pk=issuance.pk, lease_until=issuance.lease_until).update(lease_until=None)
        raise


def issue_many(issuance_ids: Sequence[int]) -> dict[int, Certificate | CaError]:
    """Issue many at once, in few transactions; return, by id, what each became. See `ca.batch`."""
    from ca import batch  # stands on this module

    return batch.issue(issuance_ids)


def lease() -> timedelta:
    """Return how long a worker holds what it claimed."""
    return timedelta(seconds=getattr(settings, "CA_LEASE_SECONDS", 10))


def _claim(issuance_id: int) -> Issuance:
    at = clock.machine()
    claimed = Issuance.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=at),
        pk=issuance_id,
        state__in=[State.REQUESTED, State.RESERVED, State.SIGNING],
    ).update(lease_until=at + lease())
    issuance = Issuance.objects.select_related("realm", "holder", "certificate", "generation", "partition").get(
        pk=issuance_id
    )
    if not claimed and issuance.state not in Issuance.FINAL:
        raise IssuanceInProgress(f"{issuance.request_key} is being issued")
    return issuance


def _prepare(issuance: Issuance) -> None:
    """Bring a claimed request to a recorded intent."""
    realm, profile = issuance.realm, PROFILES[Purpose(issuance.purpose), Medium(issuance.medium)]
    now = clock.now(realm)
    _require_acceptable(issuance, profile, now)
    generation = newest_generation(realm, profile.purpose)
    serial_number = _reserve(issuance, generation)
    twin, pkilinted = _linted_twin(issuance, generation, serial_number, now)
    _record_intent(issuance, generation, twin.tbs_certificate_bytes, now, pkilinted=pkilinted)


def _linted_twin(
    issuance: Issuance, generation: Generation, serial_number: int, now: datetime
) -> tuple[x509.Certificate, bool]:
    """Return what may be signed, in the envelope of its twin, and whether pkilint read it. Raises IssuanceRefused."""
    realm, profile = issuance.realm, PROFILES[Purpose(issuance.purpose), Medium(issuance.medium)]
    twin = assembly.end_entity(_plan(issuance, profile, generation, serial_number, now))
    pkilinted = lint.examine(
        lint.Subject(
            twin=twin,
            profile=profile,
            policy=policy(realm, profile),
            authority=x509.load_der_x509_certificate(bytes(generation.certificate)),
            serial_number=serial_number,
            public_key=bytes(issuance.public_key),
            crl_point=assembly.crl_point_name(
                realm.organisation, profile, issuance.holder.prefecture, issuance.holder.municipality
            ),
            responder_url=responder_url(realm, profile.purpose, profile.medium),
            card_certificate=x509.load_der_x509_certificate(bytes(issuance.linked_to.der))
            if issuance.linked_to
            else None,
        )
    )
    return twin, pkilinted


def _require_acceptable(issuance: Issuance, profile: Profile, now: datetime) -> None:
    """Look at what may have changed since it was asked for."""
    key = assembly.load_public_key(bytes(issuance.public_key))
    identifier = assembly.key_identifier(key).hex().upper()
    same = Certificate.objects.filter(realm=issuance.realm, subject_key_identifier=identifier)
    if same.exclude(holder=issuance.holder_id, purpose=issuance.purpose, medium=issuance.medium).exists():
        raise PublicKeyTaken("the public key is certified for another holder, purpose or medium")
    if same.filter(status=Certificate.Status.REVOKED).exists():
        # Whoever says that the key is gone may lie; a key that was given up is never certified again.
        raise PublicKeyTaken("a certificate of this public key was revoked")
    if profile.medium is Medium.PHONE:
        revocation.require_card_certificate(issuance.linked_to_id, now=now)
        if not issuance.pending and _living_phone_certificates(issuance).exists():
            raise PhoneCertificateExists("the holder has a phone certificate of this purpose that is valid or on hold")


def _living_phone_certificates(issuance: Issuance) -> QuerySet[Certificate]:
    return Certificate.objects.filter(
        realm=issuance.realm,
        holder=issuance.holder_id,
        purpose=issuance.purpose,
        medium=Medium.PHONE,
        status__in=[Certificate.Status.VALID, Certificate.Status.ON_HOLD],
    )


def _reserve(issuance: Issuance, generation: Generation) -> int:
    """Take the next serial number of the authority, once for a request."""
    if issuance.state == State.RESERVED:
        return int(issuance.serial_number, 16)
    with transaction.atomic(durable=True):
        serial_number = take_serial_number(generation.authority)
        text = der.integer_hex(serial_number)
        moved = Issuance.objects.filter(pk=issuance.pk, state=State.REQUESTED).update(
            state=State.RESERVED, serial_number=text
        )
        if moved != 1:
            # The number goes back with this transaction.
            raise IssuanceInProgress(f"{issuance.request_key} was taken over")
    issuance.state, issuance.serial_number = State.RESERVED, text
    return serial_number


def take_serial_number(authority: Authority, count: int = 1) -> int:
    """Take the authority's next serial numbers, inside the caller's transaction; return the first of them."""
    # Written before it is read: the row, or on SQLite the database, is ours from here to the commit.
    Authority.objects.filter(pk=authority.pk).update(next_serial=F("next_serial") + count)
    return Authority.objects.values_list("next_serial", flat=True).get(pk=authority.pk) - count


def _plan(
    issuance: Issuance, profile: Profile, generation: Generation, serial_number: int, now: datetime
) -> assembly.Plan:
    realm, holder = issuance.realm, issuance.holder
    if profile.life is Life.LINKED_CERTIFICATE:
        assert issuance.linked_to is not None  # noqa: S101  (_require_linkage)
        not_after = issuance.linked_to.not_after
    else:
        not_after = assembly.end_of_card_life(now, holder.born_on)
    return assembly.Plan(
        profile=profile,
        policy=policy(realm, profile),
        organisation=realm.organisation,
        issuer=assembly.Issuer.of(generation),
        holder=holder,
        public_key=bytes(issuance.public_key),
        serial_number=serial_number,
        not_before=now.replace(microsecond=0),
        not_after=not_after,
        pseudonym="".join(secrets.choice("0123456789ABCDEFGHIJ") for _ in range(14)),
        responder_url=responder_url(realm, profile.purpose, profile.medium),
    )


def _record_intent(issuance: Issuance, generation: Generation, tbs: bytes, now: datetime, *, pkilinted: bool) -> None:
    """Write down what will be signed, in the row and in the journal, before any key is touched."""
    with transaction.atomic(durable=True):
        journal.take(issuance.realm)
        # Once more, under the realm's turn: from here on the revocation of the card certificate comes after us, and
        # the sweep finds the phone certificate.
        if issuance.medium == Medium.PHONE:
            revocation.require_card_certificate(issuance.linked_to_id, now=now)
        partition = _partition(issuance, generation)
        moved = Issuance.objects.filter(pk=issuance.pk, state=State.RESERVED).update(
            state=State.SIGNING, tbs=tbs, generation=generation, partition=partition
        )
        if moved != 1:
            raise IssuanceInProgress(f"{issuance.request_key} was taken over")
        journal.record_all(issuance.realm, [_intended(issuance, generation, tbs, pkilinted=pkilinted)])
    issuance.state, issuance.tbs = State.SIGNING, tbs
    issuance.generation, issuance.partition = generation, partition


def _partition(issuance: Issuance, generation: Generation) -> Partition:
    """Return the holder's partition, made when there is none. Raises HolderUnfit when the code is another place's."""
    holder = issuance.holder
    partition, _ = Partition.objects.get_or_create(
        generation=generation,
        medium=issuance.medium,
        municipality_code=holder.municipality_code,
        defaults={"prefecture": holder.prefecture, "municipality": holder.municipality},
    )
    if (partition.prefecture, partition.municipality) != (holder.prefecture, holder.municipality):
        raise HolderUnfit(
            f"municipality {holder.municipality_code} is {partition.municipality}", field="municipality_code"
        )
    return partition


def _intended(issuance: Issuance, generation: Generation, tbs: bytes, *, pkilinted: bool) -> journal.Happening:
    data = {
        "request_key": issuance.request_key,
        "purpose": issuance.purpose,
        "medium": issuance.medium,
        "generation": generation.number,
        "tbs_sha256": assembly.digest(tbs),
        "pkilinted": pkilinted,
    }
    return journal.Happening("issuance.intended", issuance.serial_number, data)


def _sign(issuance: Issuance) -> bytes:
    """Sign the recorded intent; return the certificate's DER."""
    assert issuance.generation is not None  # noqa: S101  (state signing)
    assert issuance.tbs is not None  # noqa: S101  (state signing)
    tbs = bytes(issuance.tbs)
    return sign(issuance.generation, tbs)


def sign(generation: Generation, tbs: bytes) -> bytes:
    """Return `tbs` in its envelope, signed by the generation's key and checked with its certificate."""
    return signing(generation)(tbs)


def signing(generation: Generation) -> Callable[[bytes], bytes]:
    """Open the generation's key once; return what puts bytes to be signed into their envelope, as `sign` does."""
    signer = keys.store().open(generation.key_label)
    authority = x509.load_der_x509_certificate(bytes(generation.certificate)).public_key()
    assert isinstance(authority, rsa.RSAPublicKey)  # noqa: S101  (made by the ceremony)

    def sign_one(tbs: bytes) -> bytes:
        signature = signer.sign(tbs)
        # A wrong key, or a fault in the signing, must not leave the house (raises InvalidSignature).
        authority.verify(signature, tbs, padding.PKCS1v15(), hashes.SHA256())
        return der.signed(tbs, signature)

    return sign_one


def _store(issuance: Issuance, certificate_der: bytes, *, recovered: bool) -> Certificate:
    """Keep the signed certificate; who comes second finds the first one's."""
    try:
        return _store_as(issuance, certificate_der, pending=issuance.pending, recovered=recovered)
    except IntegrityError:
        if issuance.medium != Medium.PHONE or issuance.pending or not _living_phone_certificates(issuance).exists():
            raise
    # Signed, and another became valid meanwhile: it exists and must be kept; pending, it is no second valid one.
    return _store_as(issuance, certificate_der, pending=True, recovered=recovered)


def _store_as(issuance: Issuance, certificate_der: bytes, *, pending: bool, recovered: bool) -> Certificate:
    assert issuance.partition is not None  # noqa: S101  (state signing)
    certificate = _as_signed(issuance, certificate_der, pending=pending)
    with transaction.atomic(durable=True):
        journal.take(issuance.realm)
        moved = Issuance.objects.filter(pk=issuance.pk, state=State.SIGNING).update(
            state=State.ISSUED, lease_until=None
        )
        if moved != 1:
            return _issued(Issuance.objects.select_related("certificate").get(pk=issuance.pk))
        certificate.save(force_insert=True)
        linkage.watch([certificate])
        Issuance.objects.filter(pk=issuance.pk).update(certificate=certificate)
        journal.record_all(issuance.realm, [_happened(issuance, certificate, recovered=recovered)])
        # A partition's first certificate calls for its first CRL; a pending one stands on it as on hold.
        if pending or issuance.partition.published_revision < 0:
            revocation.touch([issuance.partition.pk])
    issuance.state, issuance.certificate = State.ISSUED, certificate
    return certificate


def _as_signed(issuance: Issuance, certificate_der: bytes, *, pending: bool) -> Certificate:
    """Return the certificate's row, not yet stored."""
    assert issuance.generation is not None  # noqa: S101  (state signing)
    signed = x509.load_der_x509_certificate(certificate_der)
    identifier = signed.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return Certificate(
        realm=issuance.realm,
        generation=issuance.generation,
        issuer_id=issuance.generation.authority_id,
        partition=issuance.partition,
        serial_number=issuance.serial_number,
        purpose=issuance.purpose,
        medium=issuance.medium,
        holder=issuance.holder,
        der=certificate_der,
        public_key=bytes(issuance.public_key),
        subject_key_identifier=identifier.hex().upper(),
        not_before=signed.not_valid_before_utc,
        not_after=signed.not_valid_after_utc,
        status=Certificate.Status.PENDING if pending else Certificate.Status.VALID,
        cause=revocation.Cause.AWAITING_ACTIVATION if pending else "",
        changed_at=clock.now(issuance.realm),
        linked_to_id=issuance.linked_to_id,
    )


def _happened(issuance: Issuance, certificate: Certificate, *, recovered: bool) -> journal.Happening:
    assert issuance.tbs is not None  # noqa: S101  (state signing)
    data = {
        "request_key": issuance.request_key,
        "purpose": certificate.purpose,
        "medium": certificate.medium,
        "status": str(certificate.status),
        "tbs_sha256": assembly.digest(bytes(issuance.tbs)),
        "certificate_sha256": certificate.fingerprint,
        "settled_after_crash": recovered,
    }
    return journal.Happening("certificate.issued", certificate.serial_number, data)


def _refuse(issuance: Issuance, refused: IssuanceRefused) -> None:
    with transaction.atomic():
        journal.take(issuance.realm)
        # Never once the intent is recorded: then it may have been signed.
        moved = Issuance.objects.filter(pk=issuance.pk, state__in=[State.REQUESTED, State.RESERVED]).update(
            state=State.REFUSED, error_code=refused.code, error_detail=str(refused), lease_until=None
        )
        if moved == 1:
            journal.record(
                issuance.realm,
                "issuance.refused",
                issuance.request_key,
                code=refused.code,
                detail=str(refused),
                serial_number=issuance.serial_number,
            )


def _issued(issuance: Issuance) -> Certificate:
    assert issuance.certificate is not None  # noqa: S101  (state issued)
    return issuance.certificate


def _refusal(issuance: Issuance) -> IssuanceRefused:
    kind = _REFUSALS.get(issuance.error_code, IssuanceRefused)
    if kind is LintFailed:
        return LintFailed([issuance.error_detail])
    return kind(issuance.error_detail)


# --- What a realm and a profile together say -------------------------------------------------------------------------
def policy(realm: Realm, profile: Profile) -> x509.ObjectIdentifier:
    """Return the certificate policy: the card's from the profiles, the phone's from the settings."""
    if profile.medium is Medium.PHONE:
        return x509.ObjectIdentifier(settings.CA_PHONE_POLICY_OIDS[profile.purpose.value])
    return profiles.CARD_POLICIES[realm.kind, profile.purpose]


def responder_url(realm: Realm, purpose: Purpose, medium: Medium) -> str:
    """Return the OCSP URL: one per purpose and medium."""
    return f"{settings.RESPONDER_URL}/ocsp/{realm.slug}/{Purpose(purpose).slug}/{Medium(medium).value}"


def newest_generation(realm: Realm, purpose: Purpose) -> Generation:
    """Return the generation that signs now. Raises NoAuthority."""
    generation = (
        Generation.objects.filter(authority__realm=realm, authority__purpose=purpose)
        .select_related("authority")
        .order_by("-number")
        .first()
    )
    if generation is None:
        raise NoAuthority(f"realm {realm.slug} has no authority for {purpose}: create_authorities makes it")
    return generation


# --- Going on after it -----------------------------------------------------------------------------------------------
def ripe_continuations(issuance_ids: list[int]) -> list[Mapping[str, Any]]:
    """Return the continuations, each once, whose requests are all issued or refused."""
    groups = (
        Issuance.objects.filter(pk__in=issuance_ids)
        .exclude(continuation_key="")
        .values_list("continuation_key")
        .distinct()
    )
    ripe = []
    for (key,) in groups:
        rows = Issuance.objects.filter(continuation_key=key)
        if not rows.exclude(state__in=Issuance.FINAL).exists():
            ripe.append(rows.values_list("continuation", flat=True)[0])
    return [continuation for continuation in ripe if continuation is not None]


def mark_continued(continuation: Mapping[str, Any]) -> None:
    """Note that the broker has a continuation."""
    Issuance.objects.filter(continuation_key=_continuation_key(continuation)).update(continued_at=clock.machine())


def left_behind() -> list[list[int]]:
    """Return the ids of what no worker seems to hold, and of what is done but not continued, in groups for one task.

    Only rows older than the lease: what a living worker does is not touched.
    """
    limit = clock.machine() - lease()
    open_rows = Issuance.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=clock.machine()),
        state__in=[State.REQUESTED, State.RESERVED, State.SIGNING],
        requested_at__lt=limit,
    )
    done_rows = Issuance.objects.filter(state__in=Issuance.FINAL, continued_at=None, requested_at__lt=limit).exclude(
        continuation_key=""
    )
    groups: dict[str, list[int]] = {}
    for pk, key in (open_rows | done_rows).order_by("pk").values_list("pk", "continuation_key")[:1000]:
        groups.setdefault(key or f"alone {pk}", []).append(pk)
    return list(groups.values())
