"""The verification API: parse, one call, answer. Who asks is whose key signed, as in the hand-off's API."""

import re
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.module_loading import import_string
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ca import der as encoding
from ca.profiles import Purpose
from portal import callers
from portal.api import creating, describing
from portal.api.describing import Body
from portal.api.headers import NO_STORE
from portal.handoff import octets
from portal.verification import shapes
from portal.verification.shapes import LONGEST_CERTIFICATE, LONGEST_NAME
from whitelist import texts
from whitelist.access import Check
from whitelist.errors import VerificationInvalid
from whitelist.models import VerificationLog
from whitelist.verification import asking, counterparts, log, statuses
from whitelist.verification.asking import Asker, CheckPurpose
from whitelist.verification.counterparts import Counterpart
from whitelist.verification.statuses import Answer

_SERIAL_NUMBER = re.compile(r"[0-9A-Fa-f]{1,40}")


class _Asked(APIView):
    @property
    def largest_body(self) -> int:
        """Return how many octets all the certificates that may be asked about come to, in base64."""
        return settings.VERIFICATION_MOST * 2 * LONGEST_CERTIFICATE


class StatusView(_Asked):
    """POST: how certificates of one authority stand."""

    @describing.operation(
        ("電子証明書の状態を調べる", "Ask how certificates stand"),
        body=shapes.StatusBody,
        answer=shapes.StatusesAnswer,
        asked=shapes.STATUS_ASKED,
        told=shapes.STATUS_TOLD,
        problems=shapes.PROBLEMS,
    )
    @creating.heeded
    def post(self, request: Request) -> Response:
        """Tell how certificates of one authority stand, by their octets or by their serial numbers, in their order."""
        who, data = _asker(request, shapes.StatusBody)
        purpose = _purpose(data)
        by_number = data.get("serial_numbers") is not None
        if by_number == (data.get("certificates") is not None):
            raise VerificationInvalid("either certificates or serial_numbers", member="certificates")
        if by_number:
            answers = partial(statuses.by_serial_numbers, who, purpose, _serial_numbers(data))
        else:
            answers = partial(statuses.by_certificates, who, purpose, _certificates(data))

        @transaction.atomic
        def make() -> Response:
            told = answers()
            if settings.VERIFICATION_FAULTS:
                told = import_string(settings.VERIFICATION_FAULTS)(who.realm, purpose, told)
            return _told(who, purpose, [_status(each) for each in told])

        # What the register forbids meanwhile isn't told again either.
        permit = partial(asking.require, who, Check.STATUS, purpose)
        return creating.answer(request, who.credential.relying_party, make, permit=permit)


class CounterpartsView(_Asked):
    """POST: the serial numbers that belong to others."""

    @describing.operation(
        ("対応する電子証明書を調べる", "Ask which certificates belong together"),
        body=shapes.CounterpartsBody,
        answer=shapes.CounterpartsAnswer,
        asked=shapes.COUNTERPARTS_ASKED,
        told=shapes.COUNTERPARTS_TOLD,
        problems=shapes.PROBLEMS,
    )
    @creating.heeded
    def post(self, request: Request) -> Response:
        """Tell the serial numbers that belong to others: of the other medium, or of the other purpose."""
        who, data = _asker(request, shapes.CounterpartsBody)
        purpose, numbers = _purpose(data), _serial_numbers(data)
        wanted = data.get("counterpart")
        if wanted not in ("medium", "purpose"):
            raise VerificationInvalid("counterpart must be medium or purpose", member="counterpart")
        ask = counterparts.other_medium if wanted == "medium" else counterparts.other_purpose
        kind = Check.MEDIUM_COUNTERPART if wanted == "medium" else Check.PURPOSE_COUNTERPART

        @transaction.atomic
        def make() -> Response:
            return _told(who, purpose, [_counterpart(each) for each in ask(who, purpose, numbers)])

        permit = partial(asking.require, who, kind, purpose)
        return creating.answer(request, who.credential.relying_party, make, permit=permit)


