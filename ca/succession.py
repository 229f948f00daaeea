"""Succession: a new CRL held against the last one, before anyone sees it.

It reads the signed bytes and not what made them: what a fault or a changed row would take off the list is found here.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ca import der
from ca.models import Certificate, Crl, Partition

# One element of revokedCertificates: SEQUENCE { INTEGER to 20 octets, UTCTime or GeneralizedTime, the reason code }.
# What follows an entry begins with 30 and at least 0x12, a reason code's extensions with 30 0C: nothing is ambiguous.
_ENTRY = re.compile(
    rb"\x30[\x12-\x7f]\x02(?:"
    + b"|".join(re.escape(bytes((size,))) + b".{%d}" % size for size in range(1, 21))
    + rb")(?:\x17\x0d.{13}|\x18\x0f.{15})(?:\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01.)?",
    re.DOTALL,
)
_BLOCK = 1 << 20  # octets compared at a time
_HOLD = b"\x0a\x01\x06"  # the end of an entry with certificateHold


def examine(partition: Partition, signed: bytes, last: Crl | None, point: x509.Name) -> list[str]:
    """Return what is wrong with a signed list as the successor of `last`, a sentence each; none when it may go out."""
    parsed = x509.load_der_x509_crl(signed)
    before = x509.load_der_x509_crl(bytes(last.der)) if last is not None else None
    findings = []
    if not _signature_holds(parsed, partition):
        findings.append("its signature does not verify with its generation's certificate")
    if _point(parsed) != [x509.DirectoryName(point)]:
        findings.append("its issuing distribution point is not the partition's")
    if before is None or last is None:
        return findings
    number, number_before = _number(parsed), _number(before)
    if number <= max(number_before, last.number):
        findings.append(f"its number {number} is not above the last one's {max(number_before, last.number)}")
    missing = vanished(before.tbs_certlist_bytes, parsed.tbs_certlist_bytes)
    wrong = sorted(_unexplained(partition, missing, last))
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        findings.append(f"entries vanished before their certificates expired: {', '.join(wrong[:5])}{more}")
    return findings


def _signature_holds(parsed: x509.CertificateRevocationList, partition: Partition) -> bool:
    key = x509.load_der_x509_certificate(bytes(partition.generation.certificate)).public_key()
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101  (made by the ceremony)
    try:
        # The library's own is_signature_valid encodes the whole list anew: a second for a million entries.
        key.verify(parsed.signature, parsed.tbs_certlist_bytes, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _number(parsed: x509.CertificateRevocationList) -> int:
    return parsed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _point(parsed: x509.CertificateRevocationList) -> list[x509.GeneralName]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    except x509.ExtensionNotFound:
        return []
    return list(extension.value.full_name or []) if extension.critical else []


def vanished(before: bytes, after: bytes) -> dict[str, bool]:
    """Return the serial numbers (hex) on the TBSCertList `before` and not on `after`, and whether each was on hold.

    Both are read a block at a time, and what is equal drops out at once: a million entries take no million objects.
    """
    gone: set[bytes] = set()
    new: set[bytes] = set()
    blocks_before, blocks_after = _blocks(_revoked(before)), _blocks(_revoked(after))
    while True:
        one, other = next(blocks_before, None), next(blocks_after, None)
        if one is None and other is None:
            break
        if one != other:
            gone |= set(one or ())
            new |= set(other or ())
            same = gone & new
            gone -= same
            new -= same
    listed = {_serial(entry) for entry in new}  # an entry whose date or reason changed is still there
    return {serial: entry.endswith(_HOLD) for entry in gone if (serial := _serial(entry)) not in listed}


def _blocks(entries: bytes) -> Iterator[list[bytes]]:
    start, view = 0, memoryview(entries)
    while start < len(entries):
        found = _ENTRY.findall(view[start : start + _BLOCK])
        if start + _BLOCK < len(entries) and len(found) > 1:
            found.pop()  # the last one may be cut
        size = sum(map(len, found))
        if not size or b"".join(found) != view[start : start + size]:
            raise ValueError("revokedCertificates holds what no authority of ours writes")
        yield found
        start += size


def _revoked(tbs: bytes) -> bytes:
    """Return the content of revokedCertificates: the sixth element, where it stands (RFC 5280 5.1)."""
    elements = der.elements(tbs)
    return bytes(elements[5].data) if len(elements) > 5 and elements[5].tag_bytes[0] == der.SEQUENCE else b""


def _serial(entry: bytes) -> str:
    return der.integer_hex(int.from_bytes(entry[4 : 4 + entry[3]], "big"))


def _unexplained(partition: Partition, missing: dict[str, bool], last: Crl) -> Iterator[str]:
    """Yield those that neither expired before the last list was issued (RFC 5280 3.3) nor were on hold and are valid.

    The end of validity is read from the certificate itself: a row can be changed, its certificate can't.
    """
    for batch in _batches(sorted(missing)):
        rows = Certificate.objects.filter(issuer=partition.generation.authority_id, serial_number__in=batch)
        known = {row.serial_number: row for row in rows.only("serial_number", "status", "der")}
        for serial in batch:
            row = known.get(serial)
            released = row is not None and missing[serial] and row.status == Certificate.Status.VALID
            if row is None or not (released or _end(row) < last.this_update):
                yield serial


def _end(row: Certificate) -> datetime:
    return x509.load_der_x509_certificate(bytes(row.der)).not_valid_after_utc


def _batches(serials: list[str]) -> Iterable[list[str]]:
    return (serials[start : start + 500] for start in range(0, len(serials), 500))
