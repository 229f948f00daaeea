"""Hand-offs from the service's request to the redeemed answer, among the population."""

import secrets
import urllib.parse
from typing import Any


class Counter:
    """A registered bank, and a citizen who is handed over to it. To be made after `django.setup()`."""

    def __init__(self, realm: Any) -> None:
        from ca.profiles import Medium, Purpose
        from tests.ca.fixtures import issue_card, issue_phone, make_holder
        from tests.portal.verification.verifiers import Verifier
        from tests.whitelist.relying_parties import make_bank, make_credential

        bank = make_bank(realm, f"handed-{secrets.token_hex(4)}")
        self.verifier = Verifier(make_credential(bank, number=902), number=902)
        # Keys of nobody else: the tests' world, which is made in the same realm, takes the first ones.
        self._key = 1_000 + 10 * secrets.randbelow(100_000)
        holder = make_holder(realm)
        cards = [issue_card(holder, purpose, key=self._key + number) for number, purpose in enumerate(Purpose)]
        phones = [issue_phone(card, key=self._key + 4 + number) for number, card in enumerate(cards)]
        self.certificates = {(Purpose(one.purpose), Medium(one.medium)): one for one in (*cards, *phones)}

    def ask(self) -> dict[str, Any]:
        """Ask for a sign-in, over the API."""
        from tests.whitelist.relying_parties import CALLBACK, CHALLENGE

        wish = {"purpose": "user_authentication", "return_url": CALLBACK, "code_challenge": CHALLENGE}
        return self._told(self.verifier.client.post("/api/v1/handoffs", wish, content_type="application/json"), 201)

    def hand_over(self) -> dict[str, Any]:
        """Go from the request to the answer that the bank has; return what it was told."""
        from portal.handoff import delivery, hand_offs
        from tests.whitelist.relying_parties import VERIFIER

        here, asked = "a" * 64, self.ask()
        hand_off = hand_offs.show(hand_offs.found(pk=asked["id"]), here)
        hand_offs.answer(hand_off, **self._answer(hand_off))
        address = delivery.leave(hand_offs.found(pk=asked["id"]), here)
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["code"][0]
        path = f"/api/v1/handoffs/{asked['id']}/redeem"
        redeem = {"code": code, "code_verifier": VERIFIER}
        return self._told(self.verifier.client.post(path, redeem, content_type="application/json"), 200)

    def _answer(self, hand_off: Any) -> dict[str, bytes]:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        from ca.profiles import Medium, Purpose
        from tests.ca.fixtures import private_key

        purpose = Purpose(hand_off.purpose)
        key = private_key(self._key + 4 + list(Purpose).index(purpose))
        signature = key.sign(hand_off.signed_text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {"certificate": bytes(self.certificates[purpose, Medium.PHONE].der), "signature": signature}

    @staticmethod
    def _told(response: Any, status: int) -> dict[str, Any]:
        if response.status_code != status:
            raise SystemExit(f"the API answered {response.status_code}: {response.content!r}")
        told: dict[str, Any] = response.json()
        return told
