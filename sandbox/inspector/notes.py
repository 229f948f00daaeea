"""What is kept of a request and its answer. Bounded, and masked before it is kept."""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict

from ca.models import Realm
from portal.problems import CATALOGUE
from portal.providers.models import Workspace
from sandbox.models import InspectedRequest
from sandbox.trace import masking
from whitelist.credentials import assertions
from whitelist.models import AccessToken, RelyingParty

Verdict = InspectedRequest.Verdict
TRIM_EVERY = 32  # requests between two looks at how many a workspace has
LARGEST = 64_000  # octets of a body that is read for the inspector alone
MOST_BYTES = 64_000  # of a body as it is kept, in JSON
# Beside what is masked everywhere: a body's `code` is the way back's, and a phone is told passwords as `value`.
ASKED_SECRETS = frozenset({"code", "value", "values"})
# Said in their own columns, or of no use to who asks.
LEFT_OUT = frozenset({"Cookie", "Content-Security-Policy", "Vary", "X-Frame-Options"})


@dataclass(frozen=True)
class Whose:
    """Whose request it is, as far as it says so: nobody's word is believed for more than this."""

    realm: Realm
    key_id: str


def whose(request: HttpRequest, asked: Any) -> Whose | None:
    """Return the workspace's realm that a request belongs to, or None.

    A token that is over, or an assertion that doesn't hold, still says whose it is: that is what one looks for here.
    """
    caller = getattr(request, "api_caller", None)
    if caller is None:
        caller = _by_token(request)
    if caller is not None:
        found = Whose(caller.relying_party.realm, caller.key_id)
    else:
        party = _by_assertion(asked)
        if party is None:
            return None
        found = Whose(party.realm, "")
    return found if Workspace.objects.filter(realm=found.realm).exists() else None


def _by_token(request: HttpRequest) -> Any:
    _, _, token = request.headers.get("Authorization", "").partition(" ")
    if not token:
        return None
    rows = AccessToken.objects.select_related("credential__relying_party__realm")
    found = rows.filter(digest=assertions.digest(token.strip())).first()
    return found.credential if found else None


def _by_assertion(asked: Any) -> RelyingParty | None:
    said = _claims(asked.get("client_assertion")) if isinstance(asked, Mapping) else None
    issuer = said["claims"].get("iss") if said else None
    if not isinstance(issuer, str) or "\0" in issuer:
        return None
    return RelyingParty.objects.select_related("realm").filter(client_id=issuer[:64]).first()


def note(
    request: HttpRequest,
    response: HttpResponse,
    asked: Any,
    owner: Whose,
    *,
    reference: uuid.UUID,
    at: datetime,
    milliseconds: int,
) -> InspectedRequest:
    """Keep one request with its answer."""
    answer = _answer(response)
    verdict, code, why = judge(response.status_code, answer)
    row = InspectedRequest.objects.create(
        realm=owner.realm,
        reference=reference,
        at=at,
        milliseconds=milliseconds,
        method=request.method or "",
        path=masking.text(request.path)[:500],
        query=masking.text(f"?{request.META.get('QUERY_STRING', '')}")[1:],
        key_id=owner.key_id[:128],
        headers=_headers(request.headers.items()),
        body=bounded(asked_of(asked)),
        status=response.status_code,
        answer_headers=_headers(response.headers.items()),
        answer=bounded(masking.masked(answer)),
        verdict=verdict,
        code=code[:64],
        why=masking.text(why),
        hand_off=_hand_off(request, answer),
    )
    if row.pk % TRIM_EVERY == 0:
        trim(owner.realm)
    return row


def judge(status: int, answer: Any) -> tuple[Verdict, str, str]:
    """Return the verdict on a request, its code, and why, in words."""
    said = answer if isinstance(answer, Mapping) else {}
    if status >= 400:
        code = str(said.get("code", ""))
        row = CATALOGUE.get(code)
        why = " ".join(filter(None, (str(said.get("detail", "")), _errors(said), row.remedy if row else "")))
        return (Verdict.FAILED if status >= 500 else Verdict.REFUSED), code, why
    if said.get("state") == "refused" and said.get("reason"):
        # It was made, but the register said no.
        row = CATALOGUE.get(str(said["reason"]))
        return Verdict.REFUSED, str(said["reason"]), f"{row.cause} {row.remedy}" if row else "The register says no."
    return Verdict.ACCEPTED, "", ""


def trim(realm: Realm) -> None:
    """Let the oldest go, so that the realm keeps SANDBOX_INSPECTED_REQUESTS."""
    kept = InspectedRequest.objects.filter(realm=realm).order_by("-pk").values_list("pk", flat=True)
    most = settings.SANDBOX_INSPECTED_REQUESTS
    for pk in list(kept[most : most + 1]):
        InspectedRequest.objects.filter(realm=realm, pk__lte=pk).delete()


def bounded(value: Any) -> Any:
    """Return a body that isn't too long to be kept, else how long it was."""
    size = len(json.dumps(value, default=str))
    return value if size <= MOST_BYTES else f"… ({size} octets)"


def _errors(said: Mapping[str, Any]) -> str:
    errors = said.get("errors")
    if not isinstance(errors, Mapping):
        return ""
    return "; ".join(
        f"{name}: {' '.join(map(str, told)) if isinstance(told, list) else told}" for name, told in errors.items()
    )


def asked_of(asked: Any) -> Any:
    """Return a body as it is kept: masked, a client assertion as what it says."""
    if isinstance(asked, QueryDict):
        asked = asked.dict()
    if not isinstance(asked, Mapping):
        return masking.masked(asked)
    told = {
        str(name): masking.MASK
        if name in ASKED_SECRETS and value not in (None, "")
        else masking.masked({str(name): value})[str(name)]
        for name, value in asked.items()
    }
    if said := _claims(asked.get("client_assertion")):
        # What it says is what one looks for; without its signature it is good for nothing.
        told["jwt"] = masking.masked(said)
    return told


def _claims(assertion: Any) -> dict[str, Any] | None:
    """Return header and claims of a JWT, unverified; None for what is none."""
    if not isinstance(assertion, str) or len(assertion) > LARGEST:
        return None
    parts = assertion.split(".")
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in parts[:2])
    except (ValueError, RecursionError):
        return None
    return {"header": header, "claims": claims} if isinstance(claims, dict) and len(parts) == 3 else None


def _answer(response: HttpResponse) -> Any:
    kind = response.headers.get("Content-Type", "").split(";")[0]
    if kind in ("application/json", "application/problem+json") and response.content:
        return json.loads(response.content)
    return f"({kind or 'nothing'}, {len(response.content)} octets)" if response.content else None


def _headers(items: Any) -> dict[str, Any]:
    told: dict[str, Any] = masking.masked({name: value for name, value in items if name not in LEFT_OUT})
    return told


def _hand_off(request: HttpRequest, answer: Any) -> uuid.UUID | None:
    match = request.resolver_match
    if match is None or match.namespace != "handoff_api" or not isinstance(answer, Mapping):
        return None
    try:
        return uuid.UUID(str(match.kwargs.get("reference") or answer.get("id")))
    except ValueError:
        return None
