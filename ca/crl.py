"""CRLs: one list per partition, signed whole, published by one committed row; all are kept.

A partition is one CRL distribution point: generation, medium, municipality. Its list says which of its certificates
are not good: revoked ones with their reason, those on hold and those awaiting activation as certificateHold. Each list
is held against the last before anyone sees it (`ca.succession`); where it doesn't follow, the last one stays.
"""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from ca import assembly, clock, der, issuance, journal, keys, revocation, succession
from ca.errors import CrlRefused
from ca.models import Certificate, Crl, JournalEntry, Partition, Realm
from ca.profiles import PROFILES, Medium, Purpose


def interval() -> timedelta:
    """Return the time from one regular issue to the next."""
    return timedelta(seconds=settings.CRL_PUBLISH_SECONDS)


def validity() -> timedelta:
    """Return the time from a list's thisUpdate to its nextUpdate."""
    return timedelta(seconds=settings.CRL_VALIDITY_SECONDS)


def point_name(partition: Partition) -> x509.Name:
    """Return the directory name of the partition's distribution point, as its certificates have it."""
    authority = partition.generation.authority
    profile = PROFILES[Purpose(authority.purpose), Medium(partition.medium)]
    return assembly.crl_point_name(authority.realm.organisation, profile, partition.prefecture, partition.municipality)


def due(realm: Realm) -> QuerySet[Partition]:
    """Return the realm's partitions that have no list, whose statuses changed since, or whose next issue has come."""
    return (
        Partition.objects.filter(generation__authority__realm=realm)
        .filter(_due(clock.now(realm)))
        .select_related("generation__authority__realm")
        .order_by("pk")
    )


def is_due(partition: Partition, now: datetime) -> bool:
    """Tell whether a partition is due at `now`, by what the database says of it."""
    return Partition.objects.filter(_due(now), pk=partition.pk).exists()


def _due(now: datetime) -> Q:
    # A list from the realm's future (its clock was set back) is due as well.
    return (
        Q(published_at=None)
        | Q(published_revision__lt=F("revision"))
        | Q(published_at__lte=now - interval())
        | Q(published_at__gt=now)
    )


def newest(partition: Partition) -> Crl | None:
    """Return the partition's list that holds now, or None before the first."""
    return partition.crls.order_by("-number").first()


def publish(partition: Partition, now: datetime | None = None) -> Crl:
    """Assemble, sign and publish the partition's list as of `now` (the realm's time). Needs the CA's keys.

    When another worker publishes at the same time, the later number wins and this one is made again if it must be.
    Raises CrlRefused when the list doesn't follow from the last one, which then stays; KeysUnavailable.
    """
    realm = partition.generation.authority.realm
    keys.store().open(partition.generation.key_label)  # before anything is written
    while True:
        at = (now if now is not None else clock.now(realm)).replace(microsecond=0)
        # The revision is read before the entries: what changes in between is published once more, never missed.
        revision = _revision(partition)
        last = newest(partition)
        entries, count = _entries(partition, last)
        number = last.number + 1 if last is not None else 1
        tbs = _assemble(partition, entries, number, at)
        _record_intent(partition, tbs, number)
        signed = issuance.sign(partition.generation, tbs)
        findings = succession.examine(partition, signed, last, point_name(partition))
        if findings:
            if newest(partition) != last or _revision(partition) != revision:
                continue  # published or changed meanwhile: what it was made from, or held against, is old
            _refuse(partition, findings, number)
        try:
            return _store(partition, signed, number, at, count, revision)
        except IntegrityError:
            # Another published this number first.
            latest = newest(partition)
            if latest is not None and latest.revision >= revision:
                return latest


def _revision(partition: Partition) -> int:
    return Partition.objects.values_list("revision", flat=True).get(pk=partition.pk)


def _entries(partition: Partition, last: Crl | None) -> tuple[bytes, int]:
    """Return the entries' bytes, joined, and how many they are."""
    listed = partition.certificates.exclude(status=Certificate.Status.VALID)
    if last is not None:
        # RFC 5280 3.3: an entry stays until it stood on one list issued after the certificate's end.
        listed = listed.filter(not_after__gte=last.this_update)
    while True:
        joined, count, lacking = _join(listed)
        if not lacking:
            return joined, count
        _complete(partition)


