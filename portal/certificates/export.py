"""All that the page shows, to take along: as JSON, whose members docs/certificates.md describes, and as PDF."""

import base64
from datetime import UTC, datetime
from typing import Any

from ca import clock
from ca.models import Certificate
from portal import documents
from portal.certificates import history, linkage
from portal.certificates.history import Change, Line, Use
from portal.phone import details
from tsm.models import Enrolment

FORMAT = "smartphone-jpki/my-certificates/1"
# A PDF of more pages than anybody turns would keep the web process busy for long; the JSON has all.
MOST_LINES_ON_PAPER = 200


def data(enrolment: Enrolment) -> dict[str, Any]:
    """Return everything as plain data. Moments are ISO 8601 in UTC, octets Base64."""
    holder = enrolment.holder
    cards = {link.phone.pk: link.card for link in linkage.of(enrolment)}
    return {
        "format": FORMAT,
        "made_at": _moment(clock.now(enrolment.realm)),
        "realm": enrolment.realm.slug,
        "phone": {"name": enrolment.phone.name, "model": enrolment.phone.model_code},
        "holder": {
            "name": holder.name,
            "address": holder.address,
            "born_on": holder.born_on.isoformat(),
            "sex": holder.sex,
        },
        "certificates": [_certificate(one, enrolment, cards.get(one.pk)) for one in enrolment.pair],
        "history": [_line(line) for line in history.everything(enrolment)],
    }


def pdf(enrolment: Enrolment) -> bytes:
    """Return the same for reading. Raises `portal.documents.DocumentUnavailable`."""
    lines = list(history.everything(enrolment, most=MOST_LINES_ON_PAPER + 1))
    context = {
        "enrolment": enrolment,
        "made_at": clock.now(enrolment.realm),
        "certificates": details.of(enrolment, attributes=True),
        "links": linkage.of(enrolment),
        "lines": lines[:MOST_LINES_ON_PAPER],
        "more": len(lines) > MOST_LINES_ON_PAPER,
    }
    return documents.pdf("certificates/export.html", context)


def _certificate(row: Certificate, enrolment: Enrolment, card: Certificate | None) -> dict[str, Any]:
    shown = details.describe(row, enrolment)
    return {
        "purpose": row.purpose,
        "medium": row.medium,
        "serial_number": row.serial_number,
        "status": row.status,
        "cause": row.cause or None,
        "status_since": _moment(row.changed_at),
        "not_before": _moment(row.not_before),
        "not_after": _moment(row.not_after),
        "subject": shown.subject,
        "issuer": shown.issuer,
        "policy": shown.policy,
        "key_usage": shown.key_usage.split(", "),
        "distribution_point": shown.distribution_point,
        "ocsp_url": shown.ocsp_url or None,
        "public_key_sha256": shown.key_fingerprint,
        "certificate_sha256": row.fingerprint,
        "certificate": base64.b64encode(bytes(row.der)).decode(),
        "linked_to": card
        and {
            "medium": card.medium,
            "serial_number": card.serial_number,
            "status": card.status,
            "cause": card.cause or None,
            "not_after": _moment(card.not_after),
        },
    }


def _line(line: Line) -> dict[str, Any]:
    return _use(line) if isinstance(line, Use) else _change(line)


def _use(use: Use) -> dict[str, Any]:
    answered = use.certificate
    return {
        "kind": "use",
        "at": _moment(use.at),
        "id": str(use.id),
        "service": {"client_id": use.service.client_id, "name_ja": use.service.name.ja, "name_en": use.service.name.en},
        "purpose": use.purpose,
        "what_for_ja": use.what.ja,
        "what_for_en": use.what.en,
        "document_name": use.document_name or None,
        "outcome": use.outcome,
        "certificate": answered
        and {
            "purpose": answered.purpose,
            "medium": answered.medium,
            "serial_number": answered.serial_number,
        },
        "objection": use.objection
        and {
            "raised_at": _moment(use.objection.raised_at),
            "text": use.objection.text,
            "state": use.objection.state,
            "answered_at": use.objection.answered_at and _moment(use.objection.answered_at),
            "answer": use.objection.answer or None,
        },
    }


def _change(change: Change) -> dict[str, Any]:
    certificate = {"purpose": change.purpose, "medium": change.medium, "serial_number": change.serial_number}
    return {
        "kind": "change",
        "at": _moment(change.at),
        "what": change.code,
        "certificate": certificate if change.serial_number else None,
        "cause": change.cause or None,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
