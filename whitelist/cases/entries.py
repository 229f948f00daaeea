"""What an entry of the register has now, as the answers of a case: from here a change begins."""

import hashlib
from typing import Any

from ca import clock
from whitelist.models import Attachment, Case, CaseVersion, RelyingParty


def answers(entry: RelyingParty, case: Case, by: str) -> dict[str, Any]:
    """Return an entry's answers for `case`, in the shape of a version.

    The register's rows say what is in force. What the register doesn't keep (contacts, self-assessment) is as the
    newest approved version has it. Files are copied to the case, which shows and keeps its own.
    """
    last = (
        CaseVersion.objects.filter(case__relying_party=entry, case__state=Case.State.APPROVED)
        .order_by("case__moved_at", "number")
        .last()
    )
    found: dict[str, Any] = dict(last.answers) if last else {}
    organisation = entry.organisation
    known = {
        "name_ja": organisation.name_ja if organisation else "",
        "name_en": organisation.name_en if organisation else "",
        "corporate_number": organisation.corporate_number if organisation else "",
        "kind": entry.kind,
    }
    found["organisation"] = known | found.get("organisation", {}) | {"kind": entry.kind}
    operator = entry.operator.client_id if entry.operator else ""
    found["basis"] = {**found.get("basis", {}), "item": entry.basis, "operator_client_id": operator}
    found["certification"] = _certification(entry, found.get("certification") or {})
    found["service"] = {
        **found.get("service", {}),
        "name_ja": entry.name_ja,
        "name_en": entry.name_en,
        "website": entry.website,
        "client_id": entry.client_id,
        "logo": _logo(entry, case, by),
    }
    found["purposes"] = _purposes(entry, found.get("purposes") or {})
    found["applications"] = _applications(entry, found.get("applications") or [])
    document = found["certification"].get("document")
    if document:
        found["certification"]["document"] = _copy(document, entry, case)
    return found


def _certification(entry: RelyingParty, known: dict[str, Any]) -> dict[str, Any]:
    today = clock.today(entry.realm)
    standing = [
        one for one in entry.ministerial_certifications.all() if one.withdrawn_at is None and one.granted_on <= today
    ]
    if not standing:
        return dict(known)
    newest = standing[-1]
    days = {"granted_on": newest.granted_on.isoformat(), "valid_until": newest.valid_until.isoformat()}
    return {**known, "number": newest.number, **days}


def _purposes(entry: RelyingParty, known: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "user_authentication": None,
        "signature": None,
        # An entry from before the register had them has them by its case alone.
        "attributes": entry.attributes or known.get("attributes") or [],
        "attributes_why": entry.attributes_why or known.get("attributes_why") or "",
    }
    for use in entry.purposes.all():
        why = (known.get(use.purpose) or {}).get("why", "")
        found[use.purpose] = {"text_ja": use.text_ja, "text_en": use.text_en, "why": why}
    return found


def _applications(entry: RelyingParty, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entry's applications; each keeps the name that the newest approved version has for it."""
    found = []
    for row in entry.applications.all():
        same = next((one for one in known if _address(one) == (row.kind, row.origin)), None)
        name = "origin" if row.kind == "browser" else _NAMES[row.kind]
        fresh: dict[str, Any] = {"kind": row.kind, name: row.origin, **row.proofs}
        block = hashlib.sha256(f"{row.kind} {row.origin}".encode()).hexdigest()[:8]
        found.append({"id": block, **(same or {}), **fresh, "callback_urls": list(row.callback_urls)})
    return found


_NAMES = {"android": "package", "ios": "bundle_id"}


def _address(application: dict[str, Any]) -> tuple[Any, Any]:
    kind = application.get("kind")
    return kind, application.get(_NAMES.get(str(kind), "origin"))


def _logo(entry: RelyingParty, case: Case, by: str) -> str:
    logo = getattr(entry, "logo", None)
    if logo is None:
        return ""
    made = Attachment.objects.create(
        case=case,
        name="logo.svg" if logo.media_type == "image/svg+xml" else "logo.png",
        media_type=logo.media_type,
        size=len(logo.content),
        content=bytes(logo.content),
        digest=logo.digest,
        scanned_by="register",
        by=by,
        at=clock.now(entry.realm),
    )
    return str(made.reference)


def _copy(reference: str, entry: RelyingParty, case: Case) -> str:
    """Copy a file of an earlier case of the entry; return the copy's reference, or nothing where it isn't there."""
    found = Attachment.objects.filter(reference=reference, case__relying_party=entry).first()
    if found is None:
        return ""
    kept = {name: getattr(found, name) for name in ("name", "media_type", "size", "digest", "scanned_by", "by", "at")}
    return str(Attachment.objects.create(case=case, content=bytes(found.content), **kept).reference)
