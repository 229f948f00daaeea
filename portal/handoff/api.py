"""The hand-off's API for relying parties: parse, one call, answer. Who asks is whose key signed, and nobody else."""

import logging
from enum import StrEnum
from typing import Any, TypeVar

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ca.profiles import Medium, Purpose
from portal import callers
from portal.accounts.signing_in import address_of
from portal.api import creating, describing
from portal.api.describing import Body
from portal.api.headers import NO_STORE
from portal.bodies import FormParser, JSONParser
from portal.handoff import asking, delivery, faults, hand_offs, octets, pdf, results, shapes, trust
from portal.handoff.errors import RequestInvalid
from portal.handoff.models import HandOff
from portal.handoff.shapes import ASSERTION_TYPE, GRANT_TYPE, LONGEST_ADDRESS, LONGEST_CLIENT_ID, LONGEST_CODE
from portal.handoff.ways import Format, Way
from whitelist import credentials
from whitelist.errors import TokenRequestInvalid, WhitelistError

# Who signed in to the APIs and who didn't, as docs/safeguards.md lists it.
logger = logging.getLogger("portal.security")

ASSERTION = frozenset({"client_assertion", "client_assertion_type"})
# A PDF in base64, and the rest.
LARGEST_BODY = 4 * pdf.LARGEST // 3 + 1_000_000

Choice = TypeVar("Choice", bound=StrEnum)


def token_endpoint() -> str:
    """Return the address of the token endpoint: the one audience of a client assertion."""
    return settings.PUBLIC_URL + reverse("handoff_api:token")


