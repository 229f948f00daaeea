"""A citizen with a card and a phone, for tests: everything by APDU and over the API, the workers played by hand."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from ca import crl, issuance
from ca.models import Realm
from sandbox import cards, personas, phones, power
from sandbox.models import VirtualCard, VirtualPhone
from tsm import agent, jpki
from tsm.jpki import Key
from tsm.models import Conversation, Enrolment, Phone
from tsm.transports.base import Transport

Deliver = Callable[..., list[str]]
PHONE_PASSWORD = "PHONE82KX4"
PHONE_PIN = "6194"


def card_of(realm: Realm, code: str = "hanako") -> VirtualCard:
    """Return a persona's card, certified, with what the persona stands for done to it."""
    persona = personas.find(code)
    assert persona is not None
    card, asked = cards.create(realm, persona)
    for one in asked:
        issuance.issue(one.pk)
    cards.write_certificates(card)
    cards.befall(card)
    return card


def play(transport: Transport, *commands: Any) -> bytes:
    """Play commands, each of which must be answered with 9000; return the last one's data."""
    answer = b""
    for command in commands:
        answer = transport.transmit(command.encode())
        assert answer[-2:] == b"\x90\x00", f"{command}: {answer[-2:].hex()}"
    return answer[:-2]


def sign_with_card(card: VirtualCard, text: str, key: Key = Key.SIGNATURE) -> tuple[bytes, bytes]:
    """Return the card's certificate for that key, and its signature over the text."""
    persona = personas.find(card.persona)
    assert persona is not None
    secret = persona.signature_password if key is Key.SIGNATURE else persona.authentication_pin
    with power.card(card) as chip:
        play(
            chip,
            jpki.select_application(),
            jpki.select_file(key.password_file),
            jpki.verify(secret.encode()),
            jpki.select_file(key.certificate_file),
        )
        length = jpki.certificate_length(play(chip, jpki.read_binary(0, 4)))
        certificate = b"".join(
            play(chip, jpki.read_binary(offset, min(256, length - offset))) for offset in range(0, length, 256)
        )
        info = jpki.digest_info(hashlib.sha256(text.encode()).digest())
        return certificate, play(chip, jpki.sign(info, key))


