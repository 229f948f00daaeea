"""Responder certificates: one delegated OCSP responder for each generation, renewed ahead of its end.

The responder's key lives in a store that no `ca` worker can open, and the authority's in one that no responder can. So
the key stays and its certificate is renewed: the `ca` worker takes the public key from the certificate that ends, and
signs the next one for it; the responder finds it in the database at its next answer. A new key is made in a ceremony,
where both stores are open.
"""

import logging
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.db import transaction

from ca import assembly, clock, der, issuance, journal, leases, lint, transcript
from ca.errors import KeysUnavailable
from ca.models import Authority, Generation, Realm, ResponderKey
from ca.profiles import Purpose

logger = logging.getLogger(__name__)


def newest(generation: Generation, now: datetime) -> ResponderKey | None:
    """Return a generation's newest responder certificate that has begun, else one from the realm's future."""
    ordered = generation.responder_keys.order_by("-not_before", "-pk")
    return ordered.filter(not_before__lte=now).first() or ordered.first()


def is_due(key: ResponderKey, now: datetime) -> bool:
    """Tell whether a responder's certificate ends soon, and a next one would end later than it."""
    own = x509.load_der_x509_certificate(bytes(key.generation.certificate))
    if not own.not_valid_before_utc <= now < own.not_valid_after_utc:
        return False
    ends_soon = key.not_after - timedelta(days=settings.RESPONDER_RENEW_DAYS) <= now
    # A generation in its last days can give nothing beyond its own end. What begins later (the realm's clock was set
    # back) serves nothing now.
    return (ends_soon and key.not_after < own.not_valid_after_utc) or key.not_before > now


def renew_due(realm: Realm) -> list[ResponderKey]:
    """Renew the certificates of the realm that are due, each once; return the new rows. Needs the CA's keys.

    Raises KeysUnavailable where an authority's key doesn't answer, once the others' responders are renewed.
    """
    now, renewed = clock.now(realm), []
    unavailable: KeysUnavailable | None = None
    for generation in Generation.objects.filter(authority__realm=realm).select_related("authority__realm"):
        key = newest(generation, now)
        if key is None or not is_due(key, now):
            continue
        try:
            successor = renew(key)
        except KeysUnavailable as error:
            logger.error("the responder of %s is not renewed: %s", generation, error)
            unavailable = unavailable or error
        else:
            renewed += [successor] if successor is not None else []
    if unavailable is not None:
        raise unavailable
    return renewed


def renew(key: ResponderKey) -> ResponderKey | None:
    """Give the responder's key a new certificate; None when another worker does, or did. Needs the CA's keys."""
    at = clock.machine()
    lease = at + issuance.lease()
    free = leases.free(at, issuance.lease())
    claimed = ResponderKey.objects.filter(free, pk=key.pk).update(lease_until=lease)
    # Looked at again once it is ours: who had it before us may have been done with it.
    if not claimed or newest(key.generation, clock.now(key.generation.authority.realm)) != key:
        return None
    try:
        public_key = x509.load_der_x509_certificate(bytes(key.certificate)).public_key()
        spki = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        successor = certify(key.generation, key.key_label, spki)
        with transaction.atomic(durable=True):
            journal.take(key.generation.authority.realm)
            store(successor, "responder.renewed", replaces=key.serial_number)
    except Exception:
        # Whoever comes next need not wait for the lease.
        ResponderKey.objects.filter(pk=key.pk, lease_until=lease).update(lease_until=None)
        raise
    return successor


def certify(generation: Generation, label: str, public_key: bytes) -> ResponderKey:
    """Return a row, not yet stored, with a certificate signed by the generation for the responder's key of that label.

    `public_key` is a SubjectPublicKeyInfo, DER. Needs the CA's keys. Raises LintFailed, KeysUnavailable.
    """
    authority = generation.authority
    transcript.require_running(authority.realm)
    serial_number = reserve(authority)
    own = x509.load_der_x509_certificate(bytes(generation.certificate))
    twin = assembly.responder_certificate(
        organisation=authority.realm.organisation,
        purpose=Purpose(authority.purpose),
        issuer=assembly.Issuer.of(generation),
        public_key=public_key,
        serial_number=serial_number,
        not_before=clock.now(authority.realm),
        latest_end=own.not_valid_after_utc,
    )
    lint.examine_responder(twin)
    record_intent(authority, "responder.intended", serial_number, twin, label)
    transcript.keep(authority.realm)
    certificate = issuance.sign(generation, twin.tbs_certificate_bytes)
    record_use(authority, serial_number, twin, generation.key_label)
    return ResponderKey(
        generation=generation,
        certificate=certificate,
        serial_number=der.integer_hex(serial_number),
        key_label=label,
        not_before=twin.not_valid_before_utc,
        not_after=twin.not_valid_after_utc,
    )


def store(key: ResponderKey, kind: str, **more: str) -> None:
    """Keep a certified responder and say so in the journal, in the caller's transaction."""
    key.save(force_insert=True)
    journal.record(
        key.generation.authority.realm,
        kind,
        key.serial_number,
        purpose=key.generation.authority.purpose,
        generation=key.generation.number,
        key_label=key.key_label,
        certificate_sha256=assembly.digest(bytes(key.certificate)),
        **more,
    )


# --- What every certificate outside the four profiles goes through ---------------------------------------------------
def reserve(authority: Authority) -> int:
    """Take the authority's next serial number, in a transaction of its own."""
    with transaction.atomic(durable=True):
        return issuance.take_serial_number(authority)


def record_intent(authority: Authority, kind: str, serial_number: int, twin: x509.Certificate, label: str) -> None:
    """Write down what will be signed, before any key is touched."""
    journal.record(
        authority.realm,
        kind,
        der.integer_hex(serial_number),
        purpose=authority.purpose,
        key_label=label,
        tbs_sha256=assembly.digest(twin.tbs_certificate_bytes),
    )


def record_use(authority: Authority, serial_number: int, twin: x509.Certificate, label: str) -> None:
    """Write down that an authority's key signed, whatever becomes of what it signed."""
    journal.record(
        authority.realm,
        "key.used",
        der.integer_hex(serial_number),
        purpose=authority.purpose,
        key_label=label,
        tbs_sha256=assembly.digest(twin.tbs_certificate_bytes),
    )