class TokenView(APIView):
    """POST: a bearer token."""

    parser_classes = (FormParser, JSONParser)

    @describing.operation(
        ("トークンを受け取る", "Get a token"),
        body=shapes.TokenBody,
        answer=shapes.TokenAnswer,
        asked=shapes.TOKEN_ASKED,
        told=shapes.TOKEN_TOLD,
        problems=(
            "token_request_invalid", "client_assertion_invalid", "client_assertion_replayed", "client_unknown",
            "too_many_requests",
        ),
        public=True,
        form=True,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Give a bearer token (RFC 6749 4.4) for a client assertion (RFC 7523 2.2) or a certificate shown in TLS.

        As a form or JSON. With a certificate (RFC 8705 2) `client_id` says whose it is, and the token is good with that
        certificate alone.
        """
        data = _members(request)
        if data.get("grant_type") != GRANT_TYPE:
            raise TokenRequestInvalid(f"grant_type must be {GRANT_TYPE}", error="unsupported_grant_type")
        by = "private_key_jwt" if ASSERTION & data.keys() else "tls_client_auth"
        try:
            token = _by_assertion(data) if ASSERTION & data.keys() else _by_certificate(request, data)
        except WhitelistError as error:
            # Who it says it is, isn't written down: it may be anything.
            logger.warning("token refused (%s) by %s from %s", error.code, by, address_of(request._request))
            error.data.setdefault("error", "invalid_client")  # RFC 6749 5.2
            raise
        callers.count(request, token.credential)
        logger.info("token by %s for %s, key %s", by, token.credential.relying_party.client_id, token.credential.key_id)
        return Response(
            {"access_token": token.value, "token_type": "Bearer", "expires_in": token.expires_in}, headers=NO_STORE
        )


class HandOffsView(APIView):
    """POST: ask a phone. The answer holds the link, to which the service sends its citizen's browser."""

    largest_body = LARGEST_BODY

    @describing.operation(
        ("スマートフォンに頼む", "Ask a phone"),
        body=shapes.HandOffBody,
        answer=shapes.NewHandOffAnswer,
        status=201,
        asked=shapes.HANDOFF_ASKED,
        told=shapes.NEW_TOLD,
        problems=("handoff_request_invalid", "document_unacceptable", "delegation_missing"),
    )
    @creating.once
    def post(self, request: Request) -> Response:
        """Ask a citizen's phone to authenticate or to sign. Send the citizen's browser to the answer's `link`.

        Where the register says no, the hand-off is made in state `refused`, with its reason.
        """
        credential = callers.of(request)
        data = _members(request, shapes.HandOffBody)
        asked = asking.ask(
            credential,
            purpose=_one_of(Purpose, data, "purpose"),
            return_url=_text(data, "return_url", longest=LONGEST_ADDRESS),
            document=_text(data, "document", default=""),
            document_name=_text(data, "document_name", default=""),
            pdf=_pdf(data),
            format=_one_of(Format, data, "format") if data.get("format") is not None else None,
            way=_one_of(Way, data, "way") if data.get("way") is not None else Way.BROWSER,
            media=_media(data),
            state=_text(data, "state", default=""),
            code_challenge=_challenge(data),
            on_behalf_of=_text(data, "on_behalf_of", default="", longest=LONGEST_CLIENT_ID),
        )
        return Response({**_shape(asked.hand_off), "link": asked.address}, status=201, headers=NO_STORE)


class HandOffView(APIView):
    """GET: how a hand-off of one's own stands; with its result once the code was redeemed."""

    @describing.operation(
        ("頼んだことの状態を見る", "See how a hand-off stands"),
        answer=shapes.HandOffAnswer,
        told=shapes.HANDOFF_TOLD,
        problems=("handoff_unknown", "delegation_missing"),
    )
    def get(self, request: Request, reference: str) -> Response:
        """Tell the state of a hand-off of your own; the result too, once the code was redeemed."""
        return Response(_shape(hand_offs.by_id(reference, credential=callers.of(request))), headers=NO_STORE)


class RedeemView(APIView):
    """POST: the code that the citizen's browser brought, once; the answer is the hand-off with its result."""

    @describing.operation(
        ("結果を受け取る", "Redeem the code for the result"),
        body=shapes.RedeemBody,
        answer=shapes.HandOffAnswer,
        asked=shapes.REDEEM_ASKED,
        told=shapes.REDEEMED,
        problems=("handoff_request_invalid", "handoff_unknown", "handoff_code_invalid"),
    )
    def post(self, request: Request, reference: str) -> Response:
        """Give the result for the code that the citizen's browser brought back: once, within two minutes."""
        credential = callers.of(request)
        data = _members(request, shapes.RedeemBody)
        hand_off = delivery.redeem(
            credential,
            reference=reference,
            code=_text(data, "code", longest=LONGEST_CODE),
            code_verifier=_text(data, "code_verifier", default="", longest=LONGEST_CODE),
        )
        return Response(_shape(hand_off), headers=NO_STORE)


class TrustView(APIView):
    """GET: what a verifier trusts in a realm. Public; `?realm=` names it, otherwise the token's or the default one."""

    @describing.operation(
        ("信頼する認証局を知る", "What a verifier trusts"),
        query=shapes.TrustQuery,
        answer=shapes.TrustAnswer,
        told=shapes.TRUST_TOLD,
        problems=("realm_unknown", "token_invalid", "too_many_requests"),
        public=True,
    )
    def get(self, request: Request) -> Response:
        """Tell the authorities of a realm, which policy is which medium, and where status is asked. Public."""
        realm = describing.read_query(request, shapes.TrustQuery).get("realm")
        if realm is None:
            realm = settings.DEFAULT_REALM
            if "Authorization" in request.headers:
                realm = callers.of(request).relying_party.realm.slug
        return Response(faults.trust(realm, trust.trust_list(realm)))


def _by_assertion(data: Any) -> credentials.Token:
    if data.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRequestInvalid(f"client_assertion_type must be {ASSERTION_TYPE}", error="invalid_request")
    assertion = data.get("client_assertion")
    if not isinstance(assertion, str) or not assertion:
        raise TokenRequestInvalid("client_assertion is missing", error="invalid_request")
    return credentials.exchange(assertion, audience=token_endpoint())


def _by_certificate(request: Request, data: Any) -> credentials.Token:
    shown, client_id = callers.certificate(request), data.get("client_id")
    if shown is None:
        raise TokenRequestInvalid(
            "client_assertion is missing, and no certificate was shown in TLS", error="invalid_request"
        )
    if not isinstance(client_id, str) or not client_id:
        raise TokenRequestInvalid("client_id is missing: whose certificate is it?", error="invalid_request")
    return credentials.exchange_certificate(client_id, shown)


def _shape(hand_off: HandOff) -> dict[str, Any]:
    return faults.told(hand_off, _true_shape(hand_off))


def _true_shape(hand_off: HandOff) -> dict[str, Any]:
    return {
        "id": str(hand_off.id),
        "state": hand_off.state,
        "reason": hand_off.reason or None,
        "purpose": hand_off.purpose,
        "on_behalf_of": hand_off.relying_party.client_id if hand_off.operator else None,
        "way": hand_off.way,
        "format": hand_off.format,
        "media": [Medium.PHONE, Medium.CARD] if hand_off.card_allowed else [Medium.PHONE],
        "document_digest": hand_off.document_digest or None,
        "nonce": hand_off.nonce,
        "created_at": hand_off.created_at.isoformat(),
        "expires_at": hand_off.expires_at.isoformat(),
        "ended_at": hand_off.ended_at.isoformat() if hand_off.ended_at else None,
        "redeemed_at": hand_off.fetched_at.isoformat() if hand_off.fetched_at else None,
        "result": results.shape(hand_off),
    }


def _members(request: Request, kind: type[Body] | None = None) -> Any:
    """Return the members of the request's body, `kind`'s and no others; a list or a bare text isn't a request."""
    if not hasattr(request.data, "get"):
        raise RequestInvalid("the body must be an object")
    unknown = sorted(set(request.data) - set(kind().fields)) if kind else []
    if unknown:
        raise RequestInvalid(f"there is no member {unknown[0]!r}", member=unknown[0])
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


def _challenge(data: Any) -> str:
    told = _text(data, "code_challenge", default="")
    if not told and settings.HANDOFF_PKCE == "required":
        raise RequestInvalid(
            "code_challenge is required: base64url of the SHA-256 of a secret that you keep in the citizen's session "
            "(RFC 7636, S256) and redeem the code with, as code_verifier",
            member="code_challenge",
        )
    return told


def _one_of(kind: type[Choice], data: Any, member: str) -> Choice:
    value = data.get(member)
    if not isinstance(value, str) or value not in {each.value for each in kind}:
        raise RequestInvalid(f"{member} must be {' or '.join(each.value for each in kind)}", member=member)
    return kind(value)


def _media(data: Any) -> list[Medium]:
    given = data.get("media")
    if given is None:
        return list(asking.EVERY_MEDIUM)
    if not isinstance(given, list) or any(one not in {each.value for each in Medium} for one in map(str, given)):
        raise RequestInvalid("media must be a list of phone and card", member="media")
    return [Medium(one) for one in given]


def _pdf(data: Any) -> bytes:
    if data.get("pdf") is None:
        return b""
    try:
        return octets.decode(data["pdf"], longest=pdf.LARGEST)
    except ValueError as error:
        raise RequestInvalid(f"pdf {error}", member="pdf") from None
