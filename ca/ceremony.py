"""Ceremonies: a realm and its authorities come into being. Safe to run again: what exists stays as it is."""

import secrets
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.db import transaction

from ca import assembly, clock, der, issuance, journal, keys, lint
from ca.models import Authority, Generation, Realm, ResponderKey
from ca.profiles import Purpose

RENEW_RESPONDER_BEFORE = timedelta(days=90)


def create_realm(
    slug: str,
    *,
    name: str = "",
    kind: str = Realm.Kind.SANDBOX,
    organisation: str = "JPKI-TEST",
    clock_offset: timedelta = timedelta(),
) -> Realm:
    """Return the realm of that slug, made when there is none."""
    realm, _ = Realm.objects.get_or_create(
        slug=slug,
        defaults={"name": name or slug, "kind": kind, "organisation": organisation, "clock_offset": clock_offset},
    )
    return realm


def create_authorities(realm: Realm) -> list[Authority]:
    """Give the realm its two authorities: first generation and responder's key each. Needs both key stores."""
    return [_create_authority(realm, purpose) for purpose in Purpose]


def _create_authority(realm: Realm, purpose: Purpose) -> Authority:
    authority, _ = Authority.objects.get_or_create(realm=realm, purpose=purpose.value)
    generation = authority.generations.order_by("-number").first()
    if generation is None:
        generation = _create_generation(authority, 1)
    renewal = clock.now(realm) + RENEW_RESPONDER_BEFORE
    if not generation.responder_keys.filter(not_before__lte=clock.now(realm), not_after__gt=renewal).exists():
        _create_responder_key(generation)
    return authority


def _create_generation(authority: Authority, number: int) -> Generation:
    realm, purpose = authority.realm, Purpose(authority.purpose)
    # A label of its own for each try: a key that a crash left behind is never taken for another.
    label = f"{realm.slug}.{purpose.slug}.{number}.{secrets.token_hex(4)}".lower()
    public_key = keys.store().create(label)
    serial_number = _reserve(authority)
    twin = assembly.authority_certificate(
        organisation=realm.organisation,
        purpose=purpose,
        public_key=public_key,
        serial_number=serial_number,
        not_before=clock.now(realm),
    )
    lint.examine_authority(twin)
    identifier = twin.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex().upper()
    _record_intent(authority, "authority.intended", serial_number, twin, label)
    signature = keys.store().open(label).sign(twin.tbs_certificate_bytes)
    assembly.load_public_key(public_key).verify(
        signature, twin.tbs_certificate_bytes, padding.PKCS1v15(), hashes.SHA256()
    )
    certificate = der.signed(twin.tbs_certificate_bytes, signature)
    with transaction.atomic(durable=True):
        generation = Generation.objects.create(
            authority=authority,
            number=number,
            certificate=certificate,
            subject_key_identifier=identifier,
            serial_number=der.integer_hex(serial_number),
            key_label=label,
        )
        journal.record(
            realm,
            "authority.created",
            der.integer_hex(serial_number),
            purpose=purpose.value,
            generation=number,
            certificate_sha256=assembly.digest(certificate),
        )
    return generation


def _create_responder_key(generation: Generation) -> ResponderKey:
    authority = generation.authority
    realm, purpose = authority.realm, Purpose(authority.purpose)
    label = f"{realm.slug}.{purpose.slug}.{generation.number}.ocsp.{secrets.token_hex(4)}".lower()
    public_key = keys.responder_store().create(label)
    serial_number = _reserve(authority)
    own = x509.load_der_x509_certificate(bytes(generation.certificate))
    twin = assembly.responder_certificate(
        organisation=realm.organisation,
        purpose=purpose,
        issuer=assembly.Issuer.of(generation),
        public_key=public_key,
        serial_number=serial_number,
        not_before=clock.now(realm),
        latest_end=own.not_valid_after_utc,
    )
    lint.examine_responder(twin)
    _record_intent(authority, "responder.intended", serial_number, twin, label)
    certificate = issuance.sign(generation, twin.tbs_certificate_bytes)
    with transaction.atomic(durable=True):
        key = ResponderKey.objects.create(
            generation=generation,
            certificate=certificate,
            serial_number=der.integer_hex(serial_number),
            key_label=label,
            not_before=twin.not_valid_before_utc,
            not_after=twin.not_valid_after_utc,
        )
        journal.record(
            realm,
            "responder.created",
            der.integer_hex(serial_number),
            purpose=purpose.value,
            generation=generation.number,
            certificate_sha256=assembly.digest(certificate),
        )
    return key


def _reserve(authority: Authority) -> int:
    with transaction.atomic(durable=True):
        return issuance.take_serial_number(authority)


def _record_intent(authority: Authority, kind: str, serial_number: int, twin: x509.Certificate, label: str) -> None:
    journal.record(
        authority.realm,
        kind,
        der.integer_hex(serial_number),
        purpose=authority.purpose,
        key_label=label,
        tbs_sha256=assembly.digest(twin.tbs_certificate_bytes),
    )
