"""The citizen's yes: the chip signs what is shown, and certificate and signature go to the site, as answer.js does."""

import base64
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ca.profiles import Purpose
from sandbox.driver.chip import ChipRefused, Played
from sandbox.driver.wording import sentence
from tsm.transports.base import Transport

# What is typed, as the page's script holds it to its form before the chip sees it.
LONGEST = {"pin": 4, "password": 16}
SHORTEST = {"pin": 4, "password": 6}


class SiteRefused(Exception):
    """The site said no, or nothing; `problem` is what the page shows."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("code", ""))
        self.problem = problem

    @classmethod
    def of(cls, code: str) -> "SiteRefused":
        """Return the refusal that a page's script words itself."""
        return cls({"code": code, "citizen": sentence(code), "tries_left": None})


@dataclass
class Signer:
    """One answer to one page: `form` is what the page gives its script, `post` sends to the site."""

    form: dict[str, str]
    purpose: Purpose
    powered: Callable[[], AbstractContextManager[Transport]]
    post: Callable[[str, dict[str, str]], Any]

    def sign(self, secret: str) -> dict[str, str]:
        """Have the chip sign; return what is posted as the answer. Raises ChipRefused, SiteRefused."""
        shown = base64.b64decode(self.form["message"])
        if "prepare-url" not in self.form:
            return self._answer(*self._session(secret, shown))
        certificate, _ = self._session(secret, None)
        told = self.post(self.form["prepare-url"], {"certificate": _base64(certificate)})
        message = base64.b64decode(told["message"])
        if told["document_digest"] != self.form["digest"]:
            raise SiteRefused.of("unknown")
        if shown and hashlib.sha256(shown).digest() not in message:
            raise SiteRefused.of("unknown")
        _, signature = self._session(secret, message, read=False)
        return self._answer(certificate, signature)

    def _session(self, secret: str, message: bytes | None, *, read: bool = True) -> tuple[bytes, bytes]:
        """Power the chip for one session: the password is verified once, then it signs, then it is read."""
        with self.powered() as chip:
            played = Played(chip)
            key = played.open(self.purpose, secret)
            signature = played.sign(key, message) if message is not None else b""
            return played.certificate(key) if read else b"", signature

    def _answer(self, certificate: bytes, signature: bytes) -> dict[str, str]:
        return {
            "service": self.form["service"],
            "certificate": _base64(certificate),
            "signature": _base64(signature),
        }


def fits(kind: str, secret: str) -> bool:
    """Tell whether what was typed has the form of a PIN or a password."""
    right = secret.isdigit() if kind == "pin" else secret.isalnum() and secret == secret.upper()
    return secret.isascii() and right and SHORTEST[kind] <= len(secret) <= LONGEST[kind]


def problem_of(refused: ChipRefused, purpose: Purpose, *, with_card: bool) -> dict[str, Any]:
    """Return what the page shows for a chip's error, to somebody who holds the phone or lays a card on the reader."""
    signature = purpose == Purpose.SIGNATURE
    aliases = {} if signature else {"password_wrong": "pin_wrong", "password_blocked": "pin_blocked"}
    if with_card:
        blocked = "card_password_blocked" if signature else "card_pin_blocked"
        aliases |= {"certificate_missing": "certificate_missing_on_card", "password_blocked": blocked}
    else:
        missing = ("application_missing", "certificate_missing", "key_missing")
        aliases |= dict.fromkeys(missing, "phone_certificate_missing")
    told = sentence(refused.code, tries=refused.tries_left, aliases=aliases)
    return {"code": refused.code, "citizen": told, "tries_left": refused.tries_left}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
