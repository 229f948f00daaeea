"""Ceremonies: a realm and its authorities come into being, and their keys get successors.

Each key that is made and each use of one stands in the journal, the intent before the deed. A ceremony that died on
the way is held again: what it left in a key store has a label of its own, and is never taken for another.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.db import IntegrityError, transaction

from ca import assembly, clock, der, issuance, journal, keys, lint, responders, transcript
from ca.errors import GenerationOutOfTurn
from ca.keys import KeyStore
from ca.models import Authority, Generation, Realm, ResponderKey
from ca.profiles import Purpose


@dataclass(frozen=True)
class MadeKey:
    """A key that is in a store: its label, and its SubjectPublicKeyInfo, DER."""

    label: str
    public_key: bytes


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
    """Give the realm its two authorities: first generation and responder's key each. Needs both key stores.

    Safe to run again: what exists stays as it is; a generation in its time whose responder ends soon gets a new one.
    """
    return [_create_authority(realm, purpose) for purpose in Purpose]


# --- The same in two halves, each with one key store: for a realm that workers make, none of which has both
def create_responder_keys(realm: Realm) -> dict[Purpose, MadeKey]:
    """Make the keys of a new realm's two responders. Needs the responders' key store alone."""
    made = {}
    for purpose in Purpose:
        authority, _ = Authority.objects.get_or_create(realm=realm, purpose=purpose.value)
        made[purpose] = _create_responders_own_key(Generation(authority=authority, number=1))
    return made


def create_authorities_for(realm: Realm, responder_keys: Mapping[Purpose, MadeKey]) -> list[Authority]:
    """Give the realm its two authorities, with responders that have these keys. Needs the authorities' key store alone.

    Safe to run again, and at once: what exists stays as it is.
    """
    authorities = []
    for purpose in Purpose:
        authority, _ = Authority.objects.get_or_create(realm=realm, purpose=purpose.value)
        if not authority.generations.exists():
            _create_generation(authority, 1, responder_keys[purpose])
        authorities.append(authority)
    return authorities


def create_next_responder_key(realm: Realm, purpose: Purpose, number: int) -> MadeKey:
    """Make the key of a responder for a generation, also one that is still to come. Needs the responders' store alone.

    Raises NoAuthority.
    """
    authority = issuance.newest_generation(realm, purpose).authority
    return _create_responders_own_key(Generation(authority=authority, number=number))


def next_generation_for(realm: Realm, purpose: Purpose, number: int, responder_key: MadeKey) -> Generation:
    """Give the authority its next generation, with a responder that has this key. Needs the authorities' store alone.

    Raises GenerationOutOfTurn, NoAuthority.
    """
    return _create_generation(_next_in_turn(realm, purpose, number).authority, number, responder_key)


def certify_responder_keys(realm: Realm, purpose: Purpose, made: Mapping[int, MadeKey]) -> list[ResponderKey]:
    """Give generations, by number, responders that have these keys. Needs the authorities' store alone.

    Safe to run again: a key that has a certificate stays as it is. Raises NoAuthority.
    """
    found = []
    for generation in issuance.newest_generation(realm, purpose).authority.generations.order_by("number"):
        key = made.get(generation.number)
        if key is None:
            continue
        known = ResponderKey.objects.filter(generation=generation, key_label=key.label).order_by("pk").first()
        found.append(known or _certify_responder_key(generation, key))
    return found


def generations_in_time(realm: Realm, purpose: Purpose) -> list[int]:
    """Return the numbers of the authority's generations that are in their time, oldest first. Raises NoAuthority."""
    now = clock.now(realm)
    rows = issuance.newest_generation(realm, purpose).authority.generations.order_by("number")
    return [generation.number for generation in rows if _in_its_time(generation, now)]


def _create_authority(realm: Realm, purpose: Purpose) -> Authority:
    authority, _ = Authority.objects.get_or_create(realm=realm, purpose=purpose.value)
    generations = list(authority.generations.order_by("number"))
    if not generations:
        _create_generation(authority, 1)
    now = clock.now(realm)
    for generation in generations:
        key = responders.newest(generation, now)
        if key is None or responders.is_due(key, now):
            _create_responder_key(generation)
    return authority


def next_generation(realm: Realm, purpose: Purpose, *, number: int | None = None) -> Generation:
    """Give the authority a new key under its old name, with the next serial number of its one counter.

    Its responder comes with it, in one commit; from then on the new generation signs what is issued, and the one
    before it goes on with its CRLs and OCSP. `number`, when given, must be the number that it will have: so a command
    that is run twice makes one generation. Needs both key stores. Raises GenerationOutOfTurn, NoAuthority.
    """
    last = _next_in_turn(realm, purpose, number)
    return _create_generation(last.authority, last.number + 1)


