"""Citizens for benchmarks: a holder with a certified card key, and a phone with an element that is not in the sandbox.

To be imported after `django.setup()`. The card is its key alone: what a card costs is not what is measured.
"""

import base64
import os
import secrets
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ca import clock, issuance
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from sandbox import power
from sandbox.virtual.element import Element
from tsm import jpki, keysets
from tsm.globalplatform.apdu import Command
from tsm.jpki import Key
from tsm.models import Phone, SecureElement
from tsm.transports.base import Transport

IIN = bytes.fromhex("9999990003")
SECRETS = {Key.SIGNATURE: b"BENCH82KX4", Key.AUTHENTICATION: b"6194"}


@dataclass
class Citizen:
    """One citizen: the phone's bearer, its element, and the card's key and certificate."""

    bearer: str
    element: Element
    identifier: str
    card_key: rsa.RSAPrivateKey
    card_certificate: bytes

    def application(self, text: str) -> dict[str, str]:
        """Return the body of an application, signed with the card."""
        signature = self.card_key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {"application": text, "certificate": b64(self.card_certificate), "signature": b64(signature)}

    def set_passwords(self) -> None:
        """Set both passwords in the element."""
        play(self.element, jpki.select_application())
        for key, secret in SECRETS.items():
            play(self.element, jpki.select_file(key.password_file), jpki.change_password(secret))

    def proof(self, text: str) -> dict[str, dict[str, str]]:
        """Return the body of an activation, signed with both keys of the element."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(text.encode())
        info = jpki.digest_info(digest.finalize())
        signed = {}
        for key, name in ((Key.SIGNATURE, "signature"), (Key.AUTHENTICATION, "user_authentication")):
            opening = (
                jpki.select_application(),
                jpki.select_file(key.password_file),
                jpki.verify(SECRETS[key]),
            )
            signed[name] = b64(play(self.element, *opening, jpki.sign(info, key)))
        return {"signatures": signed}


def make(realm: Realm, count: int) -> list[Citizen]:
    """Make so many citizens, each with a valid pair of card certificates and a registered phone."""
    holders = Holder.objects.bulk_create(_holder(realm, number) for number in range(count))
    keys = [rsa.generate_private_key(65537, 2048) for _ in holders]
    asked = []
    for holder, key in zip(holders, keys, strict=True):
        for purpose, public_key in ((Purpose.SIGNATURE, _spki(key)), (Purpose.USER_AUTHENTICATION, _nobodys())):
            asked.append(
                issuance.request(
                    realm=realm,
                    purpose=purpose,
                    medium=Medium.CARD,
                    holder=holder,
                    public_key=public_key,
                    request_key=f"bench:{holder.pk}:{purpose}",
                )
            )
    issuance.issue_many([row.pk for row in asked])
    cards = {
        row.holder_id: bytes(row.der)
        for row in Certificate.objects.filter(holder__in=holders, purpose=Purpose.SIGNATURE, medium=Medium.CARD)
    }
    return [_citizen(realm, key, cards[holder.pk]) for holder, key in zip(holders, keys, strict=True)]


def play(element: Transport, *commands: Command) -> bytes:
    """Play commands, each of which must be answered with 9000; return the last one's data."""
    answer = b""
    for command in commands:
        answer = element.transmit(command.encode())
        if answer[-2:] != b"\x90\x00":
            raise RuntimeError(f"{command} was answered with {answer[-2:].hex()}")
    return answer[:-2]


def b64(value: bytes) -> str:
    """Return standard Base64 text."""
    return base64.b64encode(value).decode()


def _citizen(realm: Realm, key: rsa.RSAPrivateKey, certificate: bytes) -> Citizen:
    cin = secrets.token_bytes(8)
    element = Element.manufacture(iin=IIN, cin=cin, isd_keys=keysets.issuer(IIN + cin), natives=power.NATIVES)
    token, digest = Phone.new_token()
    phone = Phone.objects.create(
        realm=realm, model_code="sakura-8", name="Sakura 8", token_digest=digest, created_at=clock.now(realm)
    )
    SecureElement.objects.create(phone=phone, iin=IIN, cin=cin, isd_counter=0, domain_counter=0)
    return Citizen(f"{phone.reference}:{token}", element, phone.element.identifier, key, certificate)


def _holder(realm: Realm, number: int) -> Holder:
    return Holder(
        realm=realm,
        name="黒桐　幹也",
        name_substitution="00000",
        sex="1",
        birth_date="319800217",
        born_on=date(1980, 2, 17),
        address=f"東京都清瀬市観布子南１２－７－{number:04d}",
        address_substitution="0" * 19,
        prefecture="Tokyo-to",
        municipality="Kiyose-shi",
        municipality_code="13221",
    )


def _spki(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _nobodys() -> bytes:
    """Return a public key whose private half nobody has."""
    numbers = rsa.RSAPublicNumbers(65537, int.from_bytes(os.urandom(256), "big") | 1 << 2047 | 1)
    return numbers.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
