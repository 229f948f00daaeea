"""One entry of the register, for people and for programs: what it says, its history, and the proofs."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from whitelist.models import RegisterRecord
from whitelist.published import contents, proof, records, shown, statement
from whitelist.published.shown import Shown

READABLE = {"ensure_ascii": False}


@require_safe
def entry(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show an entry that is or was in the register, and what happened to it."""
    found = _found(client_id)
    signed = statement.newest(found.row.realm)
    return render(request, "register/entry.html", {"entry": found, "signed": signed, "site": settings.PUBLIC_URL})


@require_safe
def entry_json(request: HttpRequest, client_id: str) -> HttpResponse:
    """Answer the same as JSON: {"entry", "state", "history": […]}, each record with the address of its proof."""
    found = _found(client_id)
    return JsonResponse(
        {
            "entry": contents.shape(found.row),
            "state": str(found.state),
            "since": found.since.isoformat() if found.since else None,
            "history": [_step(step) for step in records.history(found.row)],
        },
        json_dumps_params=READABLE,
    )


@require_safe
def proof_json(request: HttpRequest, client_id: str, sequence: int) -> HttpResponse:
    """Answer the proof that a record stands in the sealed journal; 202 with an empty object before the next seal."""
    rows = RegisterRecord.objects.select_related("relying_party__realm")
    record = rows.filter(relying_party__client_id=client_id.replace("\0", ""), sequence=sequence).first()
    if record is None:
        raise Http404("no such record")
    found = proof.of(record)
    return JsonResponse(found or {}, status=200 if found else 202, json_dumps_params=READABLE)


def _found(client_id: str) -> Shown:
    found = shown.find(client_id, get_language())
    if found is None:
        raise Http404("no such entry")
    return found


def _step(step: records.Step) -> dict[str, Any]:
    record = step.record
    address = reverse("register:proof", args=[record.relying_party.client_id, record.sequence])
    return {
        "event": record.event,
        "at": record.at.isoformat(),
        "sequence": record.sequence,
        "entry_sha256": record.digest,
        "changed": [{"part": one.part, "before": one.before, "after": one.after} for one in step.changes],
        "proof": settings.PUBLIC_URL + address,
    }
