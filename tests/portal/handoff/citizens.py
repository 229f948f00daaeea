"""A citizen with real keys, who answers as a phone's page does."""

import base64
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from ca.models import Certificate
from ca.profiles import Medium, Purpose
from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from portal.handoff.ways import Format
from tests.ca.fixtures import private_key

# The keys that tests.ca.fixtures.issue_all_four gives to card and phone.
FIRST_KEY = {Medium.CARD: 0, Medium.PHONE: 10}


@dataclass(frozen=True)
class Citizen:
    certificates: dict[tuple[Purpose, Medium], Certificate]

    def certificate(self, purpose: Purpose | str, medium: Medium = Medium.PHONE) -> Certificate:
        return self.certificates[Purpose(purpose), medium]

    def sign(self, purpose: Purpose | str, message: str | bytes, medium: Medium = Medium.PHONE) -> bytes:
        key = private_key(FIRST_KEY[medium] + list(Purpose).index(Purpose(purpose)))
        octets = message.encode() if isinstance(message, str) else message
        return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())

    def answer(self, hand_off: HandOff, medium: Medium = Medium.PHONE) -> dict[str, bytes]:
        """Return what the service layer takes; where something is to be prepared first, it is."""
        certificate = bytes(self.certificate(hand_off.purpose, medium).der)
        message: str | bytes = hand_off.signed_text
        if hand_off.format != Format.RAW:
            message = hand_offs.prepare(hand_off, certificate)
        return {"certificate": certificate, "signature": self.sign(hand_off.purpose, message, medium)}

    def posted(self, hand_off: HandOff, medium: Medium = Medium.PHONE) -> dict[str, Any]:
        """Return what the page posts."""
        return {
            "service": hand_off.relying_party.client_id,
            **{name: base64.b64encode(value).decode() for name, value in self.answer(hand_off, medium).items()},
        }