class LogView(APIView):
    """GET: what was asked by oneself, or in one's name, newest first, a page at a time."""

    @describing.operation(
        ("調べた記録を読む", "Read the log of answers"),
        query=shapes.LogQuery,
        answer=shapes.LogAnswer,
        told=shapes.LOG_TOLD,
    )
    def get(self, request: Request) -> Response:
        """Tell what you asked, and what was asked in your name, newest first; go on at `next`."""
        credential = callers.of(request)
        asked = describing.read_query(request, shapes.LogQuery)
        size, before = asked["limit"], asked.get("before")
        page = log.newest([credential.relying_party_id], size + 1, before=before or None)
        more = len(page) > size
        page = page[:size]
        link = f"{settings.PUBLIC_URL}{reverse('verification_api:log')}?limit={size}&before="
        return Response(
            {"answers": [_logged(each) for each in page], "next": f"{link}{page[-1].pk}" if more else None},
            headers=NO_STORE,
        )


def _asker(request: Request, kind: type[Body]) -> tuple[Asker, Any]:
    credential = callers.of(request)
    data = request.data
    if not isinstance(data, dict):
        raise VerificationInvalid("the body must be an object")
    if unknown := sorted(set(data) - set(kind().fields)):
        raise VerificationInvalid(f"there is no member {unknown[0]!r}", member=unknown[0])
    check = data.get("check_purpose")
    if check not in CheckPurpose.values:
        raise VerificationInvalid(f"check_purpose must be {' or '.join(CheckPurpose.values)}", member="check_purpose")
    behalf = data.get("on_behalf_of", "")
    if not isinstance(behalf, str) or len(behalf) > LONGEST_NAME or behalf != texts.kept(behalf):
        raise VerificationInvalid("on_behalf_of must be a client id", member="on_behalf_of")
    return asking.asker(credential, check_purpose=CheckPurpose(check), on_behalf_of=behalf), data


def _purpose(data: Any) -> Purpose:
    known = [each.value for each in Purpose]
    if data.get("purpose") not in known:
        raise VerificationInvalid(f"purpose must be {' or '.join(known)}", member="purpose")
    return Purpose(data["purpose"])


def _list(data: Any, member: str) -> list[Any]:
    given = data.get(member)
    if not isinstance(given, list):
        raise VerificationInvalid(f"{member} must be a list", member=member)
    asking.require_few(given, member)
    return given


def _serial_numbers(data: Any) -> list[str]:
    given = _list(data, "serial_numbers")
    for place, each in enumerate(given):
        if not isinstance(each, str) or not _SERIAL_NUMBER.fullmatch(each):
            raise VerificationInvalid("a serial number is hexadecimal digits", member="serial_numbers", index=place)
    return [encoding.integer_hex(int(each, 16)) for each in given]


def _certificates(data: Any) -> list[bytes]:
    certificates = []
    for place, each in enumerate(_list(data, "certificates")):
        try:
            certificates.append(octets.decode(each, longest=LONGEST_CERTIFICATE))
        except ValueError as error:
            raise VerificationInvalid(f"a certificate {error}", member="certificates", index=place) from None
    return certificates


def _told(who: Asker, purpose: Purpose, answers: list[dict[str, Any]]) -> Response:
    told = {
        "request": str(who.request),
        "at": who.now.isoformat(),
        "purpose": purpose.value,
        "check_purpose": str(who.check_purpose),
        "on_behalf_of": who.party.client_id if who.acts_for_another else None,
        "answers": answers,
    }
    return Response(told, headers=NO_STORE)


def _status(answer: Answer) -> dict[str, Any]:
    return {
        "serial_number": answer.serial_number or None,
        "status": answer.status.value,
        "medium": answer.medium.value if answer.medium else None,
        "reason": answer.reason or None,
        "since": answer.since.isoformat() if answer.since else None,
        "valid_until": answer.valid_until.isoformat() if answer.valid_until else None,
    }


def _counterpart(answer: Counterpart) -> dict[str, Any]:
    other = answer.other
    told = other and {
        "serial_number": other.serial_number,
        "purpose": other.purpose.value,
        "medium": other.medium.value,
    }
    return {"serial_number": answer.serial_number, "counterpart": told}


def _logged(row: VerificationLog) -> dict[str, Any]:
    return {
        "request": str(row.request),
        "at": row.at.isoformat(),
        "relying_party": row.relying_party.client_id,
        "on_behalf_of": row.on_behalf_of.client_id if row.on_behalf_of else None,
        "kind": row.kind,
        "purpose": row.purpose,
        "check_purpose": row.check_purpose,
        "serial_number": row.serial_number or None,
        "verdict": row.verdict,
    }
