"""The screens of the verification log: parse, one call, answer."""

import csv
import uuid
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from ca import journal
from portal.providers.access import MemberRequest, member
from portal.verification import words
from whitelist.models import Organisation, RelyingParty, VerificationLog
from whitelist.verification import log

PAGE = 50
COLUMNS = (
    "at", "request", "relying_party", "on_behalf_of", "kind", "purpose", "check_purpose", "serial_number", "verdict",
)  # fmt: skip


@member()
@require_safe
def overview(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Show what the organisation's services asked, and what was asked in their name, newest first."""
    _rows, services, chosen = _chosen(request)
    before = request.GET.get("before", "")
    own = RelyingParty.objects.filter(organisation=request.membership.organisation)
    shown = own.filter(client_id=chosen) if chosen else own
    until = int(before) if before.isdecimal() and len(before) < 19 else None
    page = log.newest(list(shown.values_list("pk", flat=True)), PAGE + 1, before=until)
    context = {
        "membership": request.membership,
        "rows": [_row(each) for each in page[:PAGE]],
        "before": before,
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "services": services,
        "chosen": chosen,
        "days": settings.VERIFICATION_LOG_DAYS,
    }
    return render(request, "verification/log.html", context)


@member()
@require_safe
def download(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Hand out the whole log, or one service's, as a CSV file."""
    rows, _services, chosen = _chosen(request)
    owner = request.membership.organisation
    journal.record(owner.realm, "verification.downloaded", str(owner.reference), by=request.staff.name, service=chosen)
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    name = f"verification-{timezone.localdate():%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Echo:
    """What a csv writer writes to: it hands each line on."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: QuerySet[VerificationLog]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in rows.iterator(chunk_size=2000):
        yield writer.writerow(
            (
                row.at.isoformat(),
                row.request,
                row.relying_party.client_id,
                row.on_behalf_of.client_id if row.on_behalf_of else "",
                row.kind,
                row.purpose,
                row.check_purpose,
                row.serial_number,
                row.verdict,
            )
        )


def _chosen(request: MemberRequest) -> tuple[QuerySet[VerificationLog], list[dict[str, str]], str]:
    """Return the log, the organisation's services, and which of them was chosen; one that isn't its own is none."""
    owner: Organisation = request.membership.organisation
    own = RelyingParty.objects.filter(organisation=owner)
    services = [{"client_id": each.client_id, "name": _name(each)} for each in own]
    rows, chosen = log.of_organisation(owner), request.GET.get("service", "")
    if chosen not in {each["client_id"] for each in services}:
        return rows, services, ""
    rows = rows.filter(Q(relying_party__client_id=chosen) | Q(on_behalf_of__client_id=chosen))
    return rows, services, chosen


def _row(row: VerificationLog) -> dict[str, Any]:
    verdict, tag = words.VERDICTS[row.verdict]
    return {
        "log": row,
        "service": _name(row.relying_party),
        "behalf": _name(row.on_behalf_of) if row.on_behalf_of else "",
        "kind": words.KINDS[row.kind],
        "purpose": words.PURPOSES[row.purpose],
        "check": words.CHECKS[row.check_purpose],
        "verdict": verdict,
        "tag": tag,
    }


def _name(party: RelyingParty) -> str:
    return party.name_ja if get_language() == "ja" else party.name_en
