"""The site's API, as a service calls it: prove who we are, ask a phone, redeem, verify, ask for status."""

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jpki_client import keys, problems
from jpki_client.handoffs import ANSWERED, Asked, HandOff, Pending, Request
from jpki_client.problems import NotAuthenticated, Unreachable
from jpki_client.status import Question, Status, by_ocsp
from jpki_client.trust import Trust
from jpki_client.verdict import Check, Line, Outcome, Verdict
from jpki_client.verification import verify

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2
TIMEOUT = 30.0
# A token is renewed so many seconds before it ends.
MARGIN = 30.0
SIGNATURE_VERIFICATION, LIVENESS_CHECK = "signature_verification", "liveness_check"


@dataclass(frozen=True)
class Standing:
    """How a certificate stands by the authorities' records: good, revoked, on_hold, expired, not_yet_valid, unknown."""

    serial_number: str | None
    status: str
    medium: str | None
    reason: str | None
    since: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True)
class Counterpart:
    """The serial number that belongs to another one; `counterpart` is None where none is in force, or none is told."""

    serial_number: str
    counterpart: str | None
    purpose: str | None = None
    medium: str | None = None


class Client:
    """One relying party's access to the site at `url`. Safe to share between threads; its token is renewed by itself.

    `key` is the service's private key (ES256), its PEM or the file that holds it; `key_id` its name in the register
    where that isn't its thumbprint. `pinned` are the SHA-256 fingerprints of the only authorities that are trusted; in
    earnest there are some. `realm_time`: go by the trust list's time, for a sandbox whose clock was moved. `http` is an
    httpx client of one's own (proxies, TLS, tests).
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        key: keys.Key,
        *,
        key_id: str = "",
        pinned: Collection[str] = (),
        realm_time: bool = False,
        http: httpx.Client | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.client_id = client_id
        self._given = key
        self._key_id = key_id
        self._pinned = tuple(pinned)
        self._realm_time = realm_time
        self._http = http or httpx.Client(timeout=TIMEOUT)
        self._token = ""
        self._token_until = 0.0
        self._turn = threading.Lock()

    # --- hand-offs -------------------------------------------------------------------------------------------
    def ask(self, purpose: str, *, return_url: str, **more: Any) -> Asked:
        """Ask for a phone: send the citizen to the answer's `link`, keep its `pending` in their session.

        `more` are the members of `handoffs.Request`: a signature has a `document` (text) or a `pdf`, and a
        `document_name`; of a text, `format` cades signs what a CMS needs; `media` are those that may answer; `way` is
        browser (the citizen is on the phone), app, or qr (the link is a page with a code for the phone's camera).
        Raises `problems.Problem`: `RequestInvalid`, `DocumentUnacceptable`, `NotAllowed` …
        """
        request = Request(purpose, return_url, **more)
        members = self.call("POST", "/api/v1/handoffs", json=request.body())
        hand_off = HandOff.read(members)
        link = members.get("link")
        if not isinstance(link, str):
            raise Unreachable("the answer has no link")
        return Asked(hand_off, link, request.pending(hand_off, client_id=self.client_id, issuer=self.url))

    def come_back(self, pending: Pending, query: Mapping[str, str] | str) -> HandOff:
        """Return how a hand-off came out, for what the citizen's browser brought to our return address.

        It is checked that this is ours (`Pending.check_return`) before the code is redeemed, which works once. Of a
        hand-off that wasn't answered there is no result. Raises `NotOurs`, `CodeInvalid`.
        """
        return self.redeem(pending, pending.check_return(query))

    def redeem(self, pending: Pending, code: str) -> HandOff:
        """Return the hand-off for the code that its own browser brought; `come_back` calls it after its checks."""
        body = {"code": code, "code_verifier": pending.code_verifier}
        return HandOff.read(self.call("POST", f"/api/v1/handoffs/{pending.id}/redeem", json=body))

    def fetch(self, reference: str) -> HandOff:
        """Return how a hand-off of ours stands; with its result once its code was redeemed, by whomever of us."""
        return HandOff.read(self.call("GET", f"/api/v1/handoffs/{reference}"))

    def verify(
        self, hand_off: HandOff, pending: Pending, *, trust: Trust | None = None, status: Status | None = None
    ) -> Verdict:
        """Return the verdict on what came of `pending`: never accept a result because it came.

        `status` is `by_ocsp()` where nothing else is given, or `self.by_api(…)`.
        """
        trust = trust or self.trust()
        result = hand_off.result
        if result is None or hand_off.state != ANSWERED or hand_off.id != pending.id:
            result = {}
        now = trust.time if self._realm_time else datetime.now(UTC)
        return verify(result, pending.expected, trust=trust, now=now, status=status or by_ocsp())

    def trust(self) -> Trust:
        """Return the trust list of our realm, with no other authority in it than those pinned. Raises `NotPinned`."""
        found = Trust.read(self.call("GET", "/api/v1/trust"))
        return found.pinned(self._pinned) if self._pinned else found

    # --- verification ----------------------------------------------------------------------------------------
    def statuses(
        self,
        purpose: str,
        *,
        check_purpose: str,
        serial_numbers: Iterable[str] | None = None,
        certificates: Iterable[x509.Certificate] | None = None,
        on_behalf_of: str | None = None,
        idempotency_key: str | None = None,
    ) -> list[Standing]:
        """Return how certificates of one purpose stand, in their order: by serial numbers, or by themselves."""
        body: dict[str, Any] = {"purpose": purpose, "check_purpose": check_purpose}
        if serial_numbers is not None:
            body["serial_numbers"] = list(serial_numbers)
        if certificates is not None:
            body["certificates"] = [keys.padded(_der(one)) for one in certificates]
        answers = self._verification("status", body, on_behalf_of, idempotency_key)
        return [
            Standing(
                one["serial_number"],
                one["status"],
                one["medium"],
                one["reason"],
                one["since"] and datetime.fromisoformat(one["since"]),
                one["valid_until"] and datetime.fromisoformat(one["valid_until"]),
            )
            for one in answers
        ]

    def counterparts(
        self,
        purpose: str,
        serial_numbers: Iterable[str],
        *,
        counterpart: str = "medium",
        check_purpose: str = LIVENESS_CHECK,
        on_behalf_of: str | None = None,
        idempotency_key: str | None = None,
    ) -> list[Counterpart]:
        """Return the numbers that belong to others: of the other `medium`, or of the other `purpose`."""
        body: dict[str, Any] = {"purpose": purpose, "check_purpose": check_purpose, "counterpart": counterpart}
        body["serial_numbers"] = list(serial_numbers)
        answers = self._verification("counterparts", body, on_behalf_of, idempotency_key)
        return [_counterpart(one) for one in answers]

    def by_api(self, check_purpose: str = SIGNATURE_VERIFICATION) -> Status:
        """Return how status is found out by the authorities' records instead of OCSP, for `verify`."""

        def ask(question: Question) -> Line:
            facts = {"url": f"{self.url}/api/v1/verification/status"}
            if question.issuer is None:
                return Line(Check.STATUS, Outcome.UNKNOWN, "nobody_to_ask", facts)
            try:
                (standing,) = self.statuses(
                    question.purpose, check_purpose=check_purpose, certificates=[question.certificate]
                )
            except problems.JpkiError as error:
                return Line(Check.STATUS, Outcome.UNKNOWN, "records_unreachable", facts | {"answer": error.code})
            facts |= {
                "reason": standing.reason or "",
                "revoked_at": standing.since.isoformat() if standing.since else "",
            }
            if standing.status == "good":
                return Line(Check.STATUS, Outcome.HOLDS, "good", facts)
            why = "unknown_certificate" if standing.status == "unknown" else standing.status
            return Line(Check.STATUS, Outcome.FAILS, why, facts)

        return ask

    def _verification(
        self, what: str, body: dict[str, Any], on_behalf_of: str | None, idempotency_key: str | None
    ) -> list[dict[str, Any]]:
        if on_behalf_of is not None:
            body["on_behalf_of"] = on_behalf_of
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        answers = self.call("POST", f"/api/v1/verification/{what}", json=body, headers=headers)["answers"]
        if not isinstance(answers, list):
            raise Unreachable("the answer has no answers")
        return answers

    # --- calls -----------------------------------------------------------------------------------------------
    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Call any address of the API with our token, and return the answer's JSON; None where it is empty.

        `arguments` are httpx's (json, headers …). Raises `Problem`, `Unreachable`.
        """
        return _json(self._with_token(method, path, **arguments))

    def text(self, method: str, path: str, **arguments: Any) -> str:
        """The same for an answer that is a text."""
        return self._with_token(method, path, **arguments).text

    def _with_token(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **arguments: Any
    ) -> httpx.Response:
        """Send with our token; one that the site doesn't know any more is renewed once."""
        for last in (False, True):
            token = self.token()
            try:
                sent = {**(headers or {}), "Authorization": f"Bearer {token}"}
                return self._send(method, path, headers=sent, **arguments)
            except NotAuthenticated:
                if last:
                    raise
                self._forget(token)
        raise AssertionError("unreachable")

    def token(self) -> str:
        """Return a bearer token that is good for some while yet; a new one where the last one isn't."""
        with self._turn:
            if time.monotonic() >= self._token_until:
                form = {
                    "grant_type": "client_credentials",
                    "client_assertion_type": ASSERTION_TYPE,
                    "client_assertion": self.assertion(),
                }
                answer = _json(self._send("POST", "/api/v1/token", data=form))
                try:
                    self._token = str(answer["access_token"])
                    self._token_until = time.monotonic() + float(answer["expires_in"]) - MARGIN
                except (KeyError, TypeError, ValueError) as error:
                    raise Unreachable(f"not a token: {error}") from error
            return self._token

    def assertion(self) -> str:
        """Return a client assertion: a JWT that says who we are, to the token endpoint alone, for a minute, once."""
        audience = f"{self.url}/api/v1/token"
        return keys.assertion(self._key, client_id=self.client_id, audience=audience, key_id=self._key_id)

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return keys.load(self._given)

    def _forget(self, token: str) -> None:
        with self._turn:
            if self._token == token:
                self._token_until = 0.0

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            response = self._http.request(method, self.url + path, **arguments)
        except httpx.HTTPError as error:
            raise Unreachable(str(error)) from error
        if response.is_error:
            raise problems.raised(response)
        return response


def _json(response: httpx.Response) -> Any:
    if response.status_code == 204 or not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise Unreachable(f"the answer is no JSON: {error}") from error


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _counterpart(members: Mapping[str, Any]) -> Counterpart:
    other = members["counterpart"]
    if other is None:
        return Counterpart(members["serial_number"], None)
    return Counterpart(members["serial_number"], other["serial_number"], other["purpose"], other["medium"])
