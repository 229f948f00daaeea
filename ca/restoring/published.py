"""Lists that were published and that somebody still has: what they say that the database has lost."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ca import der
from ca.errors import RestoreRefused
from ca.models import Generation, Realm

ON_HOLD = x509.ReasonFlags.certificate_hold


@dataclass
class Published:
    """What the newest of some published lists say."""

    serial_numbers: dict[str, int] = field(default_factory=dict)  # purpose -> the highest that stands on one
    crl_numbers: dict[str, int] = field(default_factory=dict)  # purpose -> the highest
    # (purpose, serial number) -> since when it isn't good, and why
    entries: dict[tuple[str, str], tuple[datetime, x509.ReasonFlags | None]] = field(default_factory=dict)
    lists: int = 0
    strangers: list[str] = field(default_factory=list)  # files that no authority of the realm signed


def read(realm: Realm, paths: Iterable[Path]) -> Published:
    """Read lists, DER or PEM, files or folders of them; only those that a generation of the realm signed count."""
    generations = list(Generation.objects.filter(authority__realm=realm).select_related("authority"))
    found = Published()
    newest: dict[tuple[str, bytes], int] = {}
    for path in _files(paths):
        for crl in _lists(path):
            generation = next((one for one in generations if _signed(crl, one)), None)
            if generation is None:
                found.strangers.append(str(path))
                continue
            purpose = generation.authority.purpose
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
            point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value.public_bytes()
            found.lists += 1
            found.crl_numbers[purpose] = max(number, found.crl_numbers.get(purpose, 0))
            # Of one point's lists the newest speaks; an older one says only what was once on hold.
            is_newest = number >= newest.get((purpose, point), 0)
            newest[purpose, point] = max(number, newest.get((purpose, point), 0))
            for entry in crl:
                serial = entry.serial_number
                found.serial_numbers[purpose] = max(serial, found.serial_numbers.get(purpose, 0))
                why = _reason(entry)
                key = purpose, der.integer_hex(serial)
                if why is not ON_HOLD or is_newest:
                    found.entries[key] = entry.revocation_date_utc, why
    return found


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if not path.exists():
            raise RestoreRefused(f"there is no {path}")
        yield from sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def _lists(path: Path) -> list[x509.CertificateRevocationList]:
    content = path.read_bytes()
    try:
        if not content.startswith(b"-----BEGIN"):
            return [x509.load_der_x509_crl(content)]
        marker = b"-----END X509 CRL-----"
        return [x509.load_pem_x509_crl(part + marker) for part in content.split(marker) if b"BEGIN X509 CRL" in part]
    except ValueError as error:
        raise RestoreRefused(f"{path} is no CRL: {error}") from None


def _signed(crl: x509.CertificateRevocationList, generation: Generation) -> bool:
    key = x509.load_der_x509_certificate(bytes(generation.certificate)).public_key()
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101  (made by the ceremony)
    return crl.is_signature_valid(key)


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None
