"""Certificates that are again what lost entries and published lists made of them; and those that are lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509

from ca import clock, revocation
from ca.causes import Cause
from ca.models import (
    Certificate,
    Generation,
    LostCertificate,
    Partition,
    Realm,
    ResponderKey,
)
from ca.profiles import Purpose
from ca.restoring.lost import Effects
from ca.restoring.published import Published
from ca.restoring.report import Report

Status = Certificate.Status
_CAUSES = {
    x509.ReasonFlags.key_compromise: Cause.KEY_COMPROMISE,
    x509.ReasonFlags.ca_compromise: Cause.AUTHORITY_KEY_COMPROMISE,
    x509.ReasonFlags.superseded: Cause.SUPERSEDED,
    x509.ReasonFlags.cessation_of_operation: Cause.HOLDER_REQUEST,
    x509.ReasonFlags.certificate_hold: Cause.LOSS,
    x509.ReasonFlags.unspecified: Cause.NOT_DELIVERED,
    None: Cause.NOT_DELIVERED,
}


def follow(realm: Realm, found: Effects, report: Report) -> None:
    """Let certificates be again what the lost entries made of them, where that is stricter."""
    for (purpose, serial), data in found.statuses.items():
        certificate = _certificate(realm, purpose, serial)
        if certificate is None:
            continue
        name = f"{purpose} {serial}"
        if data["after"] not in {Status.REVOKED, Status.ON_HOLD}:
            if certificate.status != data["after"]:
                report.left_stricter.append(name)
            continue
        since = datetime.fromisoformat(data["since"])
        kwargs = {"status": data["after"], "cause": data["cause"], "since": since}
        if revocation.again(certificate, journaled=report.replayed, **kwargs):
            (report.revoked_again if data["after"] == Status.REVOKED else report.held_again).append(name)


def follow_published(realm: Realm, published: Published, report: Report) -> None:
    """The same by published lists, which tell the reason and not the cause."""
    for (purpose, serial), (since, reason) in published.entries.items():
        certificate = _certificate(realm, purpose, serial)
        if certificate is None:
            continue
        status = Status.ON_HOLD if reason is x509.ReasonFlags.certificate_hold else Status.REVOKED
        if revocation.again(certificate, status=status, cause=_cause(purpose, reason), since=since, journaled=False):
            name = f"{purpose} {serial}"
            (report.revoked_again if status == Status.REVOKED else report.held_again).append(name)


def _cause(purpose: str, reason: x509.ReasonFlags | None) -> Cause:
    if reason is x509.ReasonFlags.affiliation_changed:
        return Cause.ATTRIBUTES_CHANGED if purpose == Purpose.SIGNATURE else Cause.RECORD_ERROR
    return _CAUSES.get(reason, Cause.NOT_DELIVERED)


def name_missing(realm: Realm, found: Effects, published: Published, report: Report) -> None:
    """Name the certificates that exist, and of which the database knows nothing any more."""
    own = {
        *Generation.objects.filter(authority__realm=realm).values_list("authority__purpose", "serial_number"),
        *ResponderKey.objects.filter(generation__authority__realm=realm).values_list(
            "generation__authority__purpose", "serial_number"
        ),
    }
    for key in sorted(found.issued.keys() | published.entries.keys()):
        purpose, serial = key
        if key in own or _certificate(realm, purpose, serial) is not None:
            continue
        said = found.issued.get(key, {})
        told = {"purpose": purpose, "serial_number": serial, "medium": said.get("medium", "")}
        told |= {"request_key": said.get("request_key", ""), "sha256": said.get("certificate_sha256", "")}
        last = found.statuses.get(key)
        listed = "not good on a published list" if key in published.entries else ""
        told["status"] = last["after"] if last else said.get("status", listed)
        told["listed"] = _list(realm, purpose, serial, said, last)
        report.lost_certificates.append(told)


def _list(realm: Realm, purpose: str, serial: str, said: Mapping[str, Any], last: Mapping[str, Any] | None) -> bool:
    """Put a lost certificate on its point's lists, revoked; False where it isn't known which those are."""
    if "municipality_code" not in said:
        return False
    partition = Partition.objects.filter(
        generation__authority__realm=realm,
        generation__authority__purpose=purpose,
        generation__number=said["generation"],
        medium=said["medium"],
        municipality_code=said["municipality_code"],
    ).first()
    if partition is None:
        return False
    revoked = last is not None and last["after"] == Status.REVOKED
    cause = last["cause"] if last is not None and revoked else Cause.NOT_DELIVERED
    at = datetime.fromisoformat(last["since"]) if last is not None and revoked else clock.now(realm)
    LostCertificate.objects.get_or_create(
        partition=partition,
        serial_number=serial,
        defaults={
            "not_after": datetime.fromisoformat(said["not_after"]),
            "crl_entry": revocation.crl_entry(serial, cause=cause, at=at),
        },
    )
    return True


def _certificate(realm: Realm, purpose: str, serial: str) -> Certificate | None:
    found = Certificate.objects.filter(issuer__realm=realm, issuer__purpose=purpose, serial_number=serial)
    return found.select_related("realm").first()
