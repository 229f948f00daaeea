"""The hand-off's API for relying parties: parse, one call, answer. Who asks is whose key signed, and nobody else."""

import base64
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ca.profiles import Purpose
from portal.handoff import hand_offs, trust
from portal.handoff.errors import RequestInvalid
from portal.handoff.models import HandOff
from portal.handoff.states import State
from whitelist import credentials
from whitelist.errors import TokenInvalid, TokenRequestInvalid
from whitelist.models import Credential

GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2
NO_STORE = {"Cache-Control": "no-store"}
LONGEST_ADDRESS = 2000


def token_endpoint() -> str:
    """Return the address of the token endpoint: the one audience of a client assertion."""
    return settings.PUBLIC_URL + reverse("handoff_api:token")


class TokenView(APIView):
    """POST: a client assertion for a bearer token (RFC 6749 §4.4 with RFC 7523 §2.2), as a form or JSON."""

    parser_classes = (FormParser, JSONParser)

    def post(self, request: Request) -> Response:
        data = _members(request)
        if data.get("grant_type") != GRANT_TYPE:
            raise TokenRequestInvalid(f"grant_type must be {GRANT_TYPE}", error="unsupported_grant_type")
        if data.get("client_assertion_type") != ASSERTION_TYPE:
            raise TokenRequestInvalid(f"client_assertion_type must be {ASSERTION_TYPE}", error="invalid_request")
        assertion = data.get("client_assertion")
        if not isinstance(assertion, str) or not assertion:
            raise TokenRequestInvalid("client_assertion is missing", error="invalid_request")
        token = credentials.exchange(assertion, audience=token_endpoint())
        return Response(
            {"access_token": token.value, "token_type": "Bearer", "expires_in": token.expires_in}, headers=NO_STORE
        )


class HandOffsView(APIView):
    """POST: ask a phone. The answer holds the link, which the service sends its citizen to."""

    def post(self, request: Request) -> Response:
        credential = _credential(request)
        data = _members(request)
        purpose = _text(data, "purpose")
        if purpose not in {each.value for each in Purpose}:
            raise RequestInvalid("purpose must be user_authentication or signature", member="purpose")
        asked = hand_offs.ask(
            credential,
            purpose=Purpose(purpose),
            return_url=_text(data, "return_url", longest=LONGEST_ADDRESS),
            document=_text(data, "document", default=""),
            document_name=_text(data, "document_name", default=""),
        )
        body = _shape(asked.hand_off)
        body["link"] = settings.PUBLIC_URL + reverse("handoff:page", args=[asked.token])
        return Response(body, status=201, headers=NO_STORE)


class HandOffView(APIView):
    """GET: how a hand-off of one's own stands, with its result once the phone has answered."""

    def get(self, request: Request, reference: str) -> Response:
        hand_off = hand_offs.by_id(reference, credential=_credential(request))
        body = _shape(hand_off)
        if hand_off.state == State.ANSWERED:
            hand_offs.fetched(hand_off)
        return Response(body, headers=NO_STORE)


class TrustView(APIView):
    """GET: what a verifier trusts in a realm. Public; `?realm=` names it, otherwise the token's or the default one."""

    def get(self, request: Request) -> Response:
        realm = request.query_params.get("realm")
        if realm is None:
            realm = settings.DEFAULT_REALM
            if "Authorization" in request.headers:
                realm = _credential(request).relying_party.realm.slug
        return Response(trust.trust_list(realm))


def _shape(hand_off: HandOff) -> dict[str, Any]:
    return {
        "id": str(hand_off.id),
        "state": hand_off.state,
        "reason": hand_off.reason or None,
        "purpose": hand_off.purpose,
        "nonce": hand_off.nonce,
        "created_at": hand_off.created_at.isoformat(),
        "expires_at": hand_off.expires_at.isoformat(),
        "ended_at": hand_off.ended_at.isoformat() if hand_off.ended_at else None,
        "result": _result(hand_off),
    }


def _result(hand_off: HandOff) -> dict[str, Any] | None:
    if hand_off.state != State.ANSWERED or hand_off.certificate is None or hand_off.signature is None:
        return None
    return {
        "certificate": base64.b64encode(bytes(hand_off.certificate)).decode(),
        "signature": base64.b64encode(bytes(hand_off.signature)).decode(),
        "signed_text": hand_off.signed_text,
        "nonce": hand_off.nonce,
        "medium": hand_off.medium,
        "purpose": hand_off.purpose,
    }


def _credential(request: Request) -> Credential:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenInvalid("Authorization: Bearer <token> is missing")
    return credentials.authenticate(token.strip())


def _members(request: Request) -> Any:
    """Return the members of the request's body; a list or a bare text isn't a request."""
    if not hasattr(request.data, "get"):
        raise RequestInvalid("the body must be an object")
    return request.data


def _text(data: Any, member: str, *, default: str | None = None, longest: int | None = None) -> str:
    value = data.get(member, default)
    if not isinstance(value, str) or (default is None and not value):
        raise RequestInvalid(f"{member} must be a text", member=member)
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise RequestInvalid(f"{member} holds what is no character", member=member)
    if longest is not None and len(value) > longest:
        raise RequestInvalid(f"{member} is longer than {longest} characters", member=member)
    return value
