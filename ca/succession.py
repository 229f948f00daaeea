"""Succession: a new CRL held against the last one, before anyone sees it.

It reads the signed bytes and not what made them: what a fault or a changed row would take off the list is found here.
A list is never taken apart into objects. Its frame, without the entries, is parsed by `cryptography`; its entries are
walked in blocks by a pattern that admits exactly what an authority of ours writes, and what is equal drops out.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ca import der, octets
from ca.models import Certificate, Crl, LostCertificate, Partition

_BLOCK = 1 << 16  # octets compared at a time
_REACH = 1 << 20  # octets within which two lists are looked to meet again
_HOLD = b"\x0a\x01\x06"  # the end of an entry with certificateHold


def _pattern() -> bytes:
    """Return the pattern of one element of revokedCertificates, its length octet held to what follows.

    SEQUENCE { INTEGER of 1 to 20 octets, UTCTime or GeneralizedTime, perhaps the reason code }.
    """
    # Serial numbers of 3 to 5 octets, this century's first half and a reason are the rule: they are tried first.
    sizes = sorted(range(1, 21), key=lambda size: abs(size - 4))
    times = ((15, rb"\x17\x0d.{13}"), (17, rb"\x18\x0f.{15}"))
    reasons = ((14, rb"\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01."), (0, b""))
    shapes = (
        re.escape(bytes((0x30, 2 + size + of_time + of_reason, 0x02, size))) + b".{%d}" % size + time + reason
        for of_time, time in times
        for of_reason, reason in reasons
        for size in sizes
    )
    return b"(?:" + b"|".join(shapes) + b")"


_ENTRY = re.compile(_pattern(), re.DOTALL)
_RUN = re.compile(_pattern() + b"*+", re.DOTALL)


@dataclass(frozen=True)
class Outline:
    """A signed list without its entries, and where the entries and what was signed stand in it."""

    frame: x509.CertificateRevocationList
    tbs: slice
    entries: slice  # the content of revokedCertificates, empty when there is none

    @property
    def number(self) -> int:
        """Return its CRL number."""
        return self.frame.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def outline(signed: bytes) -> Outline:
    """Return the outline of a DER CRL. Raises ValueError."""
    whole = der.span(signed, 0)
    tbs = der.span(signed, whole.content)
    at, ends = tbs.content, []
    while at < tbs.end:
        at = der.span(signed, at).end
        ends.append(at)
    if len(ends) < 5:
        raise ValueError("a TBSCertList has more than that")
    # revokedCertificates is the sixth element, where it stands (RFC 5280 5.1).
    revoked = der.span(signed, ends[4]) if len(ends) > 5 else None
    if revoked is None or revoked.tag != der.SEQUENCE:
        entries = before = after = slice(ends[4], ends[4])
    else:
        entries, before, after = slice(revoked.content, revoked.end), slice(0, ends[4]), slice(revoked.end, tbs.end)
    frame = der.tlv(
        der.SEQUENCE,
        der.tlv(der.SEQUENCE, signed[tbs.content : before.stop], signed[after.start : tbs.end]),
        signed[tbs.end : whole.end],
    )
    try:
        return Outline(x509.load_der_x509_crl(frame), slice(whole.content, tbs.end), entries)
    except x509.InvalidVersion as error:  # which is no ValueError
        raise ValueError(str(error)) from None


def examine(partition: Partition, signed: bytes, last: Crl | None, point: x509.IssuingDistributionPoint) -> list[str]:
    """Return what is wrong with a signed list as the successor of `last`, a sentence each; none when it may go out."""
    try:
        return list(_findings(partition, signed, last, point))
    except (ValueError, x509.ExtensionNotFound) as error:
        return [f"it, or the last one, can't be read: {error}"]


def _findings(
    partition: Partition, signed: bytes, last: Crl | None, point: x509.IssuingDistributionPoint
) -> Iterator[str]:
    new = outline(signed)
    if not _signature_holds(signed, new, partition):
        yield "its signature does not verify with its generation's certificate"
    if _point(new.frame) != point:
        yield "its issuing distribution point is not the partition's"
    if last is None:
        vanished(b"", slice(0, 0), signed, new.entries)
        return
    before = octets.of(last)
    old = outline(before)
    number = max(old.number, last.number)
    if new.number <= number:
        yield f"its number {new.number} is not above the last one's {number}"
    missing = vanished(before, old.entries, signed, new.entries)
    wrong = sorted(_unexplained(partition, missing, last))
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        yield f"entries vanished before their certificates expired: {', '.join(wrong[:5])}{more}"


def _signature_holds(signed: bytes, new: Outline, partition: Partition) -> bool:
    key = x509.load_der_x509_certificate(bytes(partition.generation.certificate)).public_key()
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101  (made by the ceremony)
    digest = hashlib.sha256(memoryview(signed)[new.tbs]).digest()
    try:
        key.verify(new.frame.signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _point(frame: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    try:
        extension = frame.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    except x509.ExtensionNotFound:
        return None
    return extension.value if extension.critical else None


def vanished(before: bytes, old: slice, after: bytes, new: slice) -> dict[str, bool]:
    """Return the serial numbers (hex) among the entries `old` of `before` and not among `new` of `after`.

    With each: whether it was on hold. Both are walked a block at a time, and what is equal drops out at once. Raises
    ValueError when either holds what is no entry.
    """
    gone: set[bytes] = set()
    fresh: set[bytes] = set()
    at, there = old.start, new.start
    while at < old.stop:
        end = _run(before, at, old.stop)
        size = end - at
        if there + size <= new.stop and before[at:end] == after[there : there + size]:
            at, there = end, there + size
            continue
        block = _ENTRY.findall(before, at, end)
        here, meeting = _meeting(block, after, there, new.stop)
        ours, theirs = set(block[:here]), set(_ENTRY.findall(after, there, meeting))
        gone |= ours - theirs
        fresh |= theirs - ours
        at, there = at + sum(map(len, block[:here])), meeting
    for start, end in _walk(after, slice(there, new.stop)):
        if gone:
            fresh.update(_ENTRY.findall(after, start, end))
    gone -= fresh  # it stands elsewhere in the list
    listed = {_serial(entry) for entry in fresh} if gone else set()  # its date or reason changed
    return {serial: entry.endswith(_HOLD) for entry in gone if (serial := _serial(entry)) not in listed}


def _meeting(block: list[bytes], after: bytes, there: int, stop: int) -> tuple[int, int]:
    """Return how many entries of a block to take before the lists meet again, and where that is in the other one.

    All of them, and `there`, when none of a few that are tried is found near by: gone for good, or met again later.
    """
    for here in sorted({len(block), len(block) * 3 // 4, len(block) // 2, 1} - {0}, reverse=True):
        entry = block[here - 1]
        found = after.find(entry, there, min(stop, there + _REACH))
        # Octets that look like the entry may stand inside another: what lies between must be whole entries.
        if found >= 0 and _RUN.fullmatch(after, there, found + len(entry)):
            return here, found + len(entry)
    return len(block), there


def _walk(data: bytes, entries: slice) -> Iterator[tuple[int, int]]:
    """Yield blocks of whole entries, from where to where. Raises ValueError when there is anything else."""
    at = entries.start
    while at < entries.stop:
        end = _run(data, at, entries.stop)
        yield at, end
        at = end


def _run(data: bytes, at: int, stop: int) -> int:
    """Return the end of the whole entries in the next block."""
    found = _RUN.match(data, at, min(at + _BLOCK, stop))
    if found is None or found.end() == at:
        raise ValueError("revokedCertificates holds what no authority of ours writes")
    return found.end()


def _serial(entry: bytes) -> str:
    return der.integer_hex(int.from_bytes(entry[4 : 4 + entry[3]], "big"))


def _unexplained(partition: Partition, missing: dict[str, bool], last: Crl) -> Iterator[str]:
    """Yield those that neither expired before the last list was issued (RFC 5280 3.3) nor were on hold and are valid.

    The end of validity is read from the certificate itself: a row can be changed, its certificate can't.
    """
    for batch in _batches(sorted(missing)):
        rows = Certificate.objects.filter(issuer=partition.generation.authority_id, serial_number__in=batch)
        known = {row.serial_number: row for row in rows.only("serial_number", "status", "der")}
        lost = LostCertificate.objects.filter(partition=partition, serial_number__in=set(batch) - set(known))
        ended = set(lost.filter(not_after__lt=last.this_update).values_list("serial_number", flat=True))
        for serial in batch:
            if serial in ended:
                continue
            row = known.get(serial)
            released = row is not None and missing[serial] and row.status == Certificate.Status.VALID
            if row is None or not (released or _end(row) < last.this_update):
                yield serial


def _end(row: Certificate) -> datetime:
    return x509.load_der_x509_certificate(bytes(row.der)).not_valid_after_utc


def _batches(serials: list[str]) -> Iterable[list[str]]:
    return (serials[start : start + 500] for start in range(0, len(serials), 500))
