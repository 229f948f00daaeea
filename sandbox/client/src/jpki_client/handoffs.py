"""A hand-off as the service sees it: what it asked, what its session keeps of that, and what comes back."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jpki_client.documents import Original
from jpki_client.keys import unpadded
from jpki_client.problems import NotOurs, Unreachable
from jpki_client.trust import USER_AUTHENTICATION
from jpki_client.verification import PADES, Expected, authentication_text

# How a service asks: the citizen is on the phone; the same from an app; on another screen, which shows a code.
BROWSER, APP, QR = "browser", "app", "qr"
OPEN = frozenset({"waiting", "scanned", "shown"})
ANSWERED, DECLINED, REFUSED, EXPIRED = "answered", "declined", "refused", "expired"
WRONG_NUMBER, WRONG_BROWSER = "wrong_number", "wrong_browser"


@dataclass(frozen=True)
class HandOff:
    """How a hand-off stands. `result` is there once it was answered and its code redeemed; verify it."""

    id: str
    state: str
    reason: str | None
    purpose: str
    way: str
    format: str
    nonce: str
    expires_at: datetime
    result: Mapping[str, Any] | None
    # All members, as the API gave them.
    members: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "HandOff":
        """Return what the API gave. Raises `Unreachable` for what is no hand-off."""
        try:
            texts = {name: str(members[name]) for name in ("id", "state", "purpose", "way", "format", "nonce")}
            result = members["result"]
            if result is not None and not isinstance(result, Mapping):
                raise TypeError("result")
            until = datetime.fromisoformat(members["expires_at"])
            return cls(**texts, reason=members["reason"], expires_at=until, result=result, members=members)
        except (KeyError, TypeError, ValueError) as error:
            raise Unreachable(f"not a hand-off: {error}") from error

    @property
    def over(self) -> bool:
        """Return whether it has come to its end, whichever."""
        return self.state not in OPEN


@dataclass(frozen=True)
class Pending:
    """What a session keeps of what it asked for, until its own browser comes back; nothing of it is told to others.

    It goes into the session as JSON (`kept`) and comes out of it (`Pending.read`).
    """

    id: str
    nonce: str
    state: str
    client_id: str
    issuer: str
    purpose: str
    format: str
    media: tuple[str, ...]
    code_verifier: str
    original: Original | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Pending":
        """Return what `kept` wrote."""
        original = kept.get("original")
        return cls(**{**kept, "media": tuple(kept["media"]), "original": original and Original.read(original)})

    def kept(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**asdict(self), "media": list(self.media)}

    def check_return(self, query: Mapping[str, str] | str) -> str:
        """Return the code that the browser brought back, once it is sure that it is ours.

        `query` is the query of the address (a mapping, Django's `request.GET` …) or the whole address, as an app gets
        it. The hand-off's id, our state, and who sent it (RFC 9207) must be those of this very session: otherwise
        somebody else's result could be slipped into it, or this citizen's into somebody else's. Raises `NotOurs`.
        """
        given = _query(query) if isinstance(query, str) else query
        for name, wanted in (("handoff", self.id), ("state", self.state), ("iss", self.issuer)):
            if not hmac.compare_digest(given.get(name, "").encode(), wanted.encode()):
                raise NotOurs(f"{name} isn't what this session asked with")
        if not given.get("code"):
            raise NotOurs("no code: the site sends one back whatever came of it")
        return given["code"]

    @property
    def expected(self) -> Expected:
        """Return what the result is verified against."""
        if self.purpose == USER_AUTHENTICATION:
            original = Original.of(authentication_text(self.client_id, self.id, self.nonce))
        elif self.original is None:
            raise ValueError("a signature without a document")
        else:
            original = self.original
        return Expected(self.purpose, original, self.format, self.nonce, self.media)


@dataclass(frozen=True)
class Asked:
    """A hand-off that was made: send the citizen to `link`, and keep `pending` in their session."""

    hand_off: HandOff
    link: str
    pending: Pending


@dataclass(frozen=True)
class Request:
    """What is asked for, with the secrets of this one request: state, and PKCE's verifier (RFC 7636)."""

    purpose: str
    return_url: str
    way: str = BROWSER
    media: Sequence[str] = ("phone", "card")
    document: str | None = None
    pdf: bytes | None = None
    document_name: str | None = None
    format: str | None = None
    on_behalf_of: str | None = None
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    code_verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def body(self) -> dict[str, Any]:
        """Return the request's body for POST /api/v1/handoffs."""
        members = {
            "purpose": self.purpose,
            "return_url": self.return_url,
            "way": self.way,
            "media": list(self.media),
            "state": self.state,
            "code_challenge": challenge(self.code_verifier),
            "document": self.document,
            "pdf": None if self.pdf is None else base64.b64encode(self.pdf).decode(),
            "document_name": self.document_name,
            "format": self.format,
            "on_behalf_of": self.on_behalf_of,
        }
        return {name: value for name, value in members.items() if value is not None}

    def pending(self, hand_off: HandOff, *, client_id: str, issuer: str) -> Pending:
        """Return what to keep of it. What is verified later is what we sent, so the document's mark is taken here."""
        what = self.pdf if self.pdf is not None else self.document
        return Pending(
            id=hand_off.id,
            nonce=hand_off.nonce,
            state=self.state,
            client_id=self.on_behalf_of or client_id,
            issuer=issuer,
            purpose=self.purpose,
            format=self.format or (PADES if self.pdf is not None else "raw"),
            media=tuple(self.media),
            code_verifier=self.code_verifier,
            original=None if what is None else Original.of(what),
        )


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 §4.2)."""
    return unpadded(hashlib.sha256(verifier.encode()).digest())


def _query(address: str) -> dict[str, str]:
    """Return an address's query. Raises `NotOurs` where a name stands in it twice: who knows which one counts."""
    try:
        pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    except ValueError as error:
        raise NotOurs(str(error)) from error
    if len(dict(pairs)) != len(pairs):
        raise NotOurs("a name stands twice in the address")
    return dict(pairs)
