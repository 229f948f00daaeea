"""An entry as everybody may read it: one JSON text to the octet, so that a digest can be taken of it."""

import hashlib
import json
from typing import Any

from django.db.models import QuerySet

from whitelist.models import RelyingParty


def rows(**only: Any) -> QuerySet[RelyingParty]:
    """Return entries with all that `text` reads."""
    found = RelyingParty.objects.filter(**only).select_related("realm", "logo", "operator").defer("logo__content")
    return found.prefetch_related("purposes", "applications", "ministerial_certifications")


def text(row: RelyingParty) -> str:
    """Return an entry's text: JSON in UTF-8, names in order, no space, no names of persons."""
    return canonical(shape(row))


def shape(row: RelyingParty) -> dict[str, Any]:
    """Return what the text says. It has `attributes` where the service receives any."""
    # Left out where there are none: what was published before there were such is the same to the octet.
    received = {"attributes": {"received": row.attributes, "why": row.attributes_why}} if row.attributes else {}
    return {
        **received,
        "client_id": row.client_id,
        "realm": row.realm.slug,
        "state": row.state,
        "name": {"ja": row.name_ja, "en": row.name_en},
        "kind": row.kind,
        # Article 17(1), "17-1-1" to "17-1-6"; or "operator": it stands under the one named next.
        "basis": row.basis,
        "operator": row.operator.client_id if row.operator else None,
        "website": row.website,
        "logo_sha256": row.logo.digest if hasattr(row, "logo") else None,
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
        "purposes": {use.purpose: {"ja": use.text_ja, "en": use.text_en} for use in row.purposes.all()},
        "applications": [
            {"kind": one.kind, "origin": one.origin, "callback_urls": one.callback_urls, "proofs": one.proofs}
            for one in row.applications.all()
        ],
        "ministerial_certifications": [
            {
                "number": one.number,
                "granted_on": one.granted_on.isoformat(),
                "valid_until": one.valid_until.isoformat(),
                "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
            }
            for one in row.ministerial_certifications.all()
        ],
    }


def canonical(value: Any) -> str:
    """Return the one JSON text of a value without fractions."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(written: str) -> str:
    """Return the SHA-256 of a text in UTF-8, hex."""
    return hashlib.sha256(written.encode()).hexdigest()