@dataclass
class Citizen:
    """Who holds a phone, and may lay a card on the reader."""

    phone: Phone
    deliver: Deliver
    client: Client = field(default_factory=Client)

    @classmethod
    def with_new_phone(cls, realm: Realm, deliver: Deliver, model: str = "sakura-8") -> "Citizen":
        return cls(phones.make(realm, model), deliver)

    @property
    def row(self) -> VirtualPhone:
        return VirtualPhone.objects.select_related("phone__element").get(phone=self.phone)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the phone's API in the phone's name; return the response."""
        headers = {"authorization": f"Bearer {phones.bearer(self.row)}"}
        if method == "GET":
            return self.client.get(f"/api/phone/v1/{path}", headers=headers)
        return self.client.post(f"/api/phone/v1/{path}", body, content_type="application/json", headers=headers)

    def apply(self, card: VirtualCard, key: Key = Key.SIGNATURE, **changed: Any) -> Any:
        """Send the application, signed with the card; return the response."""
        text = self.api("GET", "application").json()["text"]
        certificate, signature = sign_with_card(card, text, key)
        body = {"application": text, "certificate": _b64(certificate), "signature": _b64(signature)}
        return self.api("POST", "enrolments", body | changed)

    def converse(
        self,
        open_element: Callable[[], AbstractContextManager[Transport]] | None = None,
        queues: Sequence[str] = ("tsm", "ca", "sweeps"),
        until: str = "",
    ) -> agent.Tally | None:
        """Be the phone's app for the conversation that stands open; the workers work while the phone waits.

        The phone leaves when its newest enrolment is in the state `until`.
        """
        self.deliver(*queues)
        conversation = Conversation.objects.filter(element__phone=self.phone, closed_at__isnull=True).first()
        if conversation is None:
            return None
        headers = {"authorization": f"Bearer {phones.bearer(self.row)}"}

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            url = f"/gp/seram{path}?sessionId={conversation.reference}"
            response = self.client.post(url, body, content_type="application/json", headers=headers)
            if response.status_code == 404:
                return {"ramCommands": [{"ramCommandType": "stopCommand"}]}
            assert response.status_code == 200, response.content
            value: dict[str, Any] = response.json()
            self.deliver(*queues)
            if until and Enrolment.objects.filter(phone=self.phone, state=until).exists():
                return {"ramCommands": [{"ramCommandType": "stopCommand"}]}
            return value

        return agent.converse(
            post,
            open_element or (lambda: power.element(self.row)),
            identifier=self.phone.element.identifier,
            sleep=lambda _: None,
        )

    def set_passwords(self, password: str = PHONE_PASSWORD, pin: str = PHONE_PIN) -> None:
        """Set both passwords, straight into the element."""
        with power.element(self.row) as chip:
            play(
                chip,
                jpki.select_application(),
                jpki.select_file(jpki.File.AUTHENTICATION_PIN),
                jpki.change_password(pin.encode()),
                jpki.select_file(jpki.File.SIGNATURE_PASSWORD),
                jpki.change_password(password.encode()),
            )

    def sign(self, text: str, key: Key, secret: str | None = None) -> bytes:
        """Return the phone's signature over the text."""
        secret = secret or (PHONE_PASSWORD if key is Key.SIGNATURE else PHONE_PIN)
        info = jpki.digest_info(hashlib.sha256(text.encode()).digest())
        with power.element(self.row) as chip:
            return play(
                chip,
                jpki.select_application(),
                jpki.select_file(key.password_file),
                jpki.verify(secret.encode()),
                jpki.sign(info, key),
            )

    def activate(self, reference: str) -> Any:
        """Prove both keys; return the response."""
        text = self.api("GET", f"enrolments/{reference}").json()["activation"]["text"]
        signatures = {
            "signature": _b64(self.sign(text, Key.SIGNATURE)),
            "user_authentication": _b64(self.sign(text, Key.AUTHENTICATION)),
        }
        return self.api("POST", f"enrolments/{reference}/activation", {"signatures": signatures})

    def enrol(self, card: VirtualCard) -> str:
        """Go the whole way to an active pair; return the enrolment's reference."""
        response = self.apply(card)
        assert response.status_code == 201, response.content
        reference = str(response.json()["id"])
        self.converse()
        self.set_passwords()
        activated = self.activate(reference)
        assert activated.status_code == 200, activated.content
        return reference

    def end(self, reference: str) -> Any:
        """Ask to end the use of the phone; return the response."""
        text = self.api("GET", f"enrolments/{reference}/end").json()["text"]
        body = {"text": text, "signature": _b64(self.sign(text, Key.SIGNATURE))}
        return self.api("POST", f"enrolments/{reference}/end", body)


class Torn:
    """A transport that breaks at one command, before or after the element has taken it."""

    def __init__(self, inner: Transport, at: list[int], *, after: bool) -> None:
        self.inner, self.at, self.after = inner, at, after

    def transmit(self, apdu: bytes) -> bytes:
        self.at[0] -= 1
        if self.at[0] == 0 and not self.after:
            raise ConnectionError("torn before")
        answer = self.inner.transmit(apdu)
        if self.at[0] == 0:
            raise ConnectionError("torn after")
        return answer


def torn(citizen: Citizen, at: list[int], *, after: bool) -> Callable[[], AbstractContextManager[Transport]]:
    """Return what opens the citizen's element and tears it away at the command whose number `at` counts down."""

    @contextmanager
    def opened() -> Iterator[Transport]:
        with power.element(citizen.row) as chip:
            yield Torn(chip, at, after=after)

    return opened


def publish(realm: Realm) -> None:
    """Publish what is due, as the `ca` worker would."""
    for partition in crl.due(realm):
        crl.publish(partition)


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