def _next_in_turn(realm: Realm, purpose: Purpose, number: int | None) -> Generation:
    """Return the newest generation, after which `number` comes next."""
    last = issuance.newest_generation(realm, purpose)
    if number is not None and number != last.number + 1:
        raise GenerationOutOfTurn(f"the newest generation is {last.number}: {number} does not come next")
    return last


def next_responder_keys(realm: Realm, purpose: Purpose) -> list[ResponderKey]:
    """Give each generation of the authority that is in its time a responder with a new key. Needs both key stores."""
    now = clock.now(realm)
    # Raises NoAuthority where there is nothing to give one to.
    generations = issuance.newest_generation(realm, purpose).authority.generations.order_by("number")
    return [_create_responder_key(generation) for generation in generations if _in_its_time(generation, now)]


def _in_its_time(generation: Generation, now: datetime) -> bool:
    own = x509.load_der_x509_certificate(bytes(generation.certificate))
    return own.not_valid_before_utc <= now < own.not_valid_after_utc


def _create_generation(authority: Authority, number: int, responder_key: MadeKey | None = None) -> Generation:
    generation = _certify_generation(authority, number)
    responder_key = responder_key or _create_responders_own_key(generation)
    responder = responders.certify(generation, responder_key.label, responder_key.public_key)
    try:
        with transaction.atomic(durable=True):
            journal.take(authority.realm)
            # Together: no moment in which it signs certificates that nobody can answer for.
            generation.save(force_insert=True)
            journal.record(
                authority.realm,
                "authority.created",
                generation.serial_number,
                purpose=authority.purpose,
                generation=number,
                key_label=generation.key_label,
                subject_key_identifier=generation.subject_key_identifier,
                certificate_sha256=assembly.digest(bytes(generation.certificate)),
            )
            responder.generation = generation
            responders.store(responder, "responder.created")
    except IntegrityError:
        raise GenerationOutOfTurn(f"generation {number} was made by another ceremony at the same time") from None
    return generation


def _certify_generation(authority: Authority, number: int) -> Generation:
    """Return a generation, not yet stored: its key made, its certificate signed by itself."""
    realm, purpose = authority.realm, Purpose(authority.purpose)
    generation = Generation(authority=authority, number=number)
    made = _create_key(keys.store(), "authorities", generation)
    generation.key_label, public_key = made.label, made.public_key
    serial_number = responders.reserve(authority)
    twin = assembly.authority_certificate(
        organisation=realm.organisation,
        purpose=purpose,
        public_key=public_key,
        serial_number=serial_number,
        not_before=clock.now(realm),
    )
    lint.examine_authority(twin)
    responders.record_intent(authority, "authority.intended", serial_number, twin, generation.key_label)
    transcript.keep(realm)
    signature = keys.store().open(generation.key_label).sign(twin.tbs_certificate_bytes)
    responders.record_use(authority, serial_number, twin, generation.key_label)
    assembly.load_public_key(public_key).verify(
        signature, twin.tbs_certificate_bytes, padding.PKCS1v15(), hashes.SHA256()
    )
    identifier = twin.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    generation.certificate = der.signed(twin.tbs_certificate_bytes, signature)
    generation.subject_key_identifier = identifier.hex().upper()
    generation.serial_number = der.integer_hex(serial_number)
    return generation


def _create_responder_key(generation: Generation) -> ResponderKey:
    return _certify_responder_key(generation, _create_responders_own_key(generation))


def _certify_responder_key(generation: Generation, made: MadeKey) -> ResponderKey:
    responder = responders.certify(generation, made.label, made.public_key)
    with transaction.atomic(durable=True):
        journal.take(generation.authority.realm)
        responders.store(responder, "responder.created")
    return responder


def _create_responders_own_key(generation: Generation) -> MadeKey:
    return _create_key(keys.responder_store(), "responders", generation, ".ocsp")


def _create_key(store: KeyStore, name: str, generation: Generation, suffix: str = "") -> MadeKey:
    authority = generation.authority
    transcript.require_running(authority.realm)
    slug = Purpose(authority.purpose).slug
    # A label of its own for each try: a key that a crash left behind is never taken for another.
    label = f"{authority.realm.slug}.{slug}.{generation.number}{suffix}.{secrets.token_hex(4)}".lower()
    public_key = store.create(label)
    journal.record(
        authority.realm,
        "key.created",
        label,
        store=name,
        purpose=authority.purpose,
        generation=generation.number,
        public_key_sha256=assembly.digest(public_key),
    )
    return MadeKey(label, public_key)