def _join(listed: QuerySet[Certificate]) -> tuple[bytes, int, int]:
    """Return the stored entries joined, their number, and how many certificates lack theirs."""
    if connection.vendor == "postgresql":
        rows, parameters = listed.values("id", "crl_entry").query.sql_with_params()
        # The database joins them: the fastest by far for a long list.
        columns = "coalesce(string_agg(crl_entry, ''::bytea ORDER BY id), ''::bytea), count(crl_entry), count(*)"
        with connection.cursor() as cursor:
            # Django's own SQL, its values as parameters.
            cursor.execute(f"SELECT {columns} FROM ({rows}) AS listed", parameters)  # noqa: S608
            joined, present, count = cursor.fetchone()
        return bytes(joined), present, count - present
    entries = listed.order_by("pk").values_list("crl_entry", flat=True)
    present_entries = [bytes(entry) for entry in entries.iterator(chunk_size=10_000) if entry is not None]
    return b"".join(present_entries), len(present_entries), entries.count() - len(present_entries)


def _complete(partition: Partition) -> None:
    """Make the entries that rows lack."""
    with transaction.atomic():
        journal.take(partition.generation.authority.realm)
        lacking = partition.certificates.exclude(status=Certificate.Status.VALID).filter(crl_entry=None)
        for certificate in lacking.only("serial_number", "cause", "revoked_at", "changed_at"):
            at = certificate.revoked_at or certificate.changed_at
            entry = revocation.crl_entry(certificate.serial_number, cause=certificate.cause, at=at)
            Certificate.objects.filter(pk=certificate.pk).update(crl_entry=entry)


def _assemble(partition: Partition, entries: bytes, number: int, now: datetime) -> bytes:
    """Return the TBSCertList: the builder's, of a list without entries, with ours put where they belong."""
    issuer = assembly.Issuer.of(partition.generation)
    point = x509.IssuingDistributionPoint(
        full_name=[x509.DirectoryName(point_name(partition))],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    empty = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.name)
        .last_update(now)
        .next_update(now + validity())
        .add_extension(x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(point, critical=True)
        .sign(assembly.throw_away_key(), hashes.SHA256())
        .tbs_certlist_bytes
    )
    if not entries:
        return empty  # RFC 5280 5.1.2.6: no entries, no revokedCertificates
    *before, extensions = (der.whole(element) for element in der.elements(empty))
    return der.tlv(der.SEQUENCE, *before, der.tlv(der.SEQUENCE, entries), extensions)


def _subject(partition: Partition) -> str:
    return f"{partition.generation.authority.purpose}/{partition.medium}/{partition.municipality_code}"


def _record_intent(partition: Partition, tbs: bytes, number: int) -> None:
    """Write down the use of the key before it is used."""
    journal.record(
        partition.generation.authority.realm,
        "crl.intended",
        _subject(partition),
        generation=partition.generation.number,
        number=number,
        key_label=partition.generation.key_label,
        tbs_sha256=assembly.digest(tbs),
    )


def _refuse(partition: Partition, findings: list[str], number: int) -> None:
    """Journal, once for the same findings, that a list is not published; raise CrlRefused."""
    realm, subject = partition.generation.authority.realm, _subject(partition)
    data = {"generation": partition.generation.number, "number": number, "findings": findings}
    earlier = JournalEntry.objects.filter(realm=realm, subject=subject, kind="crl.refused").order_by("-sequence")
    before = earlier.first()
    if before is None or before.data != data:
        journal.record(realm, "crl.refused", subject, **data)
    raise CrlRefused(f"the CRL of {partition} is not published: {'; '.join(findings)}", findings=findings)


def _store(partition: Partition, signed: bytes, number: int, now: datetime, entries: int, revision: int) -> Crl:
    with transaction.atomic():
        journal.take(partition.generation.authority.realm)
        crl = Crl.objects.create(
            partition=partition,
            number=number,
            der=signed,
            this_update=now,
            next_update=now + validity(),
            entries=entries,
            revision=revision,
        )
        Partition.objects.filter(pk=partition.pk).update(
            published_revision=Greatest(F("published_revision"), revision), published_at=now
        )
        journal.record(
            partition.generation.authority.realm,
            "crl.published",
            _subject(partition),
            generation=partition.generation.number,
            number=number,
            entries=entries,
            sha256=assembly.digest(signed),
        )
    return crl
