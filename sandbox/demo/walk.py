"""The path itself: card, application, provisioning, hand-off, end, linked revocation."""

import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import personas
from sandbox.demo.browser import Browser, Page, b64
from sandbox.demo.proof import Proof
from sandbox.demo.published import SLUGS, Published
from sandbox.demo.timeline import Differs, Timeline
from tsm import jpki
from tsm.jpki import Key

PERSONA = "kenji"
PHONE_PASSWORD = "DEMO2025PHONE"  # noqa: S105  (of a phone that is made a moment later, and test material)
PHONE_PIN = "8264"
# What an enrolment's steps came over.
WIRES = {
    "applied": "APDU",
    "verified": "HTTPS",
    "order": "SERAM",
    "surveyed": "SERAM",
    "prepared": "SCP03",
    "keyed": "SCP03",
    "issuing": "queue",
    "certified": "queue",
    "installed": "SCP03",
    "deleted": "SCP03",
}


@dataclass
class Phone:
    """The phone at hand: where its element and its enrolment are reached."""

    element: str
    enrolment: str


class Walk:
    """One walk along the whole path."""

    def __init__(
        self, *, web: str, responder: str, samples: str, timeline: Timeline, proof: Proof, realm: str = "sandbox"
    ) -> None:
        self.browser = Browser(web)
        self.samples = samples
        self.timeline, self.proof = timeline, proof
        persona = personas.find(PERSONA)
        if persona is None:
            raise Differs(f"there is no persona {PERSONA}")
        self.persona = persona
        self.card = f"/sandbox/cards/{PERSONA}/session"
        self.published = Published(responder, realm, proof)

    def whole(self) -> None:
        """Walk the whole path; raises `Differs` where anything isn't as it must be."""
        self.get_a_card()
        phone = self.enrol("2  Application and provisioning")
        self.read_phone(phone)
        self.check_issued()
        self.use(phone)
        self.end(phone)
        self.fall_with_the_card()

    # --- 1

    def get_a_card(self) -> None:
        """Have a new card made, so that a walk before this one leaves no trace in it."""
        self.timeline.chapter("1  Citizen and card")
        with self.timeline.step("HTTPS", f"the town hall issues {self.persona.romaji}'s new card"):
            self._renew_the_card()
        for key in (Key.SIGNATURE, Key.AUTHENTICATION):
            with self.timeline.step("APDU", f"card: certificate for {SLUGS[key]} read"):
                der = self.browser.certificate(self.card, key, self._card_secret(key))
            self.proof.keep_certificate(f"card-{SLUGS[key]}", der)
            self.published.fetch_authority(key)

    # --- 2 and 3

    def enrol(self, title: str) -> Phone:
        """Apply, be provisioned, set both passwords, activate."""
        self.timeline.chapter(title)
        browser, timeline = self.browser, self.timeline
        with timeline.step("HTTPS", "phone chosen: a new one, fresh from the factory"):
            home = browser.open("/phone/?new")
            browser.submit("/phone/choose", home, model="sakura-8")
            browser.open("/phone/apply/")
            browser.open("/phone/apply/phone/")
            consent = browser.open("/phone/apply/agree/")
            browser.submit("/phone/apply/agree/", consent, conditions="on", disposal="on")
            text = browser.ask("GET", "/api/phone/v1/application")["text"]
        with timeline.step("APDU", "card: password verified, certificate read, application signed"):
            secret = self._card_secret(Key.SIGNATURE)
            certificate = browser.certificate(self.card, Key.SIGNATURE, secret)
            signature = browser.sign(self.card, Key.SIGNATURE, secret, text.encode())
        with timeline.step("HTTPS", "application sent; signature and card certificate verified"):
            body = {"application": text, "certificate": b64(certificate), "signature": b64(signature)}
            reference = browser.ask("POST", "/api/phone/v1/enrolments", body)["id"]
        enrolment = f"/api/phone/v1/enrolments/{reference}"
        self._follow(enrolment, {"installed"})
        element = browser.open(f"/phone/enrolments/{reference}/").data["element"]
        phone = Phone(element, enrolment)
        with timeline.step("APDU", "phone: both passwords set, straight into the element"):
            browser.play(
                element,
                [
                    jpki.select_application(),
                    jpki.select_file(jpki.File.AUTHENTICATION_PIN),
                    jpki.change_password(PHONE_PIN.encode()),
                    jpki.select_file(jpki.File.SIGNATURE_PASSWORD),
                    jpki.change_password(PHONE_PASSWORD.encode()),
                ],
            )
        with timeline.step("HTTPS", "phone: both keys proved; the pair is active"):
            message = browser.ask("GET", enrolment)["activation"]["text"].encode()
            signatures = {
                "signature": b64(browser.sign(element, Key.SIGNATURE, PHONE_PASSWORD, message)),
                "user_authentication": b64(browser.sign(element, Key.AUTHENTICATION, PHONE_PIN, message)),
            }
            active = browser.ask("POST", f"{enrolment}/activation", {"signatures": signatures})
        timeline.check(active["state"] == "active", "enrolment is active")
        return phone

    def read_phone(self, phone: Phone) -> None:
        """Read both certificates back from the phone's element, and keep them."""
        for key, secret in ((Key.SIGNATURE, PHONE_PASSWORD), (Key.AUTHENTICATION, PHONE_PIN)):
            with self.timeline.step("APDU", f"phone: certificate for {SLUGS[key]} read"):
                der = self.browser.certificate(phone.element, key, secret)
            self.proof.keep_certificate(self.published.name(key, "phone"), der)

    def check_issued(self) -> None:
        """Let openssl verify all four kinds, against authority, CRL and OCSP."""
        for key in SLUGS:
            for medium in ("card", "phone"):
                self.published.fetch_crl(key, medium)
                self.published.verified(key, medium)
                self.published.status(key, medium, "good")
            self.published.ocsp("a number never issued", key, "phone", "unknown", "-serial", "0x7FFFFFFE")
        self.timeline.check(
            len({self.published.end(key, medium) for key in SLUGS for medium in ("card", "phone")}) == 1,
            "phone certificates end at the same second as the card's",
        )

    # --- 4

    def use(self, phone: Phone) -> None:
        """Sign in at the bank, sign its contract; and see who isn't on the register refused."""
        self.timeline.chapter("4  Hand-off")
        with self.timeline.step("HTTPS", "bank asks to sign in; the phone's element answers; the bank verifies"):
            bank = self.browser.open(f"{self.samples}/bank/")
            asked = self.browser.submit(f"{self.samples}/bank/sign-in", bank)
            signed_in, _, _ = self._answer(asked, phone, Key.AUTHENTICATION, PHONE_PIN)
        self.timeline.check(signed_in.status == 200, "the bank accepts the sign-in: phone, chain, signature, OCSP")
        with self.timeline.step("HTTPS", "bank asks for a signature; the phone's element signs; the bank verifies"):
            contract = self.browser.open(f"{self.samples}/bank/contract")
            asked = self.browser.submit(f"{self.samples}/bank/contract", contract)
            opened, document, signature = self._answer(asked, phone, Key.SIGNATURE, PHONE_PASSWORD)
        self.timeline.check(opened.status == 200, "the bank accepts the signed contract")
        if "prepare-url" in asked.data:
            self._keep_signed_pdf()
        else:  # This machine makes no PDF: the contract was a text.
            self._keep_signed_text(document, signature)
        with self.timeline.step("HTTPS", "a service that isn't on the register asks"):
            page = self.browser.open(f"{self.samples}/unlisted/")
            refused = self.browser.submit(f"{self.samples}/unlisted/try", page)
        self.timeline.check(
            refused.status == 403 and "登録簿" in refused.text, "refused on the phone's screen: not on the register"
        )

    # --- 5

    def end(self, phone: Phone) -> None:
        """Stop using the phone: revoked at once, deleted from the element, refused by the bank."""
        self.timeline.chapter("5  End of use")
        self.published.moment = "ended"
        text = self.browser.ask("GET", f"{phone.enrolment}/end")["text"]
        with self.timeline.step("HTTPS", "end of use, signed by the phone; both certificates revoked"):
            signature = self.browser.sign(phone.element, Key.SIGNATURE, PHONE_PASSWORD, text.encode())
            self.browser.ask("POST", f"{phone.enrolment}/end", {"text": text, "signature": b64(signature)})
        for key in SLUGS:
            self.published.status(key, "phone", "revoked")
            self.published.status(key, "card", "good")
            self._until("the CRL", lambda key=key: self.published.on_crl(key))  # type: ignore[misc]
            self.published.verified(key, "phone", says="certificate revoked")
        self._follow(phone.enrolment, {"deleted"}, quiet=True)
        answers = self.browser.ask("POST", phone.element, {"commands": [jpki.select_application().encode().hex()]})
        self.timeline.check(answers["answers"] == ["6A82"], "the element knows no JPKI application any more")
        opened = self.browser.open(f"{self.samples}/bank/opened")
        self.timeline.check(opened.status == 403, "the bank's next look refuses the certificate")

    # --- 6

    def fall_with_the_card(self) -> None:
        """Revoke the card's signature certificate at the town hall, and see the phone's fall with it."""
        self.published.phone, self.published.moment = "second-phone", "enrolled-again"
        phone = self.enrol("6  Linked revocation: enrolled again, on another phone")
        self.read_phone(phone)
        self.published.status(Key.SIGNATURE, "phone", "good")
        with self.timeline.step(
            "HTTPS", "the holder has moved: the town hall revokes the card's signature certificate"
        ):
            self._at_the_office("moved")
        with self.timeline.step("sweep", "the sweep finds the linkage; the phone's signature certificate falls"):
            self._until("the sweep", lambda: self._enrolled(phone)["signature"] == "revoked", seconds=60)
        self.published.moment = "fallen"
        self.published.status(Key.SIGNATURE, "card", "revoked")
        self.published.status(Key.SIGNATURE, "phone", "revoked")
        self.published.status(Key.AUTHENTICATION, "phone", "good")
        for medium in ("card", "phone"):
            self._until("the CRL", lambda medium=medium: self.published.on_crl(Key.SIGNATURE, medium))  # type: ignore[misc]
            self.published.verified(Key.SIGNATURE, medium, says="certificate revoked")
        with self.timeline.step("HTTPS", "a new card, so that whoever comes next finds the persona as it was"):
            self._renew_the_card()

    # --- parts

    def _answer(self, asked: Page, phone: Phone, key: Key, secret: str) -> tuple[Page, bytes, bytes]:
        """Answer a hand-off on the phone's page; return the service's page after it, the message and the signature."""
        if "answer-url" not in asked.data:
            raise Differs(f"the phone's page doesn't ask: {asked.text[:300]}")
        message = base64.b64decode(asked.data["message"])
        certificate = self.browser.certificate(phone.element, key, secret)
        if "prepare-url" in asked.data:  # a PDF: what is signed names its digest and the certificate's
            prepared = self.browser.ask("POST", asked.data["prepare-url"], {"certificate": b64(certificate)})
            message = base64.b64decode(prepared["message"])
        signature = self.browser.sign(phone.element, key, secret, message)
        body = {"service": asked.data["service"], "certificate": b64(certificate), "signature": b64(signature)}
        return (
            self.browser.open(self.browser.ask("POST", asked.data["answer-url"], body)["return_url"]),
            message,
            signature,
        )

    def _keep_signed_pdf(self) -> None:
        """Keep the contract as the bank gives it, and let openssl verify the signature that stands in it."""
        with self.timeline.step("HTTPS", "the signed contract saved from the bank: a PDF"):
            signed = self.browser.client.get(f"{self.samples}/bank/contract.pdf").content
        found = re.search(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", signed)
        if found is None:
            raise Differs("the contract holds no signature")
        _, end, start, rest = (int(one) for one in found.groups())
        self.proof.keep("contract.pdf", signed)
        # What is signed is all but the signature's own room, which is in hexadecimal between the two.
        self.proof.keep("contract.signed", signed[:end] + signed[start : start + rest])
        room = bytes.fromhex(signed[end + 1 : start - 1].decode())
        self.proof.keep(
            "contract.p7s", room[: 4 + int.from_bytes(room[2:4], "big")]
        )  # after tag and length 30 82 .. ..
        self.proof.verified(
            "signed contract", "cms", "-verify", "-binary", "-inform", "DER", "-in", "contract.p7s", "-content",
            "contract.signed", "-CAfile", "authority-signature.pem", "-purpose", "any", "-out", "contract.verified",
            says="Verification successful",
        )  # fmt: skip

    def _keep_signed_text(self, document: bytes, signature: bytes) -> None:
        self.proof.keep("contract.txt", document)
        self.proof.keep("contract.sig", signature)
        self.proof.run("x509", "-in", "phone-signature.pem", "-pubkey", "-noout", "-out", "phone-signature.pub")
        self.proof.verified(
            "signed contract", "dgst", "-sha256", "-verify", "phone-signature.pub", "-signature", "contract.sig",
            "contract.txt", says="Verified OK",
        )  # fmt: skip

    def _follow(self, enrolment: str, goal: set[str], *, quiet: bool = False) -> None:
        """Tell an enrolment's steps as they happen, until it is where it should be."""
        shown, begun = 0, time.monotonic()
        while True:
            found = self.browser.ask("GET", enrolment)
            for step in found["steps"][shown:]:
                if not quiet or step["step"] == "deleted":
                    figures = ", ".join(f"{name} {value}" for name, value in step["detail"].items())
                    wire = WIRES.get(step["step"], "")
                    self.timeline.line(wire, f"{step['step']}: {figures}", time.monotonic() - begun)
            shown = len(found["steps"])
            if found["state"] in goal:
                return
            if found["state"] == "abandoned" or time.monotonic() - begun > 120:
                raise Differs(f"the enrolment stands at {found['state']} ({found['trouble']})")
            time.sleep(0.1)

    def _at_the_office(self, act: str) -> None:
        counter = self.browser.open("/sandbox/office/")
        self.browser.submit(f"/sandbox/office/{PERSONA}", counter, act=act)

    def _renew_the_card(self) -> None:
        """Have a new card made, and wait for its certificates."""
        self.browser.open("/sandbox/office/")  # the card's reader is open to visitors of the site alone
        old = self._on_card(Key.SIGNATURE)
        self._at_the_office("new")

        def is_new() -> bool:
            found = self._on_card(Key.SIGNATURE)
            if found is not None and found == old:
                # Refused: the card before was still being made, or lay in a reader. A new one would be empty at first.
                self._at_the_office("new")
            return found not in {None, old} and self._on_card(Key.AUTHENTICATION) is not None

        self._until("the card's certificates", is_new)

    def _on_card(self, key: Key) -> bytes | None:
        try:
            return self.browser.certificate(self.card, key, self._card_secret(key))
        except Differs:
            return None

    def _card_secret(self, key: Key) -> str:
        return self.persona.signature_password if key is Key.SIGNATURE else self.persona.authentication_pin

    def _enrolled(self, phone: Phone) -> dict[str, str]:
        found: dict[str, Any] = self.browser.ask("GET", phone.enrolment)
        return {one["purpose"]: one["status"] for one in found["certificates"]}

    def _until(self, what: str, holds: Callable[[], bool], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise Differs(f"waited {seconds} s for {what}")
            time.sleep(0.2)
